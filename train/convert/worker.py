"""Open an older Keras file in a process with limits, and write it as the model files of a bundle.

`train/convert/pipeline.py` calls `main` in another process. The file is untrusted: its content is checked first
(`file_checks.py`, `graph.py`), no code in it is run, and memory and time are limited, since Keras and HDF5 may allocate
or loop without end on malicious files. Keras and TensorFlow are imported after the checks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model.errors import BundleError, VistazoError
from model.preprocessing import InputSpec
from train.convert import file_checks
from train.convert.checks import check_outputs, input_size, is_teachable_machine, scale_of
from train.convert.graph import NetworkSpec, read_network
from train.convert.job import CHECK, OPENED, RESULT, ConversionJob
from train.convert.litert_file import open_litert
from train.convert.litert_graph import IDENTIFIER
from train.convert.reference import check_same, random_images, reference_probabilities
from train.convert.text import first_words
from train.resource_errors import is_out_of_memory

if TYPE_CHECKING:
    import keras

# Memory for converting, in multiples of the weights: the copies that the converter holds at once, and some more.
_CONVERTING = 10
_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True)
class OlderModel:
    """A model as the older program saved it.

    Attributes:
        job: The conversion, with the options that the file itself states.
        network: Its description.
        model: The network with its weights.
        activation: Name of its last activation.
        spec: Its input.
        stored: Vistazo's own configuration in the file; empty for files of other programs.
    """

    job: ConversionJob
    network: NetworkSpec
    model: keras.Model
    activation: str
    spec: InputSpec
    stored: dict[str, Any]


def main(path: str) -> int:
    """Run the job in a file; the result is written into the same directory."""
    work = Path(path).parent
    job = ConversionJob.from_json(Path(path).read_text(encoding="utf-8"))
    _limit_memory(job.memory)

    def on_opened(weights: int) -> None:
        (work / OPENED).touch()
        _limit_memory(job.memory + _CONVERTING * weights)

    try:
        result = convert(job, work, on_opened)
    except Exception as error:  # Keras may raise anything on a malicious file
        if _is_out_of_memory(error):
            result = {"memory": True}
        elif isinstance(error, VistazoError):
            result = {"error": str(error)}
        else:
            result = {
                "error": f"“{Path(job.model).name}” cannot be converted: {first_words(error)}. Save the model again "
                "with a newer Keras, or report this."
            }
    (work / RESULT).write_text(json.dumps(result), encoding="utf-8")
    return 0


def convert(job: ConversionJob, work: Path, on_opened: Callable[[int], object] | None = None) -> dict[str, Any]:
    """Read, check and convert a model.

    Args:
        job: The conversion.
        work: Directory for temporary files, and for images and probabilities to compare with.
        on_opened: Called with the size of the weights in bytes once the network has been built and has predicted.

    Returns:
        Why its predictions are "unexplained", None where they are explained; "parameters" and "activation" of the
        network; and whether it is of "teachable_machine".

    Raises:
        VistazoError: The file is refused, or the options do not fit it.
    """
    with Path(job.model).open("rb") as file:
        if file.read(8)[4:] == IDENTIFIER:
            return _convert_litert(job, work)
    older = open_model(job, work)
    options = older.job.options
    images = random_images(older.spec)
    expected = reference_probabilities(older.model, older.activation, images, options)
    if on_opened:
        on_opened(4 * older.model.count_params())
    from train.convert.flatten import flat_network
    from train.convert.write import write_converted

    flat = flat_network(older.network, older.model, str(options.scale), options.bgr)
    check_same(flat.predict_on_batch(images), expected, options.multi_label, "converted model")
    unexplained = write_converted(older.job, flat, older.spec, older.stored)
    np.savez(work / CHECK, images=images, probabilities=expected)
    return {
        "unexplained": unexplained,
        "parameters": flat.count_params(),
        "activation": older.activation,
        "teachable_machine": job.numbered_labels and is_teachable_machine(older.network),
    }


def _convert_litert(job: ConversionJob, work: Path) -> dict[str, Any]:
    from train.export.bundle import write_model
    from train.metrics.calibration import Calibration

    opened = open_litert(job)
    write_model(
        Path(job.out),
        None,
        opened.content,
        labels=job.labels,
        spec=opened.spec,
        calibration=Calibration(),
        settings=opened.job.settings(),
        fingerprint="",
    )
    np.savez(work / CHECK, images=opened.images, probabilities=opened.probabilities, rounding=opened.rounding)
    return {
        "unexplained": "Grad-CAM needs gradients, which a LiteRT file does not have",
        "parameters": opened.parameters,
        "activation": opened.activation,
        "teachable_machine": opened.is_teachable_machine,
    }


def open_model(job: ConversionJob, work: Path) -> OlderModel:
    """Check the files of a model, build it and load its weights.

    Args:
        job: The conversion.
        work: Directory for temporary files.

    Raises:
        VistazoError: The file is refused, or the options do not fit it.
    """
    config, weights = _open(job, work)
    network = read_network(config)
    stored = _dict(config.get("vistazo"))
    job = _completed(_as_exported(job, network), network, stored)
    size = input_size(job.options, network)
    from train.convert.build import build, load_weights  # this starts TensorFlow
    from train.convert.flatten import last_activation

    model = build(network, size)
    load_weights(model, weights, work)
    outputs = _outputs(model.outputs[0].shape)
    activation = last_activation(network, model)
    check_outputs(job.options, job.labels, activation, outputs)
    spec = _input_spec(job, model.inputs[0].shape, stored)
    return OlderModel(job, network, model, activation, spec, stored)


def _open(job: ConversionJob, work: Path) -> tuple[dict[str, Any], Path]:
    """Return the architecture and the path of the weights, both checked."""
    path = Path(job.model)
    with path.open("rb") as file:
        magic = file.read(8)
    if magic == _HDF5:  # whatever its name: older versions of Keras wrote HDF5 into .keras files as well
        config = file_checks.check_hdf5(path)
        if config is None:
            raise BundleError(
                f"“{path.name}” contains weights without their architecture. Write what model.to_json() returns to "
                "architecture.json in the same directory, and convert that file."
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


def _as_exported(job: ConversionJob, network: NetworkSpec) -> ConversionJob:
    """Return the job with what Teachable Machine's own program does with images; options that are given win."""
    if not (job.numbered_labels and is_teachable_machine(network)):
        return job
    options = job.options
    return replace(
        job, options=replace(options, scale=options.scale or "-1..1", resize_rule=options.resize_rule or "crop")
    )


