"""Make the served network of a LiteRT file that another program exported: uint8 RGB in, logits out, one signature.

The file's operators stay as they are. A few are put before them, which scale images, and the softmax or sigmoid at the
end is left out, so that the network is served as one that `train/export/litert.py` writes. Grad-CAM needs gradients,
which no LiteRT file has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from model.errors import BundleError, SettingsError
from model.preprocessing import InputSpec
from train.convert.checks import MISSING_SCALE, check_outputs, check_sides
from train.convert.job import ConversionJob, ConversionOptions
from train.convert.litert_graph import Graph, Quantization
from train.convert.reference import as_probabilities, random_images
from train.convert.scales import SCALES, scaled
from train.convert.text import first_words

# What an 8-bit input may stand for, lowest and highest; these are scales that all channels have in common.
_RANGES = {"0..1": (0.0, 1.0), "-1..1": (-1.0, 1.0), "0..255": (0.0, 255.0)}
_RANGE_TOLERANCE = 0.1  # of the range: the files' ranges were seen in a few hundred images
_ENDS = {"SOFTMAX": "softmax", "LOGISTIC": "sigmoid", "": "linear"}
_PASSING = ("QUANTIZE", "DEQUANTIZE", "RESHAPE")
_TEACHABLE_MACHINE = ["FULLY_CONNECTED", "FULLY_CONNECTED", "SOFTMAX"]
_LEAST_PROBABILITY = 1e-7


@dataclass(frozen=True)
class LiteRTNetwork:
    """A LiteRT file of another program, made ready for serving.

    Attributes:
        content: The file that is served.
        job: The conversion, with the options that the file itself states.
        spec: Its input.
        activation: The last activation: "softmax", "sigmoid" or "linear".
        images: (n, height, width, 3), uint8 RGB, random.
        probabilities: (n, classes): what the file predicts for them as it was given.
        rounding: By how much it rounds these, 0 for floating-point numbers.
        parameters: How many numbers its constants hold.
        is_teachable_machine: Whether Teachable Machine exported it.
    """

    content: bytes
    job: ConversionJob
    spec: InputSpec
    activation: str
    images: np.ndarray
    probabilities: np.ndarray
    rounding: float
    parameters: int
    is_teachable_machine: bool


def open_litert(job: ConversionJob) -> LiteRTNetwork:
    """Read a LiteRT file, and make the network that is served of it.

    Args:
        job: The conversion.

    Raises:
        BundleError: It is damaged, or no image classifier.
        SettingsError: The labels or options do not fit it, or one is missing.
    """
    content = Path(job.model).read_bytes()
    graph = Graph(content)
    if custom := graph.custom_operators():
        raise BundleError(
            f"The LiteRT file has operators that LiteRT does not have ({', '.join(custom[:5])}). Export it again for "
            "the processor, without an accelerator's compiler and with built-in operators only."
        )
    recognised = job.numbered_labels and _is_teachable_machine(graph)
    options = job.options
    if recognised:
        scale = options.scale or ("-1..1" if graph.dtype(graph.input) == "float32" else None)
        options = replace(options, scale=scale, resize_rule=options.resize_rule or "crop")
    spec = _input_spec(graph, options)
    options = replace(options, scale=_scale(graph, options), resize_rule=spec.resize_rule)
    images = random_images(spec)
    outputs = _outputs(content, [_as_given(image, graph, options) for image in images])
    name, rounding = graph.cut([*_ENDS], _PASSING)
    activation = _ENDS[name]
    if are_probabilities := not name and _are_probabilities(outputs):
        activation = "softmax"
    check_outputs(options, job.labels, activation, outputs.shape[1])
    parameters = graph.parameters()
    _scale_before(graph, spec, options)
    if are_probabilities:
        _logarithm_behind(graph)
    _logits_behind(graph, outputs.shape[1])
    return LiteRTNetwork(
        content=graph.content(),
        job=replace(job, options=options),
        spec=spec,
        activation=activation,
        images=images,
        probabilities=as_probabilities(outputs, activation, options),
        rounding=rounding,
        parameters=parameters,
        is_teachable_machine=recognised,
    )


def _is_teachable_machine(graph: Graph) -> bool:
    """Return whether a network ends as Teachable Machine's exports do: in two dense layers and a softmax."""
    names = [name for name in graph.names if name not in _PASSING]
    return names[-3:] == _TEACHABLE_MACHINE


