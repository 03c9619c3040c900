"""What programs get from `/predict_video`: the sum over the clip, the seconds of each label, and all rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from interface.clip_reading import TOP, Row, Stretch, frame_rows
from model.classifier import Classifier
from model.clip_files import seconds_on_screen, spoken
from model.clip_record import ClipRecord
from model.video import predict_video

_SECONDS_BETWEEN = 1.0
_SHARE_FOR_SENDING = 0.2

Answer = tuple[dict[str, float], list[Row], list[Row]]


def answers(classifier: Classifier, path: Path, stretch: Stretch) -> Iterator[Answer]:
    """Yield what is known so far about once a second, and at the end everything.

    Args:
        classifier: The model.
        path: The clip.
        stretch: Which frames to read.

    Yields:
        The five likeliest labels over the clip; label and seconds on screen, “none of these” among them; one
        row a frame with the columns of `frame_columns`.

    Raises:
        VideoError: As in `predict_video`.
    """
    record = ClipRecord(classifier.bundle.labels, classifier.bundle.unknown_threshold, TOP)
    next_answer = time.monotonic() + _SECONDS_BETWEEN
    rate, start, end = stretch.frames_per_second, stretch.start, stretch.end
    for row in predict_video(classifier, path, rate, start=start, end=end):
        record.add(row)
        if time.monotonic() >= next_answer:
            asked = time.monotonic()
            yield _answer(record)
            # Sending the rows of a long clip costs more than reading a frame.
            sending = time.monotonic() - asked
            next_answer = time.monotonic() + max(_SECONDS_BETWEEN, sending / _SHARE_FOR_SENDING)
    yield _answer(record)


def _answer(record: ClipRecord) -> Answer:
    seconds = seconds_on_screen(record.segments())
    shown: list[Row] = [[spoken(label), round(value, 2)] for label, value in seconds.items()]
    return dict(record.ranking()), shown, frame_rows(record)
