"""Localization of several flags in one image: precision and recall on composed photos with ground truth.

    python benchmarks/locating.py [--images 36] [--seed 1]

A find counts as right when its label is in the image and its box shares at least three tenths (intersection over
union) with that flag's.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from examples.several import several_flags
from model.classifier import Classifier
from model.hub.resolve import EMBEDDED
from model.localization import is_background_label, locate, overlaps

_SHARED = 0.3


def main() -> None:
    """Print precision and recall of labels alone, and of labels with boxes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=36)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    classifier = Classifier.load(EMBEDDED)
    names = classifier.bundle.labels
    flags = [label for label in names if not is_background_label(label)]
    found = wanted = labels_right = boxes_right = 0
    seconds = 0.0
    for number in range(options.images):
        rng = np.random.default_rng([options.seed, number])
        shown = [str(label) for label in rng.choice(flags, 2 + number % 2, replace=False)]
        image, truth = several_flags(shown, rng)
        began = time.perf_counter()
        things = locate(classifier, image)
        seconds += time.perf_counter() - began
        found, wanted = found + len(things), wanted + len(truth)
        for label, box in truth:
            same = [thing.box for thing in things if names[thing.label] == label]
            labels_right += bool(same)
            boxes_right += bool(same) and bool(overlaps(np.array(box), np.array(same, float)).max() >= _SHARED)
    print(f"images {options.images}, flags {wanted}, found {found}, {seconds / options.images:.2f} s an image")
    print(f"labels           precision {labels_right / max(1, found):.2f}, recall {labels_right / wanted:.2f}")
    print(f"labels and boxes precision {boxes_right / max(1, found):.2f}, recall {boxes_right / wanted:.2f}")


if __name__ == "__main__":
    main()
