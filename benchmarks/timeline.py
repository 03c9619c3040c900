"""Accuracy of the segments of the example clips, per frame and at their boundaries, with and without smoothing."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from model.classifier import Classifier
from model.hub.resolve import resolve_model
from model.video.record import ClipRecord
from model.video.segments import EXPECTED_SECONDS
from tests.support.clips import predict_video

EXAMPLES = Path(__file__).parents[1] / "examples" / "clips"
NEAR = 0.2  # seconds between a true and a predicted boundary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "clips", metavar="CLIP", nargs="*", type=Path, help="clips with a CLIP.truth.csv in the same directory"
    )
    parser.add_argument("--model", help="bundle directory; the embedded model when left out")
    options = parser.parse_args()
    classifier = Classifier.load(resolve_model(options.model))
    print(f"{'clip':20}{'smoothing':>10}{'accuracy':>10}{'boundaries found':>18}{'others':>8}")
    for clip in options.clips or sorted(EXAMPLES.glob("*.mp4")):
        with clip.with_suffix(".truth.csv").open(encoding="utf-8", newline="") as file:
            truth = [row["label"] for row in csv.DictReader(file)]
        frames = list(predict_video(classifier, clip, low_priority=False))
        true_boundaries = [frames[i].time for i in range(1, len(truth)) if truth[i] != truth[i - 1]]
        for seconds in (0.0, EXPECTED_SECONDS):
            record = ClipRecord(classifier.bundle.labels, classifier.bundle.unknown_threshold, expected_seconds=seconds)
            for frame in frames:
                record.add(frame)
            right = sum(row.segment == label for row, label in zip(record.rows(), truth, strict=True))
            boundaries = [segment.start for segment in record.segments()[1:]]
            found = _near(true_boundaries, boundaries)
            share = f"{found} of {len(true_boundaries)}"
            others = len(boundaries) - _near(boundaries, true_boundaries)
            print(f"{clip.stem:20}{'yes' if seconds else 'no':>10}{right / len(truth):10.1%}{share:>18}{others:8}")


def _near(these: Sequence[float], those: Sequence[float]) -> int:
    return sum(any(abs(this - that) <= NEAR for that in those) for this in these)


if __name__ == "__main__":
    main()
