"""Rebuild a Keras classifier in the form of `train/network/architectures.py`: no nesting, uint8 RGB in, logits out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from model.errors import BundleError
from train.convert.build import apply
from train.convert.graph import LayerSpec, NetworkSpec, follow
from train.convert.scales import SCALES
from train.network.architectures import FEATURES, LOGITS


@dataclass(frozen=True)
class _Step:
    """One layer's call on the results of earlier steps; 0 is the network's input."""

    spec: LayerSpec
    layer: Any
    inputs: tuple[int, ...]


def last_activation(network: NetworkSpec, model: keras.Model) -> str:
    """Return the name of a network's last activation: "softmax", "sigmoid", "linear" or another."""
    steps, output = _steps(network, model)
    return _ending(steps, output)[0]


def flat_network(network: NetworkSpec, model: keras.Model, scale: str, bgr: bool) -> keras.Model:
    """Rebuild a loaded network; its layers are reused and changed.

    Args:
        network: The description of the network.
        model: The network that `train.convert.build.build` returned, with its weights.
        scale: A key of `SCALES`.
        bgr: Whether the network was trained on blue, green, red.

    Returns:
        A model from (batch, height, width, 3), uint8 RGB, to (batch, classes), float32 logits. A network with one
        output gets two logits, whose softmax is its sigmoid. It has a layer "features" where Grad-CAM can be computed.
    """
    steps, output = _steps(network, model)
    height, width, channels = model.inputs[0].shape[1:]
    images = layers.Input((height, width, 3), dtype="uint8", name="image")
    x = _scaled(images, scale, bgr, channels)
    _, output, owner = _ending(steps, output)
    if owner is not None:
        owner.activation = keras.activations.get("linear")
    features, head = _features(steps, output)
    return _Emitter(steps, head, features).emit(images, x, output)


def _steps(network: NetworkSpec, model: keras.Model) -> tuple[list[_Step], int]:
    """Return every call of a layer in order, those of nested networks included, and the number of the last."""
    steps: list[_Step] = []

    def through(spec: NetworkSpec, owner: keras.Model, start: int) -> int:
        def call(layer: LayerSpec, inputs: list[int]) -> int:
            if layer.inner:
                return through(layer.inner, owner.get_layer(layer.name), inputs[0])
            if layer.kind.startswith("Random"):  # changes images only in training
                return inputs[0]
            operation = layer.kind in ("GetItem", "Stack")
            steps.append(_Step(layer, None if operation else owner.get_layer(layer.name), tuple(inputs)))
            return len(steps)

        return follow(spec, start, call)

    return steps, through(network, model, 0)


def _ending(steps: list[_Step], output: int) -> tuple[str, int, Any]:
    """Find the last activation.

    Returns:
        Its name; the number of the step before it; and the layer that it is an option of, or None.
    """
    while output:
        step = steps[output - 1]
        if step.spec.kind == "Softmax":
            return "softmax", step.inputs[0], None
        activation = getattr(step.layer, "activation", None)
        name = getattr(activation, "__name__", type(activation).__name__)
        if step.spec.kind == "Activation":
            if name != "linear":
                return name, step.inputs[0], None
        elif step.spec.kind not in ("Dropout", "ActivityRegularization"):
            return ("linear", output, None) if activation is None else (name, output, step.layer)
        output = step.inputs[0]
    raise BundleError("The network has no layer with an output. Save the model again.")


def _features(steps: list[_Step], output: int) -> tuple[int | None, list[int]]:
    """Find what Grad-CAM explains: the last step with spatial dimensions, if the output depends on it alone.

    Returns:
        The step, None where there is none that follows a convolution; and the steps behind it.
    """
    waiting, head = {output}, list[int]()
    while number := max(waiting):
        step = steps[number - 1]
        if step.layer is None or len(_uses(steps, step.layer)) > 1:
            break
        shape = step.layer.output.shape
        if len(shape) == 4 and shape[1] * shape[2] > 1:
            return (number, head) if len(waiting) == 1 and _has_convolution(steps, number) else (None, [])
        head.append(number)
        waiting = waiting - {number} | set(step.inputs)
    return None, []


