"""Open what an older Keras system saved, in a process with limits, and write it as a bundle's model files.

`train/convert/pipeline.py` calls `main` in a process of its own. The file that is read comes from
somewhere: what it holds is checked first (`files.py`, `graph.py`), no code in it is ever run,
and memory and time are limited, since Keras and HDF5 may allocate or loop without end on crafted files.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model.classifier import probabilities_of
from model.errors import BundleError, SettingsError, VistazoError
from model.preprocessing import InputSpec
from train.convert import file_checks
from train.convert.graph import NetworkSpec, read_network
from train.data.loading import listed

if TYPE_CHECKING:
    import keras

# Written beside the job: that the file is open, what came of it, and answers to compare with.
OPENED = "opened"
RESULT = "result.json"
CHECK = "check.npz"
SCALE_CHOICES = ("0..1", "-1..1", "0..255", "caffe", "torch")
ASK_SCALE = (
    "Say with --scale what the older system did to images before the network saw them: 0..1 (divided by 255), "
    "-1..1 (preprocess_input of MobileNet, Inception and Xception), 0..255 (nothing, or the network does it itself, as "
    "EfficientNet does), caffe (preprocess_input of ResNet50 and VGG) or torch (preprocess_input of DenseNet)."
)
TOLERANCE = 1e-4
# Copies of the weights that the converter holds at once, and some more.
_CONVERTING = 10
_SIDES = range(8, 2049)
_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True)
class Job:
    """What is to be converted.

    Attributes:
        model: The architecture: .keras, .h5 or .json.
        weights: The weights, where they are in a file of their own.
        out: Directory that the model files are written to.
        labels: In class order.
        scale: One of `SCALE_CHOICES`; None where the network takes whole numbers from 0 to 255.
        bgr: Whether it was trained on blue, green, red, as OpenCV reads images.
        size: Width and height in pixels for networks that take any.
        multi_label: Whether several labels may be true at once.
        resize_rule: See `InputSpec`; None for the stored one, or “stretch”.
        memory: Limit for opening it, in bytes.
    """

    model: str
    weights: str | None
    out: str
    labels: tuple[str, ...]
    scale: str | None
    bgr: bool
    size: tuple[int, int] | None
    multi_label: bool
    resize_rule: str | None
    memory: int


@dataclass(frozen=True)
class Conversion:
    """What a converted bundle says in place of training settings."""

    values: dict[str, Any]

    @property
    def multi_label(self) -> bool:
        """Whether several labels may be true at once."""
        return bool(self.values["multi_label"])

    def as_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return self.values


def main(arguments: list[str]) -> int:
    """Do the job in the file that is named; the answer is in a file beside it."""
    work = Path(arguments[0]).parent
    stored = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    size = tuple(stored["size"]) if stored["size"] else None
    job = Job(**stored | {"labels": tuple(stored["labels"]), "size": size})
    _limit(job.memory)

    def opened(weights: int) -> None:
        (work / OPENED).touch()
        _limit(job.memory + _CONVERTING * weights)

    try:
        result = run(job, work, opened)
    except Exception as error:  # whatever a crafted file makes Keras stumble over
        if _is_memory(error):
            result = {"memory": True}
        elif isinstance(error, VistazoError):
            result = {"error": str(error)}
        else:
            words = "".join(c if c.isprintable() else " " for c in str(error))[:160].strip().rstrip(".")
            result = {
                "error": f"“{Path(job.model).name}” cannot be converted: {words or type(error).__name__}. "
                "Save it again with a newer Keras, or report this."
            }
    (work / RESULT).write_text(json.dumps(result), encoding="utf-8")
    return 0


def run(job: Job, work: Path, opened: Callable[[int], object] = bool) -> dict[str, Any]:
    """Read, check and convert.

    Args:
        job: What is to be converted.
        work: Directory for temporary files, and for answers to compare with.
        opened: Is told the size of the weights in bytes, once the network has been built and has answered.

    Returns:
        What the parent tells the user.

    Raises:
        VistazoError: The file is refused, or the options do not fit it.
    """
    config, weights = _open(job, work)
    network = read_network(config)
    ours = _ours(config)
    job = replace(
        job,
        scale=_scale(job, network),
        multi_label=job.multi_label or ours.get("multi_label") is True,
        resize_rule=job.resize_rule or _input_of(ours).get("resize_rule", "stretch"),
    )
    side = _side(job, network)
    from train.convert.build import build, load_weights  # now that nothing speaks against it: this starts TensorFlow
    from train.convert.flatten import flat_network, last_activation

    model = build(network, side)
    load_weights(model, weights, work)
    answer = model.outputs[0].shape
    if len(answer) != 2:
        shape = " x ".join(str(side) for side in answer[1:])
        raise BundleError(f"The model answers with {shape} numbers; a classifier answers with one for each label.")
    activation = last_activation(network, model)
    _check_outputs(job, activation, int(answer[1]))
    height, width, channels = model.inputs[0].shape[1:]
    grey = channels == 1 or _input_of(ours).get("colour_mode") == "grey"
    spec = InputSpec(width, height, "grey" if grey else "rgb", job.resize_rule)  # type: ignore[arg-type]  # see _check
    images, expected = _answers(job, model, activation, spec)
    opened(4 * model.count_params())
    flat = flat_network(network, model, str(job.scale), job.bgr)
    _compare(job, flat.predict_on_batch(images), expected)
    explained = _write(job, flat, spec, ours)
    np.savez(work / CHECK, images=images, probabilities=expected)
    return {"explained": explained, "parameters": flat.count_params(), "activation": activation}


def _open(job: Job, work: Path) -> tuple[dict[str, Any], Path]:
    """Return architecture and weights, checked."""
    path = Path(job.model)
    with path.open("rb") as file:
        magic = file.read(8)
    if magic == _HDF5:  # whatever its name: older versions of Keras wrote HDF5 into .keras files as well
        config = file_checks.check_hdf5(path)
        if config is None:
            raise BundleError(
                f"“{path.name}” holds weights without their architecture. Put what model.to_json() returns beside it, "
                "as architecture.json, and convert that."
            )
        return config, path
    if path.suffix == ".json":
        config, weights = file_checks.read_json(path), Path(str(job.weights))
    elif magic[:4] == _ZIP:
        config, weights = file_checks.unpack(path, work)
    else:
        raise BundleError(f"“{path.name}” is damaged: it is neither a .keras nor an HDF5 file. Save or fetch it again.")
    file_checks.check_hdf5(weights)
    return config, weights


def _scale(job: Job, network: NetworkSpec) -> str:
    if job.scale:
        return job.scale
    if network.dtype == "uint8":  # it takes images as they are
        return "0..255"
    raise SettingsError(ASK_SCALE)


def _side(job: Job, network: NetworkSpec) -> tuple[int, int] | None:
    """Return height and width where they are not stored, and check what is."""
    shape = network.shape
    if shape is None or len(shape) != 3 or shape[2] not in (1, 3):
        received = "nothing" if shape is None else " x ".join(str(side or "any") for side in shape)
        raise BundleError(f"The model should take images of 1 or 3 channels, as 224 x 224 x 3. It takes {received}.")
    height, width = shape[0], shape[1]
    if (height is None or width is None) and not job.size:
        raise SettingsError("The model takes images of any size. Say with --size which, as 224 or, width first, 64x60.")
    if job.size:
        if (width or job.size[0], height or job.size[1]) != job.size:
            raise SettingsError(f"--size does not fit: the model takes {width} x {height} pixels. Leave it out.")
        width, height = job.size
    assert width is not None and height is not None
    if width not in _SIDES or height not in _SIDES:
        raise BundleError(f"The model takes {width} x {height} pixels; Vistazo serves {_SIDES[0]} to {_SIDES[-1]}.")
    return height, width


def _check_outputs(job: Job, activation: str, outputs: int) -> None:
    """Check that the network's answers, the labels and the options fit together."""
    classes = 2 if outputs == 1 else outputs
    if activation == "softmax" and outputs == 1:
        raise BundleError("The model ends in a softmax over one output, which always answers 1. Train it again.")
    if activation not in ("softmax", "sigmoid", "linear"):
        raise BundleError(f"The model ends in {activation}; Vistazo takes softmax, sigmoid, or none for logits.")
    if job.multi_label and (activation == "softmax" or outputs == 1):
        raise SettingsError(
            "--multi-label needs a model with a sigmoid for each label; this one chooses between them. Leave it out."
        )
    if activation == "sigmoid" and outputs > 1 and not job.multi_label:
        raise SettingsError(
            f"The model ends in a sigmoid for each of {outputs} labels, so that several may be true at once. "
            "Add --multi-label."
        )
    if len(job.labels) != classes:
        raise SettingsError(
            f"The model tells {classes} classes apart and there are {len(job.labels)} labels "
            f"({listed(job.labels, 5)}). Give --labels FILE with one label a line."
        )


