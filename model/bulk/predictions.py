"""Predict one file on the command line, and print the prediction as text or JSON."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from model.bundle import Bundle
from model.classifier import Classifier, predicted_labels, top_labels
from model.errors import Sentence, VideoError
from model.labels import is_background_label, percent_text
from model.preprocessing import InputSpec, prepare, read_image
from model.sandbox.pool import DecoderPool, new_pool
from model.verdict import Verdict
from model.video.export import frames_as_json, label_text, ranked, summary
from model.video.prediction import FramePrediction, FramePredictor
from model.video.probe import is_clip, probe
from model.video.reader import Frame, FrameRange, prepared_frames
from model.video.record import NONE_OF_THESE, ClipRecord

_MOST_SEGMENTS = 50  # lines for one clip
_LEAST_SHOWN = 0.01  # as on the page: who searches the lines for a label should find the files that may show it
# What a line for people begins with.
_DOUBT: dict[Verdict, str] = {"sure": "", "unsure": "not sure: ", "none": "none of these; "}


@dataclass(frozen=True)
class Prediction:
    """The prediction for one file.

    Attributes:
        path: The file.
        ranking: The most likely labels with their probabilities, 0 to 1, most likely first; of a clip, the mean
            probabilities of its frames.
        verdict: "sure", "unsure" or "none", of an image; a clip has one for each frame.
        several: Of an image, where the model knows several labels an image: those it is predicted to have, with their
            probabilities; None with one label an image.
        clip: The frames and segments of a clip; None for an image.
    """

    path: Path
    ranking: list[tuple[str, float]]
    verdict: Verdict = "sure"
    several: list[tuple[str, float]] | None = None
    clip: ClipRecord | None = None


def predict_file(
    classifier: Classifier,
    path: Path,
    top: int,
    frame_range: FrameRange,
    *,
    title: str,
    on_warning: Callable[[str], None],
) -> Prediction:
    """Predict an image or a clip.

    Args:
        classifier: The model.
        path: The file.
        top: Number of labels to return.
        frame_range: Which frames of a clip.
        title: The title of a clip's progress bar, which is shown on terminals only.
        on_warning: Receives a sentence when a clip is damaged.

    Returns:
        The prediction.

    Raises:
        VistazoError: The file cannot be read, or is a clip without frames in that range.
    """
    bundle = classifier.bundle
    if not is_clip(path):
        image = read_image(path, bundle.input.ample_side)
        found = classifier.predict(prepare(image, bundle.input))
        ranking = top_labels(found.probabilities, bundle.labels, None)
        several = None
        if bundle.thresholds is not None:
            predicted = set(predicted_labels(found, bundle))
            several = [(label, probability) for label, probability in ranking if label in predicted]
        return Prediction(path, ranking[:top], found.verdict, several)
    # Nothing else waits for this machine, so that a low priority would help nobody.
    predictor = FramePredictor(classifier, _frames(path, bundle.input, frame_range), low_priority=False)
    with tqdm(desc=title, total=_expected(path, frame_range), unit=" frames", leave=False, disable=None) as bar:
        record = record_of(bundle, predictor.predictions(on_warning), top, on_frame=bar.update)
    refuse_empty(record, path, frame_range)
    return Prediction(path, record.ranking(), clip=record)


def record_of(
    bundle: Bundle,
    predictions: Iterable[FramePrediction | None],
    top: int,
    *,
    on_frame: Callable[[], object] = lambda: None,
) -> ClipRecord:
    """Collect the predictions of a clip's frames; a None among them is left out."""
    has_statistics = bundle.statistics is not None
    record = ClipRecord(bundle.labels, bundle.unknown_threshold, top, has_statistics=has_statistics)
    for frame in predictions:
        if frame is not None:
            record.add(frame)
            on_frame()
    return record


def refuse_empty(record: ClipRecord, path: Path, frame_range: FrameRange) -> None:
    """Raise `VideoError` if a clip has no frame in a range."""
    if not len(record):
        until = "its end" if frame_range.end is None else f"{frame_range.end:g} s"
        raise VideoError(
            f"“{path.name}” has no frame between {frame_range.start:g} s and {until}. Choose another time."
        )


def printable(path: Path) -> str:
    """Return a path as text that can be encoded in UTF-8; the names of files need not be."""
    return os.fsencode(path).decode("utf-8", "replace")