def _uses(steps: list[_Step], layer: Any) -> list[_Step]:
    return [step for step in steps if step.layer is layer]


def _has_convolution(steps: list[_Step], place: int) -> bool:
    waiting, seen = [place], set()
    while waiting:
        number = waiting.pop()
        if number and number not in seen:
            seen.add(number)
            if "Conv" in steps[number - 1].spec.kind:
                return True
            waiting += steps[number - 1].inputs
    return False


def _scaled(images: Any, scale: str, bgr: bool, channels: int) -> Any:
    factor, offset, is_reversed = SCALES[scale]
    x = images[..., ::-1] if is_reversed or bgr else images
    x = layers.Rescaling(factor, offset=offset, name="scale")(x)
    return x[..., :1] if channels == 1 else x  # the three channels are equal


class _Emitter:
    """Builds the flat network from steps, each layer with a unique name."""

    def __init__(self, steps: list[_Step], head: list[int], features: int | None) -> None:
        self._steps, self._head, self._features = steps, head, features
        self._names = {"image", "scale", FEATURES, LOGITS}
        self._renamed: dict[int, bool] = {}

    def emit(self, images: Any, x: Any, output: int) -> keras.Model:
        values = {0: x}
        for number in self._needed(output):
            step = self._steps[number - 1]
            if number == output:
                self._name_last(step)
            values[number] = self._emit(number, step, [values[i] for i in step.inputs])
            if number == self._features:
                values[number] = layers.Activation("linear", name=FEATURES)(values[number])
        logits = values[output]
        if logits.shape[-1] == 1:
            pair = layers.Dense(2, use_bias=False, name=LOGITS)
            logits = pair(logits)
            # The softmax of (-z/2, z/2) is (1 - sigmoid(z), sigmoid(z)).
            pair.set_weights([np.array([[-0.5, 0.5]], np.float32)])
        elif self._steps[output - 1].layer.name != LOGITS:
            logits = layers.Activation("linear", name=LOGITS)(logits)
        return keras.Model(images, logits, name="converted")

    def _needed(self, output: int) -> list[int]:
        waiting, needed = [output], set()
        while waiting:
            number = waiting.pop()
            if number and number not in needed:
                needed.add(number)
                waiting += self._steps[number - 1].inputs
        return sorted(needed)

    def _name_last(self, step: _Step) -> None:
        used_once = len(_uses(self._steps, step.layer)) == 1
        if step.spec.kind == "Dense" and used_once and step.layer.units > 1:
            step.layer.name = LOGITS
            self._renamed[id(step.layer)] = True

    def _emit(self, number: int, step: _Step, inputs: list[Any]) -> Any:
        if step.layer is None:
            return apply(step.spec, None, inputs)
        self._rename(step.layer)
        activation = getattr(step.layer, "activation", None)
        linear = activation is None or getattr(activation, "__name__", "") == "linear"
        if number not in self._head or linear or step.spec.kind == "Activation":
            return apply(step.spec, step.layer, inputs)
        # In the head, `train/export/gradients.py` needs each activation as a layer of its own.
        step.layer.activation = keras.activations.get("linear")
        return self._separate(activation, step.layer.name)(apply(step.spec, step.layer, inputs))

    def _separate(self, activation: Any, owner: str) -> Any:
        name = self._free(f"{owner}_activation")
        if isinstance(activation, layers.Layer):
            activation.name = name
            return activation
        if activation is keras.activations.relu:
            return layers.ReLU(name=name)
        return layers.Activation(activation, name=name)

    def _rename(self, layer: Any) -> None:
        if id(layer) not in self._renamed:
            self._renamed[id(layer)] = True
            layer.name = self._free(layer.name)

    def _free(self, wanted: str) -> str:
        name, number = wanted.replace("/", "_"), 1
        while name in self._names:
            number += 1
            name = f"{wanted}_{number}"
        self._names.add(name)
        return name