def _answers(job: Job, model: keras.Model, activation: str, spec: InputSpec) -> tuple[np.ndarray, np.ndarray]:
    """Return two images of chance and the probabilities that the older system gives them."""
    from train.convert.flatten import scaled

    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (2, -(-spec.height // 8), -(-spec.width // 8), 3))
    blocks = coarse.repeat(8, axis=1).repeat(8, axis=2)[:, : spec.height, : spec.width]
    noise = random.integers(-40, 41, blocks.shape)
    images = np.clip(blocks + noise, 0, 255).astype(np.uint8)
    if spec.colour_mode == "grey":
        images = images[..., :1].repeat(3, axis=-1)
    given = scaled(images, str(job.scale), job.bgr, model.inputs[0].shape[3])
    answers = np.asarray(model.predict_on_batch(given), np.float64)
    if not np.isfinite(answers).all():
        raise BundleError("The model answers with values that are not numbers. Train it again.")
    if activation == "linear":
        answers = probabilities_of(answers, multi_label=job.multi_label or answers.shape[1] == 1)
    return images, np.hstack([1 - answers, answers]) if answers.shape[1] == 1 else answers


def _compare(job: Job, logits: np.ndarray, expected: np.ndarray) -> None:
    difference = float(np.abs(probabilities_of(logits, multi_label=job.multi_label) - expected).max())
    if not difference <= TOLERANCE:
        raise BundleError(
            f"The converted model would answer differently by up to {difference:.2g} (NaN counts as well), more than "
            f"{TOLERANCE:g}: it was not written. Please report this with the model's summary()."
        )


def _write(job: Job, flat: keras.Model, spec: InputSpec, ours: dict[str, Any]) -> bool:
    """Write the model files; returns whether the network can explain its answers."""
    from train.export.bundle import write_model
    from train.export.litert import to_litert
    from train.metrics.classification import Calibration
    from train.network.architectures import FEATURES

    explained = FEATURES in [layer.name for layer in flat.layers]
    try:
        network = to_litert(flat)
    except Exception:
        if not explained:
            raise
        # A layer in the head whose gradient LiteRT cannot compute: the answers are worth having without reasons.
        network, explained = to_litert(flat, explain=False), False
    model = Path(job.model)
    said = ours.get("settings") if isinstance(ours.get("settings"), dict) else None
    values = said or {
        "recipe": "converted",
        "architecture": "converted",
        "weights": Path(job.weights or job.model).name,
    }
    converted = {"converted_from": model.name, "scale": job.scale, "bgr": job.bgr, "multi_label": job.multi_label}
    thresholds = ours.get("thresholds")
    write_model(
        Path(job.out),
        flat,
        network,
        labels=job.labels,
        spec=spec,
        calibration=Calibration(
            _number(ours.get("temperature")) or 1.0,
            _number(ours.get("unknown_threshold")),
            tuple(thresholds) if isinstance(thresholds, list) else None,
        ),
        settings=Conversion(values | converted),
        fingerprint=str(ours.get("dataset_fingerprint", ""))[:64],
    )
    return explained


def _ours(config: dict[str, Any]) -> dict[str, Any]:
    """Return what Vistazo itself wrote into a configuration, where it did."""
    found = config.get("vistazo")
    return found if isinstance(found, dict) else {}


def _input_of(ours: dict[str, Any]) -> dict[str, Any]:
    found = ours.get("input")
    return found if isinstance(found, dict) else {}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, float) or (type(value) is int and abs(value) < 1e6) else None


def _limit(memory: int) -> None:
    """Limit what this process may take; where the system has no such limits, the checks before have to do."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Not the address space: libraries for a GPU reserve tens of gigabytes of it and use none.
    highest = resource.getrlimit(resource.RLIMIT_DATA)[1]
    allowed = memory if highest == resource.RLIM_INFINITY else min(memory, highest)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, highest))


def _is_memory(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
            return True
        error = error.__cause__ or error.__context__
    return False
