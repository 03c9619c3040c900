"""Correct frames and segment boundaries of the example clips, with and without smoothing.

    python benchmarks/segments.py [CLIP ...]

Every clip needs a file with its ground truth, CLIP.truth.csv, with the columns frame, time and label, as
`python -m examples` writes it. A boundary counts as found when a segment starts within 0.2 seconds of it.
"""

from __future__ import annotations

import argparse
import csv
import sys
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from model.classifier import Classifier
from model.hub.resolve import EMBEDDED
from model.video.prediction import FramePrediction
from model.video.segments import EXPECTED_SECONDS
from tests.support.clips import find_segments, predict_video

_CLIPS = Path(__file__).resolve().parent.parent / "examples" / "clips"
_TOLERANCE = 0.2


def main() -> int:
    """Print one row per clip and kind of segmentation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*", type=Path, help="clips with ground truth; the example clips when not given")
    parser.add_argument("--model", type=Path, default=EMBEDDED, help="the bundle; the embedded one when not given")
    arguments = parser.parse_args()
    classifier = Classifier.load(arguments.model)
    threshold = classifier.bundle.unknown_threshold
    print(f"{'clip':24} {'segments of':12} {'accuracy':>12} {'unsure':>7} {'found':>9} {'false':>12}")
    for clip in arguments.clips or sorted(_CLIPS.glob("*.mp4")):
        with clip.with_suffix(".truth.csv").open(encoding="utf-8", newline="") as file:
            truth = [row["label"] for row in csv.DictReader(file)]
        frames = list(predict_video(classifier, clip))
        for kind, expected, unknown in (
            ("frames", 0.0, None),
            ("sure frames", 0.0, threshold),
            ("Viterbi", EXPECTED_SECONDS, threshold),
        ):
            print(f"{clip.name:24} {kind:12} {_row(classifier, frames, truth, expected, unknown)}", flush=True)
    return 0


def _row(
    classifier: Classifier, frames: list[FramePrediction], truth: list[str], expected: float, unknown: float | None
) -> str:
    segments = find_segments(frames, classifier.bundle.labels, unknown, expected)
    shown: dict[int, str | None] = {
        number: segment.label for segment in segments for number in range(segment.first_frame, segment.last_frame + 1)
    }
    right = sum(shown[frame.index] == truth[frame.index] for frame in frames)
    unsure = sum(shown[frame.index] is None for frame in frames)
    true = [after.time for before, after in pairwise(frames) if truth[before.index] != truth[after.index]]
    starts = [segment.start for segment in segments[1:]]
    found = sum(any(abs(boundary - start) <= _TOLERANCE for start in starts) for boundary in true)
    superfluous = sum(all(abs(boundary - start) > _TOLERANCE for boundary in true) for start in starts)
    count = len(frames)
    return f"{right / count:12.1%} {unsure / count:7.1%} {found:4} of {len(true)} {superfluous:12}"


if __name__ == "__main__":
    sys.exit(main())
