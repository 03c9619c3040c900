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

# What Keras 3 layers no longer know; these values change nothing.
_NEUTRAL: tuple[Any, ...] = (None, False, 1, "auto", "stateful", [])


def build(network: NetworkSpec, side: tuple[int, int] | None = None) -> keras.Model:
    """Build a network with random weights, nested as it was saved, so that Keras finds the stored weights.

    Args:
        network: What to build.
        side: Height and width in pixels, for networks that take any.

    Returns:
        The network; what its layers are called is as stored.

    Raises:
        BundleError: A layer has options that Keras does not take.
    """
    made = {layer.name: _layer(layer) for layer in network.layers}
    shape = None if network.shape is None else tuple(network.shape)
    if shape and side and len(shape) == 3:
        shape = (*side, shape[2])
    if network.sequential:
        model = keras.Sequential(name=network.name)
        if shape is not None:
            model.add(keras.Input(shape))
        for layer in network.layers:
            model.add(made[layer.name])
    else:
        if shape is None:
            raise BundleError("The architecture does not say what a network in it takes. Save the model again.")
        image = keras.Input(shape, name=network.input)
        answer = follow(network, image, lambda layer, inputs: apply(layer, made[layer.name], inputs))
        model = keras.Model(image, answer, name=network.name)
    if not network.trainable:
        model.trainable = False
    return model


def apply(layer: LayerSpec, made: Any, inputs: list[Any]) -> Any:
    """Call a layer, or do what stands for an operation, on symbolic tensors."""
    if layer.kind == "GetItem":
        return inputs[0][layer.config["key"]]
    if layer.kind == "Stack":
        return keras.ops.stack(inputs, axis=layer.config["axis"])
    return made(inputs[0] if len(inputs) == 1 else inputs)


def load_weights(model: keras.Model, weights: Path, work: Path) -> None:
    """Load weights in any layout that Keras has had.

    Args:
        model: The network as `build` returns it.
        weights: A checked HDF5 file.
        work: A directory for a link to it under the name that Keras goes by.

    Raises:
        BundleError: They do not fit the network.
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
    except Exception as error:  # Keras raises what it stumbles over
        raise BundleError(
            f"The weights in “{weights.name}” do not fit the architecture. Save both again from the same model "
            f"({first_words(error)})."
        ) from error
    finally:
        named.unlink()


def first_words(error: BaseException) -> str:
    """Return the beginning of an error's text, in one line of printable characters."""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(error)).split())
    return (text if len(text) <= 160 else text[:159] + "…").rstrip(".") or type(error).__name__


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
                f"The layer “{layer.name[:60]}” has the option {name}={str(options[name])[:40]}, which Keras "
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
        raise BundleError(f"The layer “{layer.name[:60]}” cannot be built: {first_words(error)}.") from error
