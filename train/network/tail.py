"""Fine-tune only the last layers of a network, on activations that are computed once.

The layers before the cut are frozen, so that what they return for an augmented image is the same in every step and in
every fold. Computing it once for a dozen views of each image makes fine-tuning several times faster.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras

from train.network.architectures import FEATURES

_MOST_VIEWS, _LEAST_VIEWS = 12, 4
_MOST_BYTES = 2**30
_BATCH = 64


@dataclass(frozen=True)
class CutNetwork:
    """A network in two pieces, which share its weights.

    Attributes:
        trunk: From images to activations.
        tail: From activations to logits.
    """

    trunk: keras.Model
    tail: keras.Model


def cut(model: keras.Model) -> CutNetwork:
    """Cut a network after its last residual sum of twice the resolution of "features".

    Args:
        model: A network as `build` returns it. The layers of its tail become trainable, but for the statistics of
            batch normalisation, which come from far more images; the other layers are frozen.
    """
    height = model.get_layer(FEATURES).output.shape[1]
    sums = [layer for layer in model.layers if isinstance(layer, keras.layers.Add)]
    last = [layer for layer in sums if layer.output.shape[1] == 2 * height][-1]
    place = model.layers.index(last)
    for number, layer in enumerate(model.layers):
        layer.trainable = number > place and not isinstance(layer, keras.layers.BatchNormalization)
    return CutNetwork(keras.Model(model.inputs, last.output), keras.Model(last.output, model.output))
