"""Build the Keras network that a stored architecture describes, and load its weights."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import Any

import keras
from keras import layers

from model.errors import BundleError
from train.convert.file_checks import is_legacy_layout
from train.convert.graph import LayerSpec, NetworkSpec, follow
from train.convert.text import first_words, printable

# Keras 3 has dropped some options; with these values they change nothing.
_NEUTRAL: tuple[Any, ...] = (None, False, 1, "auto", "stateful", [])


def build(network: NetworkSpec, size: tuple[int, int] | None = None) -> keras.Model:
    """Build a network with random weights, nested as it was saved, so that Keras finds the stored weights.

    Args:
        network: The description of the network.
        size: Height and width in pixels, for networks that take images of any size.

    Returns:
        The network, with the stored names of its layers.

    Raises:
        BundleError: A layer has options that Keras does not accept.
    """
    made = {layer.name: _layer(layer) for layer in network.layers}
    shape = None if network.shape is None else tuple(network.shape)
    if shape and size and len(shape) == 3:
        shape = (*size, shape[2])
    if network.sequential:
        model = keras.Sequential(name=network.name)
        if shape is not None:
            model.add(keras.Input(shape))
        for layer in network.layers:
            model.add(made[layer.name])
    else:
        if shape is None:
            raise BundleError("The architecture lacks the input shape of a nested network. Save the model again.")
        image = keras.Input(shape, name=network.input)
        output = follow(network, image, lambda layer, inputs: apply(layer, made[layer.name], inputs))
        model = keras.Model(image, output, name=network.name)
    if not network.trainable:
        model.trainable = False
    return model


def apply(layer: LayerSpec, made: Any, inputs: list[Any]) -> Any:
    """Call a layer, or a bare operation, on symbolic tensors."""
    if layer.kind == "GetItem":
        return inputs[0][layer.config["key"]]
    if layer.kind == "Stack":
        return keras.ops.stack(inputs, axis=layer.config["axis"])
    return made(inputs[0] if len(inputs) == 1 else inputs)


def load_weights(model: keras.Model, weights: Path, work: Path) -> None:
    """Load weights in any layout that a version of Keras wrote.

    Args:
        model: A network that `build` returned.
        weights: A checked HDF5 file.
        work: A directory for a link to the file, whose name tells Keras the layout.

    Raises:
        BundleError: The weights do not fit the network.
    """
    legacy = is_legacy_layout(weights)
    named = work / ("legacy.h5" if legacy else "named.weights.h5")
    named.symlink_to(weights)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.load_weights(named)
    except MemoryError:
        raise
    except Exception as error:  # Keras has no error of its own for this
        raise BundleError(
            f"The weights in “{weights.name}” do not fit the architecture. Save both again from the same model "
            f"({first_words(error)})."
        ) from error
    finally:
        named.unlink()


def _layer(layer: LayerSpec) -> Any:
    if layer.inner:
        return build(layer.inner)
    if layer.kind in ("GetItem", "Stack"):
        return None
    kind = getattr(layers, layer.kind)
    known = {*inspect.signature(kind.__init__).parameters, "name", "trainable"} - {"self", "kwargs"}
    options = dict(layer.config)
    for name in set(options) - known:
        if options[name] not in _NEUTRAL and name != "ragged":
            raise BundleError(
                f"The layer “{printable(layer.name)}” has the option {name}={str(options[name])[:40]}, which Keras "
                f"{keras.__version__} no longer has. Build the model again without it, and save that."
            )
        del options[name]
    activation = options.get("activation")
    try:
        if isinstance(activation, dict):
            options["activation"] = getattr(layers, activation["class_name"]).from_config(activation["config"])
        return kind.from_config(options)
    except MemoryError:
        raise
    except Exception as error:
        raise BundleError(f"The layer “{printable(layer.name)}” cannot be built: {first_words(error)}.") from error