def _completed(job: ConversionJob, network: NetworkSpec, stored: dict[str, Any]) -> ConversionJob:
    """Return the job with the options that the file itself states."""
    options = replace(
        job.options,
        scale=scale_of(job.options, network),
        multi_label=job.options.multi_label or stored.get("multi_label") is True,
        resize_rule=job.options.resize_rule or _dict(stored.get("input")).get("resize_rule", "stretch"),
    )
    return replace(job, options=options)


def _input_spec(job: ConversionJob, shape: tuple[Any, ...], stored: dict[str, Any]) -> InputSpec:
    _, height, width, channels = shape
    grey = channels == 1 or _dict(stored.get("input")).get("colour_mode") == "grey"
    return InputSpec(width, height, "grey" if grey else "rgb", job.options.resize_rule)  # type: ignore[arg-type]


def _outputs(shape: tuple[int | None, ...]) -> int:
    if len(shape) != 2:
        received = " x ".join(str(side) for side in shape[1:])
        raise BundleError(f"The output of the model should be one number for each label. Received: {received} numbers.")
    return int(shape[1] or 0)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _limit_memory(limit: int) -> None:
    """Limit this process's data to a number of bytes; systems without such limits rely on the checks alone."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Not the address space: libraries for a GPU reserve tens of gigabytes of it and use none.
    highest = resource.getrlimit(resource.RLIMIT_DATA)[1]
    allowed = limit if highest == resource.RLIM_INFINITY else min(limit, highest)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, highest))


def _is_out_of_memory(error: BaseException | None) -> bool:
    """Look for an error of too little memory in the chain of causes."""
    while error is not None:
        if is_out_of_memory(error):
            return True
        error = error.__cause__ or error.__context__
    return False
