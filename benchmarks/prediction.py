"""Time one served prediction against the same network in Keras, alternately in one process."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[1]))

import keras
import numpy as np

from model.classifier import Classifier
from model.hub.resolve import resolve_model
from model.preprocessing import prepare

ROUNDS = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="bundle directory; the embedded model when left out")
    directory = resolve_model(parser.parse_args().model)
    classifier = Classifier.load(directory)
    network = keras.saving.load_model(directory)
    photo = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), np.uint8)
    ready = prepare(photo, classifier.bundle.input)
    batch = ready[np.newaxis]
    ways: dict[str, Callable[[], object]] = {
        "prepare a 720p image": lambda: prepare(photo, classifier.bundle.input),
        "LiteRT, prepared image": lambda: classifier.logits(ready),
        "LiteRT, 720p image": lambda: classifier.classify(photo),
        "Keras call": lambda: network(batch, training=False),
        "Keras model.predict": lambda: network.predict(batch, verbose=0),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for round_number in range(ROUNDS + 5):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if round_number >= 5:  # the first rounds warm up
                seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    served = medians["LiteRT, prepared image"]
    print(f"{'':28}{'median ms':>10}{'ratio':>8}")
    for name, median in medians.items():
        print(f"{name:28}{median * 1000:10.2f}{median / served:8.1f}")


if __name__ == "__main__":
    main()
