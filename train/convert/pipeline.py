"""From what an older Keras system saved to a bundle: `run_convert`.

The file is opened in a process of its own (`train/convert/worker.py`) with a limit on memory and on time, so
that a crafted or damaged file harms nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.bundle import MAX_JSON_BYTES, load_bundle
from model.classifier import Classifier, probabilities_of
from model.errors import BundleError, ModelNotFoundError, SettingsError
from train.convert.labels import NAMES, find_labels, read_labels
from train.convert.worker import CHECK, OPENED, RESULT, TOLERANCE, Job
from train.data.loading import listed
from train.export.bundle import check_target, new_bundle, write_manifest
from train.export.model_card import write_card

# For any file, and for its bytes: a busy machine with a slow disk should not be taken for a trap.
OPEN_SECONDS = 60.0
BYTES_PER_SECOND = 5_000_000
CONVERT_SECONDS = 900.0
MEMORY_BYTES = 4 * 2**30

_APART = "import sys; from train.convert.worker import main; sys.exit(main(sys.argv[1:]))"
_WEIGHTS_SUFFIXES = (".h5", ".hdf5")
_FORMS = (
    "Give a .keras or .h5 file, an architecture.json with its weights beside it, or a directory with one of these, or "
    "with config.json and model.weights.h5"
)


@dataclass(frozen=True)
class Source:
    """Where the older model lies: its architecture, and its weights where these are in a file of their own."""

    model: Path
    weights: Path | None = None


def run_convert(
    legacy: Path,
    out: Path,
    *,
    weights: Path | None = None,
    labels: Path | None = None,
    scale: str | None = None,
    bgr: bool = False,
    size: tuple[int, int] | None = None,
    multi_label: bool = False,
    resize_rule: str | None = None,
) -> dict[str, Any]:
    """Convert an older Keras model to a bundle.

    Args:
        legacy: The model's file or directory; see `find_source`.
        out: The bundle's directory.
        weights: The weights of an architecture in JSON, where they do not lie beside it.
        labels: File with the labels; the one beside the model when not given.
        scale: What was done to images before the network: see `train.convert.worker.ASK_SCALE`.
        bgr: Whether the network was trained on blue, green, red.
        size: Width and height in pixels, for a network that takes any.
        multi_label: Whether several labels may be true at once.
        resize_rule: How images of another aspect ratio are fitted; "stretch" when not given.

    Returns:
        "labels", "parameters", the "difference" between the probabilities of the older model and of the
        bundle, and whether the bundle is "explained" by Grad-CAM.

    Raises:
        VistazoError: The file is refused, or something needed is not given; nothing is written then.
    """
    check_target(out)
    source = find_source(legacy, weights)
    named = labels or find_labels(source.model.parent)
    if named is None:
        raise SettingsError(
            f"There are no labels beside “{source.model}” ({', '.join(NAMES)}). Give --labels FILE with one label a "
            "line, in the order of the model's outputs: for Keras's folders, their names sorted."
        )
    found = read_labels(named)
    with new_bundle(out) as directory, tempfile.TemporaryDirectory(prefix="vistazo-") as work:
        job = Job(
            model=str(source.model.resolve()),
            weights=str(source.weights.resolve()) if source.weights else None,
            out=str(directory.resolve()),
            labels=found,
            scale=scale,
            bgr=bgr,
            size=size,
            multi_label=multi_label,
            resize_rule=resize_rule,
            memory=MEMORY_BYTES,
        )
        result = _open_apart(job, Path(work))
        write_manifest(directory)
        difference = _difference(Classifier.load(directory), Path(work) / CHECK)
        write_card(load_bundle(directory), {})
        write_manifest(directory)
        load_bundle(directory)
    return {
        "labels": len(found),
        "parameters": int(result["parameters"]),
        "difference": difference,
        "explained": bool(result["explained"]),
    }


def find_source(legacy: Path, weights: Path | None = None) -> Source:
    """Find the files of an older model.

    Args:
        legacy: A .keras or .h5 file; an architecture in JSON; or a directory that holds one model.
        weights: The weights of an architecture in JSON; found beside it when not given.

    Raises:
        ModelNotFoundError: There is none, or more than one.
    """
    if weights and not weights.is_file():
        raise ModelNotFoundError(f"There is no file “{weights}” with weights. Check --weights.")
    if legacy.is_dir():
        return _in_directory(legacy, weights)
    if not legacy.is_file():
        raise ModelNotFoundError(f"There is no file or directory “{legacy}”. {_FORMS}.")
    suffix = legacy.suffix.lower()
    if suffix == ".json":
        return Source(legacy, weights or _weights_beside(legacy))
    if suffix not in (".keras", *_WEIGHTS_SUFFIXES):
        raise ModelNotFoundError(
            f"“{legacy}” is none of the files that are converted; a pickle or a SavedModel may hold code. {_FORMS}."
        )
    architecture = legacy.parent / "architecture.json"
    if suffix in _WEIGHTS_SUFFIXES and legacy.name.endswith(".weights.h5") and architecture.is_file():
        return Source(architecture, legacy)
    return Source(legacy)


def _in_directory(directory: Path, weights: Path | None) -> Source:
    if (directory / "config.json").is_file() and (directory / "model.weights.h5").is_file():
        return Source(directory / "config.json", directory / "model.weights.h5")
    files = sorted(path for path in directory.iterdir() if path.is_file())
    whole = [path for path in files if path.suffix.lower() == ".keras"]
    stored = [path for path in files if path.suffix.lower() in _WEIGHTS_SUFFIXES]
    architecture = directory / "architecture.json"
    if architecture.is_file() and not whole and (weights or len(stored) == 1):
        return Source(architecture, weights or stored[0])
    if len(whole or stored) == 1:
        return Source((whole or stored)[0])
    if whole or stored:
        raise ModelNotFoundError(
            f"“{directory}” holds several models ({listed([p.name for p in whole or stored], 5)}). Name one of them."
        )
    saved = " It holds a SavedModel, which may hold code: save it as .keras where it came from."
    raise ModelNotFoundError(
        f"“{directory}” holds no Keras model.{saved if (directory / 'saved_model.pb').is_file() else ''} {_FORMS}."
    )


def _weights_beside(architecture: Path) -> Path:
    beside = sorted(path for path in architecture.parent.iterdir() if path.suffix.lower() in _WEIGHTS_SUFFIXES)
    alike = [path for path in beside if path.name.startswith(architecture.stem)]
    chosen = alike if len(alike) == 1 else beside
    if len(chosen) == 1:
        return chosen[0]
    found = f"several ({listed([path.name for path in beside], 5)})" if beside else "none"
    raise ModelNotFoundError(f"“{architecture}” needs its weights; beside it lie {found}. Give --weights FILE.")


def _open_apart(job: Job, work: Path) -> dict[str, Any]:
    """Do the job in a process of its own, and end it where it takes too long.

    Raises:
        BundleError: It was refused, or took too much memory or time.
    """
    (work / "job.json").write_text(json.dumps(asdict(job)), encoding="utf-8")
    root = str(Path(__file__).parents[2])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])),
        "TMPDIR": str(work),  # whatever it leaves goes with this directory
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", _APART, str(work / "job.json")],
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    name = Path(job.model).name
    try:
        size = sum(Path(path).stat().st_size for path in (job.model, job.weights) if path)
        _wait(process, work, name, OPEN_SECONDS + size / BYTES_PER_SECOND)
    finally:
        _end(process)
    answer = work / RESULT
    result: dict[str, Any] = {"memory": True}  # it died before it could answer: the system ended it
    if answer.is_file() and answer.stat().st_size <= MAX_JSON_BYTES:
        result = json.loads(answer.read_text(encoding="utf-8"))
    if "memory" in result:
        raise BundleError(
            f"“{name}” needs more than {job.memory / 2**30:.2g} GiB of memory to be opened, or crashes Keras. It was "
            "given up. Use a smaller network, or do not use this file."
        )
    if "error" in result:
        raise BundleError(str(result["error"]))
    return result


def _wait(process: subprocess.Popen[bytes], work: Path, name: str, seconds: float) -> None:
    begin, opened = time.monotonic(), False
    while process.poll() is None:
        if not opened and (work / OPENED).exists():
            begin, opened = time.monotonic(), True
            print("Converting the network for serving …", file=sys.stderr)
        limit, what = (CONVERT_SECONDS, "converted") if opened else (seconds, "opened")
        if time.monotonic() - begin > limit:
            raise BundleError(
                f"“{name}” could not be {what} in {limit:.1f} s, and was given up. Fetch it again, or do not use it."
            )
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


def _difference(classifier: Classifier, check: Path) -> float:
    """Return how far the served probabilities are from the older model's, and refuse where it is too far."""
    with np.load(check, allow_pickle=False) as stored:
        images, expected = stored["images"], stored["probabilities"]
    logits = np.stack([classifier.logits(image) for image in images])
    served = probabilities_of(logits, multi_label=classifier.bundle.multi_label)
    difference = float(np.abs(served - expected).max())
    if not difference <= TOLERANCE:
        raise BundleError(
            f"The served file would answer differently by up to {difference:.2g}, more than {TOLERANCE:g}: no bundle "
            "was written. Please report this with the model's summary()."
        )
    return difference
