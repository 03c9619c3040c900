"""Convert a Keras model or a LiteRT file of another program to a bundle: `run_convert`.

The file is opened in another process (`train/convert/worker.py`) with limits on memory and time, so that a malicious or
damaged file does no harm.
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
from pathlib import Path
from typing import Any

import numpy as np

from model.bundle import MAX_JSON_BYTES, load_bundle
from model.classifier import Classifier
from model.errors import BundleError, SettingsError
from model.other_models import LABEL_FILES
from train.convert.job import CHECK, OPENED, RESULT, ConversionJob, ConversionOptions
from train.convert.labels import find_labels, has_labels_inside, read_labels, without_numbers
from train.convert.reference import check_same
from train.convert.source import find_source
from train.convert.worker import main
from train.data.data_set import listed
from train.export.bundle import check_target, new_bundle, write_manifest
from train.export.model_card import write_card
from train.export.tensorflow_process import tensorflow_command, tensorflow_environment

# Generous, for any file and for its bytes: a busy machine with a slow disk must not fail.
OPEN_SECONDS = 60.0
BYTES_PER_SECOND = 5_000_000
CONVERT_SECONDS = 900.0
# Between two lines that say that the conversion goes on.
SAY_SECONDS = 20.0


def run_convert(
    legacy: Path,
    out: Path,
    options: ConversionOptions | None = None,
    *,
    weights: Path | None = None,
    labels: Path | None = None,
) -> dict[str, Any]:
    """Convert a Keras model or a LiteRT file of another program to a bundle.

    What it does is said on stderr, since a large network takes minutes.

    Args:
        legacy: The model's file or directory; see `find_source`.
        out: The bundle's directory.
        options: What no file says about the model.
        weights: The weights of an architecture in JSON, where they are in another directory.
        labels: File with the labels; the one in the model's directory when not given.

    Returns:
        "labels" (their number), "parameters" (their number), the "difference" between the probabilities of the older
        model and of the bundle, and whether predictions are "explained" by Grad-CAM.

    Raises:
        VistazoError: The file is refused, or a necessary option is missing; nothing is written then.
    """
    check_target(out)
    model, weights = find_source(legacy, weights)
    names = read_labels(labels or _labels_of(model))
    bare = without_numbers(names)
    with new_bundle(out) as directory, tempfile.TemporaryDirectory(prefix="vistazo-") as work:
        job = ConversionJob(
            model=str(model.resolve()),
            out=str(directory.resolve()),
            labels=bare or names,
            numbered_labels=bare is not None,
            weights=str(weights.resolve()) if weights else None,
            options=options or ConversionOptions(),
        )
        result = convert_in_process(job, Path(work))
        _say_what_was_taken(bare, bool(result.get("teachable_machine")), options)
        if result["unexplained"]:
            print(f"Predictions of this network have no heat map: {result['unexplained']}.", file=sys.stderr)
        write_manifest(directory)
        print("Comparing its predictions with the older model's …", file=sys.stderr)
        difference = _difference(Classifier.load(directory), Path(work) / CHECK)
        write_card(load_bundle(directory), {})
        write_manifest(directory)
        load_bundle(directory)
    return {
        "labels": len(names),
        "parameters": int(result["parameters"]),
        "difference": difference,
        "explained": result["unexplained"] is None,
    }


def _say_what_was_taken(bare: tuple[str, ...] | None, recognised: bool, options: ConversionOptions | None) -> None:
    """Say what was understood without an option."""
    if bare:
        print(f"The labels are taken without their numbers: {listed(bare, 5)}.", file=sys.stderr)
    if recognised and not (options and options.scale and options.resize_rule):
        print(
            "This is an export of Teachable Machine. As in its own program, images are cropped to their centre and "
            "scaled to -1..1; --resize-rule and --scale change that.",
            file=sys.stderr,
        )


def _labels_of(model: Path) -> Path:
    found = find_labels(model.parent) or (model if has_labels_inside(model) else None)
    if found is None:
        raise SettingsError(
            f"There is no file with labels in the directory of “{model}” ({', '.join(LABEL_FILES)}). Give --labels "
            "FILE with one label a line, in the order of the model's outputs: for folders read by Keras, their "
            "sorted names."
        )
    return found


def convert_in_process(job: ConversionJob, work: Path) -> dict[str, Any]:
    """Run a conversion in another process, and end the process if it takes too long.

    Args:
        job: The conversion.
        work: An empty directory for the process's files.

    Returns:
        The result of `train.convert.worker.convert`.

    Raises:
        BundleError: The file was refused, or took too much memory or time.
    """
    (work / "job.json").write_text(job.to_json(), encoding="utf-8")
    process = subprocess.Popen(
        tensorflow_command(main, work / "job.json"),
        cwd=work,
        env=tensorflow_environment() | {"TMPDIR": str(work)},  # its temporary files are removed with this directory
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    name = Path(job.model).name
    print(f"Opening {name} in a sandbox …", file=sys.stderr)
    try:
        size = sum(Path(path).stat().st_size for path in (job.model, job.weights) if path)
        _wait(process, work, name, OPEN_SECONDS + size / BYTES_PER_SECOND)
    finally:
        _end(process)
    stored = work / RESULT
    result: dict[str, Any] = {"memory": True}  # without a result, the system has killed the process
    if stored.is_file() and stored.stat().st_size <= MAX_JSON_BYTES:
        result = json.loads(stored.read_text(encoding="utf-8"))
    if "memory" in result:
        raise BundleError(
            f"“{name}” needs more than {job.memory / 2**30:.2g} GiB of memory to be opened, or crashes what opens it. "
            "Convert a smaller network, or do not use this file."
        )
    if "error" in result:
        raise BundleError(str(result["error"]))
    return result


def _wait(process: subprocess.Popen[bytes], work: Path, name: str, seconds: float) -> None:
    """Wait for the process: `seconds` until the network is open, then `CONVERT_SECONDS`."""
    begin, opened, said = time.monotonic(), False, 0.0
    while process.poll() is None:
        if not opened and (work / OPENED).exists():
            begin, opened, said = time.monotonic(), True, 0.0
            print("Converting the network for serving …", file=sys.stderr)
        limit, what = (CONVERT_SECONDS, "converted") if opened else (seconds, "opened")
        waited = time.monotonic() - begin
        if waited - said >= SAY_SECONDS:
            said = waited
            print(f"It is not {what} yet, after {waited:.0f} s …", file=sys.stderr)
        if waited > limit:
            raise BundleError(
                f"“{name}” was not {what} within {limit:.1f} s, the limit. Fetch the file again, or do not use it."
            )
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and every process that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


def _difference(classifier: Classifier, check: Path) -> float:
    """Return the largest difference between served and original probabilities; raise where it is too large."""
    with np.load(check, allow_pickle=False) as stored:
        images, expected = stored["images"], stored["probabilities"]
        rounding = float(stored["rounding"]) if "rounding" in stored else 0.0
    logits = np.stack([classifier.logits(image) for image in images])
    return check_same(logits, expected, classifier.bundle.multi_label, "served file", rounding)
