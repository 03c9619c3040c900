"""Speed of 8-bit integers against float on this processor: whole networks and single operations, run alternately.

LiteRT multiplies 8-bit integers fast where the processor has an instruction for their dot product (AVX-512 VNNI,
AVX-VNNI, ARM's dotprod); without one, as with AVX2 alone, an operation in 8 bits takes about as long as in float.
With --model and --data also how much accuracy is lost, on images that the network was not trained on.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[1]))

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from model.bundle import Bundle, load_bundle
from model.preprocessing import InputSpec, prepare, read_image
from train.data.folders import match_labels
from train.data.source import DataSource, read_data
from train.export.litert import to_litert
from train.network.architectures import build
from train.settings import Settings

SIDE, LABELS, THREADS = 224, 100, min(4, os.cpu_count() or 1)
DOT_PRODUCT = ("avx512_vnni", "avx_vnni", "asimddp")

Layer = Callable[[int], keras.layers.Layer]


def depthwise(_: int) -> keras.layers.Layer:
    return keras.layers.DepthwiseConv2D(3, padding="same", activation="relu6")


# Where MobileNetV2 and ResNet50 spend their time; (side, channels) of the input.
OPERATIONS: dict[str, tuple[int, int, Layer]] = {
    "convolution 1x1, 14 x 14 x 256": (14, 256, lambda n: keras.layers.Conv2D(n, 1, activation="relu6")),
    "convolution 3x3, 28 x 28 x 128": (28, 128, lambda n: keras.layers.Conv2D(n, 3, padding="same", activation="relu")),
    "depthwise 3x3, 56 x 56 x 144": (56, 144, depthwise),
    "depthwise 3x3, 14 x 14 x 384": (14, 384, depthwise),
}
REPEATED = 8  # so that overhead around the operations hardly counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="bundle directory, which is also quantized to 8 bits")
    parser.add_argument("--calibration", type=Path, help="folder per class: images that it was trained on")
    parser.add_argument("--data", type=Path, help="folder per class: images that it was not trained on")
    parser.add_argument("--rounds", type=int, default=30, help="default: 30")
    options = parser.parse_args()
    found = [name for name in DOT_PRODUCT if name in _processor()]
    print(f"dot product of 8-bit integers: {', '.join(found) or 'none reported by Linux'}; {THREADS} threads")
    print(f"{'':34}{'float ms':>10}{'int8 ms':>10}{'speed-up':>15}")
    for architecture in ("mobilenet_v2", "resnet50"):
        network = build(Settings(architecture=architecture, alpha=1.0, size=SIDE), InputSpec(SIDE, SIDE), LABELS)
        compare(architecture, network, options.rounds)
    for name, (side, channels, layer) in OPERATIONS.items():
        inputs = keras.Input((side, side, channels), dtype="uint8")
        outputs = keras.layers.Rescaling(1 / 255)(inputs)
        for _ in range(REPEATED):
            outputs = layer(channels)(outputs)
        compare(name, keras.Model(inputs, outputs), options.rounds)
    if options.model and options.data and options.calibration:
        lost(options.model, options.calibration, options.data)


def compare(name: str, network: keras.Model, rounds: int) -> None:
    """Print the median time of a network in float and in 8 bits, run alternately."""
    images = np.random.default_rng(1).integers(0, 256, (8, *network.input_shape[1:]), np.uint8)
    runs = [_runner(to_litert(network, calibration=given, explain=False)) for given in (None, images)]
    seconds: list[list[float]] = [[], []]
    for number in range(rounds + 3):
        for run, taken in zip(runs, seconds, strict=True):
            start = time.perf_counter()
            run(images[:1])
            if number >= 3:  # the first rounds warm up
                taken.append(time.perf_counter() - start)
    as_float, as_int8 = (statistics.median(taken) * 1000 for taken in seconds)
    print(f"{name:34}{as_float:10.2f}{as_int8:10.2f}{as_float / as_int8:15.2f}", flush=True)


def lost(directory: Path, calibration: Path, data: Path) -> None:
    """Print the accuracy of a bundle's network in float and in 8 bits."""
    bundle = load_bundle(directory)
    network = keras.saving.load_model(directory)
    known, _ = _images(calibration, bundle)
    images, classes = _images(data, bundle)
    shares = []
    for given in (None, known):
        run = _runner(to_litert(network, calibration=given, explain=False))
        predicted = [int(run(images[number : number + 1]).argmax()) for number in range(len(images))]
        shares.append(100 * float(np.mean(np.array(predicted) == classes)))
    print(f"accuracy on {len(images)} images: float {shares[0]:.1f}%, int8 {shares[1]:.1f}%")


def _images(folder: Path, bundle: Bundle) -> tuple[np.ndarray, np.ndarray]:
    """Return a folder's images, prepared, and their class indices."""
    examples = read_data(DataSource(folder)).examples
    index_of = match_labels({example.label for example in examples}, bundle.labels)
    images = [prepare(read_image(example.path), bundle.input) for example in examples]
    return np.stack(images), np.array([index_of[example.label] for example in examples])


def _runner(content: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that runs a served file, on a batch of one."""
    predict = Interpreter(model_content=content, num_threads=THREADS).get_signature_runner("predict")
    return lambda image: predict(image=image)["logits"]


def _processor() -> set[str]:
    try:
        return set(re.findall(r"\w+", Path("/proc/cpuinfo").read_text(encoding="ascii")))
    except OSError:
        return set()


if __name__ == "__main__":
    main()
