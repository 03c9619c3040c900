"""Read a stored Keras architecture (Keras 2 or 3) as a plain description, and refuse what could run code.

Only Keras's own layers are accepted, by their names from a list; module names, functions and everything that only
training needs (initializers, regularizers, the optimizer) are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from model.errors import BundleError
from model.labels import shown
from train.convert.connections import MAX_LAYERS, Reference, calls_of, only_one
from train.convert.supported_layers import LAYERS, cleaned, constant_of, index_of, options_of
from train.convert.text import printable

_MODELS = ("Sequential", "Functional", "Model")
_CODE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "FlaxLayer", "JaxLayer")
# Arithmetic that preprocessing functions leave in a graph.
_ARITHMETIC = {
    "TrueDivide": "divide", "Divide": "divide", "math.truediv": "divide", "math.divide": "divide",
    "Multiply": "multiply", "math.multiply": "multiply",
    "Subtract": "subtract", "math.subtract": "subtract",
    "Add": "add", "math.add": "add", "__operators__.add": "add", "nn.bias_add": "add",
}  # fmt: skip
# In HDF5 files of Keras 3, operations have no module; and no options, where layers of the same name have some.
_OPERATIONS = frozenset(["TrueDivide", "Divide", "Multiply", "Subtract", "Add", "GetItem", "Stack"])
_MERGES = {"multiply": "Multiply", "subtract": "Subtract", "add": "Add"}
_MAX_NESTING = 10

Value = TypeVar("Value")


@dataclass(frozen=True)
class LayerSpec:
    """One layer.

    Attributes:
        name: Its name in its network.
        kind: Class name from `LAYERS`; "GetItem" or "Stack"; "" for a nested network.
        config: Options for Keras, plain values.
        calls: For each call, its inputs: names of layers and the index of their call.
        inner: The nested network.
    """

    name: str
    kind: str
    config: dict[str, Any] = field(default_factory=dict)
    calls: tuple[tuple[Reference, ...], ...] = ()
    inner: NetworkSpec | None = None


@dataclass(frozen=True)
class NetworkSpec:
    """A network with one input and one output.

    Attributes:
        name: Its name.
        sequential: Whether it was saved as `keras.Sequential`, which decides the order of the weights.
        trainable: Whether the network as a whole was trainable, which decides the order of weights in old files.
        layers: Its layers.
        input: Name of its input.
        output: Layer and call whose result is the output.
        shape: Of one input without the batch: height, width, channels; None where it is not stored.
        dtype: Of the input.
    """

    name: str
    sequential: bool
    trainable: bool
    layers: tuple[LayerSpec, ...]
    input: str
    output: Reference
    shape: tuple[int | None, ...] | None
    dtype: str


def read_network(stored: Any, depth: int = 0) -> NetworkSpec:
    """Read the architecture of a model.

    Args:
        stored: As `model.to_json()` writes it, parsed: {"class_name": …, "config": …}.
        depth: How many models it is nested in.

    Returns:
        The network.

    Raises:
        BundleError: It uses something that is not supported, or contradicts itself.
    """
    kind = stored.get("class_name") if isinstance(stored, dict) else None
    if kind not in _MODELS or stored.get("registered_name") not in (None, kind):
        raise BundleError(
            f"The model is of the class {shown(kind)}, which is code; only Sequential and Functional models are data. "
            "Build it again as one of these, copy the weights, and save that."
        )
    if depth > _MAX_NESTING:
        raise BundleError(f"The model has networks nested more than {_MAX_NESTING} deep. Build it with fewer levels.")
    config = stored.get("config")
    if kind == "Sequential" and isinstance(config, list):  # Keras before 2.2.3
        config = {"layers": config}
    layers = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(layers, list) or not layers or not all(isinstance(layer, dict) for layer in layers):
        raise BundleError("The architecture lists no layers. Save the model again.")
    if len(layers) > MAX_LAYERS:
        raise BundleError(f"The architecture has {len(layers):,} layers; the limit is {MAX_LAYERS:,}.")
    read = _sequential if kind == "Sequential" else _functional
    return read(stored, config, layers, depth)


def follow(network: NetworkSpec, start: Value, call: Callable[[LayerSpec, list[Value]], Value]) -> Value:
    """Go through a network from its input to its output.

    Args:
        network: The network.
        start: The value of the input.
        call: Applies a layer to the values of its inputs.

    Returns:
        The value of the output.

    Raises:
        BundleError: The output does not depend on the input, or the graph has a cycle.
    """
    values: dict[Reference, Value] = {(network.input, 0): start}
    waiting = [(layer, number) for layer in network.layers for number in range(len(layer.calls))]
    while waiting:
        later = []
        for layer, number in waiting:
            needed = layer.calls[number]
            if all(reference in values for reference in needed):
                values[layer.name, number] = call(layer, [values[reference] for reference in needed])
            else:
                later.append((layer, number))
        if len(later) == len(waiting):
            break
        waiting = later
    if network.output not in values:
        raise BundleError("The architecture's output does not follow from its input. Save the model again.")
    return values[network.output]


def all_layers(network: NetworkSpec) -> Iterator[LayerSpec]:
    """Yield the layers of a network and of its nested networks."""
    for layer in network.layers:
        yield layer
        if layer.inner:
            yield from all_layers(layer.inner)


def _sequential(stored: dict[str, Any], config: dict[str, Any], layers: list[Any], depth: int) -> NetworkSpec:
    shape, dtype = _stored_shape(stored, config), "float32"
    specs: list[LayerSpec] = []
    for number, layer in enumerate(layers):
        options = options_of(layer)
        if number == 0:
            stored_shape, dtype = _input(options)
            shape = stored_shape or shape
        if layer.get("class_name") == "InputLayer":
            continue
        before = (specs[-1].name, 0) if specs else ("", 0)
        specs.append(_layer(layer, _name(options.get("name"), f"layer {number}"), ((before,),), depth))
    if not specs:
        raise BundleError("The architecture lists no layers. Save the model again.")
    name = _name(config.get("name"), "sequential")
    _check_names(specs)
    return NetworkSpec(
        name, True, config.get("trainable") is not False, tuple(specs), "", (specs[-1].name, 0), shape, dtype
    )


def _functional(stored: dict[str, Any], config: dict[str, Any], layers: list[Any], depth: int) -> NetworkSpec:
    source = only_one(config.get("input_layers"), "inputs")
    specs, shape, dtype = [], None, "float32"
    nested = {_name(layer.get("name"), "layer") for layer in layers if str(layer.get("class_name")) in _MODELS}
    calls = {_name(layer.get("name"), "layer"): calls_of(layer) for layer in layers}
    output = only_one(config.get("output_layers"), "outputs")
    # Keras counts the calls of a nested network from 1 if building it made one.
    indexes: dict[str, int] = {}
    for name, index in [output, *(r for made in calls.values() for references, _ in made for r in references)]:
        indexes[name] = min(index, indexes.get(name, index))
    first = {name: indexes.get(name, 0) for name in nested}

    def counted(reference: Reference) -> Reference:
        return reference[0], reference[1] - first.get(reference[0], 0)

    for layer in layers:
        name = layer["name"]
        if layer.get("class_name") == "InputLayer":
            if name == source[0]:
                shape, dtype = _input(options_of(layer))
            continue
        made = calls[name]
        references = tuple(tuple(counted(r) for r in references) for references, _ in made)
        specs.append(_layer(layer, name, references, depth, made[0][1] if made else {}))
    _check_names(specs)
    trainable = config.get("trainable") is not False
    name = _name(config.get("name"), "model")
    return NetworkSpec(name, False, trainable, tuple(specs), source[0], counted(output), shape, dtype)


def _layer(
    stored: dict[str, Any],
    name: str,
    calls: tuple[tuple[Reference, ...], ...],
    depth: int,
    arguments: dict[str, Any] | None = None,
) -> LayerSpec:
    kind = str(stored.get("class_name"))
    if kind in _MODELS:
        return LayerSpec(name, "", calls=calls, inner=read_network(stored, depth + 1))
    options, module = options_of(stored), str(stored.get("module") or "keras.layers")
    is_operation = "module" not in stored and kind in _OPERATIONS and "trainable" not in options
    if is_operation or ".ops." in module or kind in ("TFOpLambda", "SlicingOpLambda"):
        return _operation(str(options.get("function", kind)), name, calls, arguments or {}, options)
    if kind not in LAYERS or stored.get("registered_name") not in (None, kind) or "keras" not in module.split("."):
        why = "which contains code and is not loaded" if kind in _CODE else "which is not among the supported layers"
        raise BundleError(
            f"The model has a layer {shown(kind)} (“{printable(name)}”), {why}. Build the model again without it, copy "
            "the weights, and save that."
        )
    if (arguments or {}).get("training") is True:
        raise BundleError(
            f"The layer “{printable(name)}” is called with training=True. Build the model again without it."
        )
    return LayerSpec(name, kind, cleaned(options, kind, name), calls)


def _operation(
    function: str,
    name: str,
    calls: tuple[tuple[Reference, ...], ...],
    arguments: dict[str, Any],
    options: dict[str, Any],
) -> LayerSpec:
    """Turn a bare operation into the layer that does the same."""
    if function == "GetItem" and len(calls) == 1:
        return LayerSpec(name, "GetItem", {"key": index_of(arguments.get("constant"))}, calls)
    if function == "Stack" and len(calls) == 1 and type(options.get("axis", 0)) is int:
        return LayerSpec(name, "Stack", {"axis": options.get("axis", 0)}, calls)
    rule = _ARITHMETIC.get(function)
    if rule in _MERGES and len(calls) == 1 and len(calls[0]) == 2:
        return LayerSpec(name, _MERGES[rule], {"name": name}, calls)
    constant = constant_of(next((arguments[key] for key in ("constant", "y", "bias") if key in arguments), None))
    if rule and len(calls) == 1 and len(calls[0]) == 1 and constant is not None and not arguments.get("reversed"):
        scale, offset = {
            "divide": (1 / constant if constant.all() else None, 0.0),
            "multiply": (constant, 0.0),
            "add": (1.0, constant),
            "subtract": (1.0, -constant),
        }[rule]
        if scale is not None:
            plain = [value.tolist() if hasattr(value, "tolist") else value for value in (scale, offset)]
            return LayerSpec(name, "Rescaling", {"name": name, "scale": plain[0], "offset": plain[1]}, calls)
    raise BundleError(
        f"The model has a bare operation {shown(function)} (“{printable(name)}”), which is not supported. Build the "
        "model again with layers in its place (Rescaling for the scaling of images), and save that."
    )


def _input(options: dict[str, Any]) -> tuple[tuple[int | None, ...] | None, str]:
    """Return the shape and the dtype of the input, from the options of a network's first layer."""
    shape = _shape(options.get("batch_shape") or options.get("batch_input_shape"))
    return shape, str(options.get("dtype") or "float32")


def _shape(stored: Any) -> tuple[int | None, ...] | None:
    if not isinstance(stored, list) or not 2 <= len(stored) <= 6:
        return None
    if not all(side is None or (type(side) is int and 0 < side < 2**20) for side in stored[1:]):
        return None
    return tuple(stored[1:])


def _stored_shape(stored: dict[str, Any], config: dict[str, Any]) -> tuple[int | None, ...] | None:
    build = stored.get("build_config")
    return _shape(config.get("build_input_shape")) or _shape(build.get("input_shape") if isinstance(build, dict) else 0)


def _name(stored: Any, usual: str) -> str:
    if stored is None:
        return usual
    if not isinstance(stored, str) or not 0 < len(stored) <= 200:
        raise BundleError(f"A layer's name should be text of 1 to 200 characters. Received: {shown(stored)}.")
    return stored


def _check_names(layers: list[LayerSpec]) -> None:
    if len({layer.name for layer in layers}) != len(layers):
        raise BundleError("Two layers of the architecture have the same name. Save the model again.")
