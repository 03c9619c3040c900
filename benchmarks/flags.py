"""Evaluate the embedded model on drawings from another seed: accuracy by kind of image, and confused pairs."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from examples.dataset import NO_FLAG, image_of
from examples.flags import catalogue
from model.classifier import Classifier
from model.hub.resolve import resolve_model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="bundle directory; the embedded model when left out")
    parser.add_argument("--images", type=int, default=20, help="images of each flag (default %(default)s)")
    parser.add_argument("--seed", type=int, default=20_000, help="seed of the drawings (default %(default)s)")
    options = parser.parse_args()
    classifier = Classifier.load(resolve_model(options.model))
    labels = classifier.bundle.labels
    share: dict[str, list[bool]] = {"plain drawings": [], "photographed flags": [], NO_FLAG: []}
    confused: Counter[tuple[str, str]] = Counter()

    def ask(kind: str, label: str, image: np.ndarray) -> None:
        predicted = labels[int(classifier.classify(image).argmax())]
        share[kind].append(predicted == label)
        if predicted != label:
            confused[label, predicted] += 1

    for number, label in enumerate(catalogue.labels()):
        for variant in range(catalogue.variants(label)):
            drawing = catalogue.draw(label, variant)
            alpha = drawing[..., 3:] / 255
            ask("plain drawings", label, (drawing[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8))
        for i in range(options.images):
            ask("photographed flags", label, image_of(label, np.random.default_rng([options.seed, number, i]), 640))
    for i in range(options.images * 10):
        ask(NO_FLAG, NO_FLAG, image_of(NO_FLAG, np.random.default_rng([options.seed, 10_000, i]), 640))
    for kind, right in share.items():
        print(f"{kind:20} {np.mean(right):6.1%} of {len(right)}")
    for (label, predicted), count in confused.most_common(15):
        print(f"{count:4}  {label} predicted as {predicted}")


if __name__ == "__main__":
    main()