def print_text(prediction: Prediction) -> None:
    """Print a prediction for people: an image is one line, a clip one and a line for each of its segments."""
    if prediction.clip is None:
        likely = prediction.several or [
            (label, probability)
            for place, (label, probability) in enumerate(prediction.ranking)
            if place == 0 or probability >= _LEAST_SHOWN
        ]
        doubt = doubt_of(prediction.verdict, likely[0][0])
        shown = ", ".join(f"{label} {percent_text(probability, digits=1)}" for label, probability in likely)
        print(f"{printable(prediction.path)}: {doubt}{shown}", flush=True)
        return
    print("\n".join(_clip_lines(printable(prediction.path), prediction.clip)), flush=True)


def doubt_of(verdict: Verdict, label: str) -> str:
    """Return what stands before a label in a sentence: nothing, “not sure: ” or “none of these; ”."""
    # A label such as “no flag” says itself that there is nothing.
    return "" if verdict == "none" and is_background_label(label) else _DOUBT[verdict]


def _clip_lines(name: str, clip: ClipRecord) -> list[str]:
    segments, total = clip.segments(), clip.aggregate()
    head = f"{name}: {total.frames} frames, {total.duration:.1f} s"
    # A model with a label such as “no flag” has one name for nothing, as on the page.
    nothing = next((label for label in clip.labels if is_background_label(label)), NONE_OF_THESE)
    # That of “none of these” is the probability of the likeliest label, not of there being none.
    shown = [
        label_text(segment.label, nothing) + ("" if segment.label is None else f" {percent_text(segment.confidence)}")
        for segment in segments[:_MOST_SEGMENTS]
    ]
    if len(segments) == 1:
        return [f"{head}: {shown[0]}"]
    times = [f"{_clock(segment.start)} to {_clock(segment.end)}" for segment in segments[:_MOST_SEGMENTS]]
    lines = [f"  {time}  {text}" for time, text in zip(times, shown, strict=True)]
    if len(segments) > _MOST_SEGMENTS:
        lines.append(f"  and {len(segments) - _MOST_SEGMENTS} more segments, which --csv FILE writes down")
    return [f"{head}, {len(segments)} segments:", *lines]


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds, 1), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{seconds:04.1f}" if hours else f"{minutes}:{seconds:04.1f}"


def print_json(prediction: Prediction, file: TextIO | None = None) -> None:
    """Print a prediction as a JSON object on one line, frame by frame, since a long clip has many."""
    file = file or sys.stdout
    head: dict[str, Any] = {"path": printable(prediction.path), "kind": "image" if prediction.clip is None else "video"}
    if prediction.clip is None:
        head |= {"predictions": ranked(prediction.ranking), "verdict": prediction.verdict}
        if prediction.several is not None:
            head["labels"] = [label for label, _ in prediction.several]
        file.write(json.dumps(head, ensure_ascii=False) + "\n")
    else:
        head |= summary(prediction.clip)
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "frames": [')
        for position, row in enumerate(frames_as_json(prediction.clip)):
            file.write((", " if position else "") + json.dumps(row, ensure_ascii=False))
        file.write("]}\n")
    file.flush()


@functools.cache
def _decoders() -> DecoderPool | None:
    """Return what decodes clips, since a small file may take gigabytes; None on Windows, where there are no workers."""
    return new_pool()


def close_decoders() -> None:
    """End the processes that decode clips, where there are any."""
    if _decoders.cache_info().currsize and (pool := _decoders()) is not None:
        pool.close()
    _decoders.cache_clear()


def _frames(path: Path, spec: InputSpec, frame_range: FrameRange) -> Iterator[Frame | Sentence]:
    decoders = _decoders()
    if decoders is None:
        return prepared_frames(path, spec, frame_range)
    return decoders.stream(prepared_frames, path, spec, frame_range, low_priority=False)


def _expected(path: Path, frame_range: FrameRange) -> int | None:
    """Return how many frames will be predicted according to the clip's header; None where it does not say."""
    decoders = _decoders()
    info = probe(path) if decoders is None else decoders.call(probe, path)
    if info.duration is None or info.frame_rate is None:
        return None
    seconds = max(0.0, min(info.duration, frame_range.end or info.duration) - frame_range.start)
    return round(seconds * min(info.frame_rate, frame_range.frames_per_second or info.frame_rate)) or None
