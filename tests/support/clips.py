"""Whole clips at once, decoded in this process: the predictions of their frames, and their segments."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path

from model.classifier import Classifier
from model.video.prediction import FramePrediction, FramePredictor
from model.video.reader import EVERY_FRAME, FrameRange, prepared_frames
from model.video.segments import EXPECTED_SECONDS, Segment, SegmentFinder


def predict_video(
    classifier: Classifier,
    path: Path,
    frame_range: FrameRange = EVERY_FRAME,
    *,
    on_warning: Callable[[str], None] | None = None,
    low_priority: bool = True,
    workers: int | None = None,
) -> Generator[FramePrediction, None, None]:
    """Predict the frames of a clip, which is decoded in this process.

    Args:
        classifier: The model.
        path: The clip.
        frame_range: Which of its frames.
        on_warning: Receives a sentence when the clip is damaged, after the frames that could be read.
        low_priority: As in `FramePredictor`.
        workers: As in `FramePredictor`.

    Yields:
        One prediction for each frame, in order of time.

    Raises:
        VideoError: As in `read_frames`.
    """
    frames = prepared_frames(path, classifier.bundle.input, frame_range)
    predictor = FramePredictor(classifier, frames, low_priority=low_priority, workers=workers)
    with contextlib.closing(predictor.predictions(on_warning)) as predictions:
        for prediction in predictions:
            assert prediction is not None  # only a heartbeat is None
            yield prediction


def find_segments(
    frames: Iterable[FramePrediction],
    labels: Sequence[str],
    unknown_threshold: float | None = None,
    expected_seconds: float = EXPECTED_SECONDS,
) -> list[Segment]:
    """Divide a whole clip into segments; see `SegmentFinder`.

    Args:
        frames: The predictions for the clip's frames, in order of time.
        labels: The labels in class order.
        unknown_threshold: As in `SegmentFinder`.
        expected_seconds: As in `SegmentFinder`.

    Returns:
        The segments in order of time, without gaps between them.
    """
    finder = SegmentFinder(labels, unknown_threshold, expected_seconds)
    for frame in frames:
        finder.add(frame)
    return finder.segments()