def _input_spec(graph: Graph, options: ConversionOptions) -> InputSpec:
    shape, dtype = graph.shape(graph.input), graph.dtype(graph.input)
    if len(shape) != 4 or shape[0] != 1 or shape[3] not in (1, 3) or dtype not in ("float32", "uint8", "int8"):
        received = " x ".join(str(side or "any") for side in shape) or "nothing"
        raise BundleError(
            "The input of a LiteRT file should be one image with 1 or 3 channels last, as 1 x 224 x 224 x 3, of "
            f"float32, uint8 or int8. Received: {received}, {dtype}."
        )
    _, height, width, channels = shape
    if dtype == "int8" and graph.quantization(graph.input) is None:
        raise BundleError("The LiteRT file does not say what its 8-bit numbers stand for. Export it again.")
    if height is None or width is None:
        raise BundleError("The LiteRT file takes images of any size. Export it again with the size of its images.")
    if options.size and options.size != (width, height):
        raise SettingsError(f"--size does not fit: the model takes {width} x {height} pixels. Leave it out.")
    check_sides(width, height)
    return InputSpec(width, height, "grey" if channels == 1 else "rgb", options.resize_rule or "stretch")  # type: ignore[arg-type]


def _scale(graph: Graph, options: ConversionOptions) -> str:
    """Return how images are scaled; an 8-bit input says it itself."""
    if graph.dtype(graph.input) == "float32":
        if options.scale is None:
            raise SettingsError(MISSING_SCALE)
        return options.scale
    said = _scale_of(graph)
    if said and options.scale not in (None, said):
        raise SettingsError(
            f"--scale {options.scale} does not fit: the whole numbers that the LiteRT file takes stand for {said}. "
            "Leave it out."
        )
    if not said and options.scale is None:
        raise SettingsError(MISSING_SCALE)
    return said or str(options.scale)


def _scale_of(graph: Graph) -> str | None:
    """Return for which scale the values of an 8-bit input are the pixels' own; None where they are not."""
    quantization = graph.quantization(graph.input)
    if quantization is None:
        return "0..255" if graph.dtype(graph.input) == "uint8" else None
    lowest = 0 if graph.dtype(graph.input) == "uint8" else -128
    ends = [(value - quantization.zero) * quantization.step for value in (lowest, lowest + 255)]
    for name, (low, high) in _RANGES.items():
        if max(abs(ends[0] - low), abs(ends[1] - high)) <= _RANGE_TOLERANCE * (high - low):
            return name
    return None


def _as_given(image: np.ndarray, graph: Graph, options: ConversionOptions) -> np.ndarray:
    """Return an image as the program that used the file gave it."""
    dtype, channels = graph.dtype(graph.input), graph.shape(graph.input)[3] or 3
    ordered = (image[..., ::-1] if options.bgr else image)[np.newaxis, ..., :channels]
    if dtype != "float32" and _scale_of(graph):
        return ordered if dtype == "uint8" else (ordered.astype(np.int16) - 128).astype(np.int8)
    values = scaled(image[np.newaxis], str(options.scale), options.bgr, channels)
    quantization = graph.quantization(graph.input)
    if quantization is None:
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.round(values / quantization.step) + quantization.zero, limits.min, limits.max).astype(dtype)


def _outputs(content: bytes, images: list[np.ndarray]) -> np.ndarray:
    """Run a LiteRT file as it is, and return (n, outputs), float64."""
    try:
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
        (given,), (returned,) = interpreter.get_input_details(), interpreter.get_output_details()
        rows = []
        for image in images:
            interpreter.set_tensor(given["index"], image)
            interpreter.invoke()
            rows.append(interpreter.get_tensor(returned["index"]).astype(np.float64))
    except (ValueError, RuntimeError) as error:
        raise BundleError(f"LiteRT cannot run this file: {first_words(error)}. Export it again.") from error
    if any(side != 1 for side in rows[0].shape[:-1]) or not rows[0].ndim:
        received = " x ".join(str(side) for side in rows[0].shape)
        raise BundleError(
            f"The output of the model should be one number for each label. Received: {received} numbers. Detection and "
            "segmentation models cannot be converted."
        )
    step, zero = returned["quantization"]
    outputs = np.stack([row.reshape(-1) for row in rows])
    outputs = (outputs - zero) * step if step else outputs
    if not np.isfinite(outputs).all():
        raise BundleError("The model's outputs are not finite numbers. Train it again.")
    return outputs


