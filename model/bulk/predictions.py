"""Predict an image or a clip on the command line: find the answer, and say it as text or as JSON."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from model.classifier import Classifier, top_labels
from model.errors import Sentence, VideoError
from model.limits import limits
from model.preprocessing import InputSpec, read_image
from model.sandbox.pool import SHARE_OF_ONE, DecoderPool
from model.video.export import frames_as_json, ranked, summary
from model.video.prediction import Frame, predict_frames
from model.video.probe import ClipInfo, is_clip, probe
from model.video.reader import prepared_frames
from model.video.record import ClipRecord


@dataclass(frozen=True)
class FrameRange:
    """Which frames of a clip are predicted; see `predict_video`.

    Attributes:
        frames_per_second: At most this many frames of each second; every frame when None.
        start: Leave out what is shown before, in seconds.
        end: Leave out what is shown from then on, in seconds; to the last frame when None.
    """

    frames_per_second: float | None = None
    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True)
class Prediction:
    """What is known about one file.

    Attributes:
        path: The file.
        ranking: The likeliest labels with their probabilities; of a clip, by the mean over its frames.
        clip: The rows and segments of a clip; None for an image.
    """

    path: Path
    ranking: list[tuple[str, float]]
    clip: ClipRecord | None = None


def answer(
    classifier: Classifier, path: Path, top: int, stretch: FrameRange, on_warning: Callable[[str], None], title: str
) -> Prediction:
    """Predict an image or a clip.

    Args:
        classifier: The model.
        path: The file.
        top: How many labels to name.
        stretch: Which frames of a clip are predicted.
        on_warning: Receives a sentence when a clip turns out damaged.
        title: What the progress bar of a clip says; it is shown on terminals only.

    Returns:
        The answer.

    Raises:
        VistazoError: The file cannot be read.
    """
    bundle = classifier.bundle
    if not is_clip(path):
        image = read_image(path, bundle.input.ample_side)
        return Prediction(path, top_labels(classifier.classify(image), bundle.labels, top))
    record = ClipRecord(bundle.labels, bundle.unknown_threshold, top)
    frames = predict_frames(classifier, _frames(path, bundle.input, stretch), on_warning=on_warning, alone=True)
    with tqdm(desc=title, total=_expected(path, stretch), unit=" frames", leave=False, disable=None) as bar:
        for frame in frames:
            if frame is not None:
                record.add(frame)
                bar.update()
    if not len(record):
        until = "its end" if stretch.end is None else f"{stretch.end:g} s"
        raise VideoError(f"“{path.name}” has no frame between {stretch.start:g} s and {until}. Choose another time.")
    return Prediction(path, record.ranking(), record)


def printable(path: Path) -> str:
    """Return a path as text that any file can hold: names need not be UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def print_text(answer: Prediction) -> None:
    """Print an answer as one line for people."""
    ranking = ", ".join(f"{label} {probability:.1%}" for label, probability in answer.ranking)
    if answer.clip is None:
        print(f"{printable(answer.path)}: {ranking}", flush=True)
        return
    total = answer.clip.aggregate()
    seconds = ", ".join(f"{label} {value:.1f} s" for label, value in total.seconds.items())
    print(f"{printable(answer.path)}: {total.frames} frames; on screen: {seconds}; mean: {ranking}", flush=True)


def print_json(answer: Prediction, file: TextIO | None = None) -> None:
    """Print an answer as one JSON object on one line, piece by piece, since a long clip has many frames."""
    file = file or sys.stdout
    head: dict[str, Any] = {"path": printable(answer.path), "kind": "image" if answer.clip is None else "video"}
    if answer.clip is None:
        file.write(json.dumps(head | {"predictions": ranked(answer.ranking)}, ensure_ascii=False) + "\n")
    else:
        head |= summary(answer.clip)
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "frames": [')
        for position, row in enumerate(frames_as_json(answer.clip)):
            file.write((", " if position else "") + json.dumps(row, ensure_ascii=False))
        file.write("]}\n")
    file.flush()


@functools.cache
def _decoders() -> DecoderPool | None:
    """Return where clips are decoded: a few bytes may ask for gigabytes. None where processes are not handed a pipe."""
    if sys.platform == "win32":
        return None
    return DecoderPool(round(SHARE_OF_ONE * limits().decoder_megabytes))


def _frames(path: Path, spec: InputSpec, stretch: FrameRange) -> Iterator[Frame | Sentence]:
    arguments = (spec, stretch.frames_per_second, stretch.start, stretch.end)
    decoders = _decoders()
    if decoders is None:
        return prepared_frames(path, *arguments)
    return decoders.stream(prepared_frames, path, *arguments, step_back=False)


def _header(path: Path) -> ClipInfo:
    decoders = _decoders()
    return probe(path) if decoders is None else decoders.call(probe, path)


def _expected(path: Path, stretch: FrameRange) -> int | None:
    """Return how many frames a clip has by its header, for the progress bar; None if it does not say."""
    info = _header(path)
    if info.duration is None or info.frame_rate is None:
        return None
    seconds = max(0.0, min(info.duration, stretch.end or info.duration) - stretch.start)
    return round(seconds * min(info.frame_rate, stretch.frames_per_second or info.frame_rate)) or None