def _are_probabilities(outputs: np.ndarray) -> bool:
    """Return whether (n, outputs) are probabilities without a softmax at the end, as of a mean of networks."""
    return outputs.shape[1] > 1 and outputs.min() >= 0 and bool(np.allclose(outputs.sum(axis=1), 1, atol=0.02))


def _scale_before(graph: Graph, spec: InputSpec, options: ConversionOptions) -> None:
    """Put the operators before the network that turn uint8 RGB into its input."""
    target, dtype, channels = graph.input, graph.dtype(graph.input), graph.shape(graph.input)[3] or 3
    quantization, shape = graph.quantization(target), (1, spec.height, spec.width)
    direct = dtype != "float32" and _scale_of(graph) is not None
    factor, offset, is_reversed = SCALES[str(options.scale)]
    order = [2, 1, 0] if options.bgr or (is_reversed and not direct) else [0, 1, 2]
    steps: list[tuple[str, np.ndarray | None, str]] = []  # operator, its constant, and what it returns
    if order[:channels] != [0, 1, 2]:
        steps.append(("GATHER", np.array(order[:channels], np.int32), "uint8"))
    if direct and dtype == "int8":
        steps.append(("QUANTIZE", None, "int8"))
    elif not direct:
        numbers = [np.broadcast_to(np.float32(value), 3)[:channels].copy() for value in (factor, offset)]
        steps += [("CAST", None, "float32"), ("MUL", numbers[0], "float32"), ("ADD", numbers[1], "float32")]
        steps += [("QUANTIZE", None, dtype)] if dtype != "float32" else []
    if not steps:
        return
    given = None
    if direct and dtype == "int8" and quantization:
        # QUANTIZE from uint8 to int8 subtracts 128 where the zeros are as far apart.
        given = Quantization(quantization.step, quantization.zero + 128)
    place = graph.input = graph.tensor((*shape, 3), "uint8", given, name="image")
    for number, (name, constant, returned) in enumerate(steps):
        made, inputs = target, [place]
        if number < len(steps) - 1:
            stands_for = given if returned == "uint8" else None
            made = graph.tensor((*shape, channels), returned, stands_for, name=name)
        if constant is not None:
            inputs.append(graph.tensor(constant.shape, constant.dtype.name, name=f"{name}/constant", data=constant))
        graph.operator(name, inputs, made, first=number)
        place = made


def _logarithm_behind(graph: Graph) -> None:
    """Put the operators behind the network that turn probabilities into logits with the same softmax."""
    sides = [int(side or 1) for side in graph.shape(graph.output)]
    least = graph.tensor((1,), "float32", name="least", data=np.array([_LEAST_PROBABILITY], np.float32))
    for name, more in (("DEQUANTIZE", []), ("MAXIMUM", [least]), ("LOG", [])):
        if name == "DEQUANTIZE" and graph.dtype(graph.output) == "float32":
            continue
        made = graph.tensor(sides, "float32", name=name.lower())
        graph.operator(name, [graph.output, *more], made)
        graph.output = made


def _logits_behind(graph: Graph, outputs: int) -> None:
    """Put the operators behind the network that turn its output into float32 logits, two for one sigmoid."""
    sides = [int(side or 1) for side in graph.shape(graph.output)]
    if graph.dtype(graph.output) != "float32":
        made = graph.tensor(sides, "float32", name="logits")
        graph.operator("DEQUANTIZE", [graph.output], made)
        graph.output = made
    if outputs == 1:
        # The softmax of (-z/2, z/2) is (1 - sigmoid(z), sigmoid(z)).
        pair = graph.tensor((2,), "float32", name="pair", data=np.array([-0.5, 0.5], np.float32))
        made = graph.tensor([*sides[:-1], 2], "float32", name="logits/pair")
        graph.operator("MUL", [graph.output, pair], made)
        graph.output = made
