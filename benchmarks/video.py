"""Frames per second of whole clips in the app, against this machine's limit and against usual loops.

Every loop runs in a process of its own that stays, and they take turns; results are medians over the rounds. The limit
is 1 / (decode seconds a frame + network seconds a frame): a machine that is never idle and does nothing else. Decoding
is `cv2.VideoCapture.read` in a loop; the network is the served one, on all cores, on an image that is ready.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from model.classifier import Classifier

ROOT = Path(__file__).parents[1]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(ROOT))

HEIGHTS = {"360p": 360, "720p": 720, "1080p": 1080, "720p, 10 cuts": 720}
SLOW_FRAMES = 40  # enough for the slow loops
LABELS = 100

# Run in an environment of its own, which has Ultralytics. Without weights, which do not change the time.
ULTRALYTICS = """
import sys, time
from ultralytics import YOLO
network = YOLO("yolo11n-cls.yaml")
for line in sys.stdin:
    start, count = time.perf_counter(), 0
    for _ in network.predict(line.strip(), stream=True, verbose=False, imgsz=224):
        count += 1
    print("RESULT", count, time.perf_counter() - start, flush=True)
"""


class Way:
    """A process that reads one path of a clip per line, and writes frames and seconds."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def seconds_a_frame(self, clip: Path) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{clip}\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("RESULT"):
                _, frames, seconds = line.split()
                return float(seconds) / int(frames)
        raise SystemExit("a way to be measured ended early; run it alone with --way to see why")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def run_way(name: str, bundle: Path) -> None:
    """Run as that process."""
    import cv2
    import numpy as np

    from model.classifier import Classifier
    from model.preprocessing import prepare
    from tests.support.clips import predict_video

    if name == "keras":
        import keras

        network = keras.saving.load_model(bundle)
        spec = Classifier.load(bundle).bundle.input
    else:
        classifier = Classifier.load(bundle)
        spec = classifier.bundle.input
    ready = np.full((spec.height, spec.width, 3), 128, np.uint8)

    def images(clip: Path) -> Iterator[np.ndarray]:
        capture = cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG)
        while True:
            decoded, image = capture.read()
            if not decoded:
                return
            yield image

    def rgb(image: np.ndarray) -> np.ndarray:
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)

    def network_only(clip: Path) -> int:
        return sum(1 for _ in range(100) if classifier.logits(ready) is not None)

    def keras_predict(clip: Path) -> int:
        some = islice(images(clip), SLOW_FRAMES)
        return sum(1 for p in some if network.predict(prepare(rgb(p), spec)[np.newaxis], verbose=0) is not None)

    ways: dict[str, Callable[[Path], int]] = {
        "decode": lambda clip: sum(1 for _ in images(clip)),
        "network": network_only,
        "loop": lambda clip: sum(1 for p in images(clip) if classifier.classify(rgb(p)) is not None),
        "vistazo": lambda clip: sum(1 for _ in predict_video(classifier, clip, low_priority=False)),
        "keras": keras_predict,
    }
    if name == "latency":
        image = rgb(next(images(Path(sys.stdin.readline().strip()))))
        print("RESULT", 1, 0.0, flush=True)
        for line in sys.stdin:
            print("RESULT", 1, _latency(classifier, image, Path(line.strip())), flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        frames = ways[name](Path(line.strip()))
        print("RESULT", frames, time.perf_counter() - start, flush=True)


def _latency(classifier: Classifier, image: np.ndarray, clip: Path) -> float:
    """Return the median seconds of an image every 50 ms, while a clip is being processed if it is a file."""
    from tests.support.clips import predict_video

    stop = threading.Event()

    def play() -> None:
        while not stop.is_set():
            for _ in predict_video(classifier, clip):
                if stop.is_set():
                    return

    player = threading.Thread(target=play) if clip.is_file() else None
    if player:
        player.start()
        time.sleep(0.5)
    seconds = []
    for _ in range(60):
        start = time.perf_counter()
        classifier.classify(image)
        seconds.append(time.perf_counter() - start)
        time.sleep(0.05)
    stop.set()
    if player:
        player.join()
    return statistics.median(seconds)


def write_clips(folder: Path, frames: int) -> dict[str, Path]:
    """Draw the clips with the code of the example clips, enlarged and encoded as H.264."""
    import av
    import cv2

    from examples.clips import RATE, Clip, Shot
    from examples.clips import frames as drawn
    from examples.dataset import NO_FLAG

    seconds = frames / RATE
    calm = Clip("calm", 3, (Shot("Brazil", seconds / 2), Shot(NO_FLAG, seconds / 2, fades=True)))
    labels = ("Japan", NO_FLAG, "France", "Canada")
    cuts = Clip("cuts", 4, tuple(Shot(labels[number % 4], seconds / 11) for number in range(11)))
    images = {clip.name: [image for image, _ in drawn(clip)] for clip in (calm, cuts)}
    clips = {}
    for name, height in HEIGHTS.items():
        path = folder / f"{name.replace(', ', ' ').replace(' ', '-')}.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=RATE, options={"preset": "medium", "crf": "23"})
            stream.width, stream.height, stream.pix_fmt = height * 16 // 9, height, "yuv420p"
            for image in images["cuts" if "cuts" in name else "calm"]:
                enlarged = cv2.resize(image, (stream.width, height), interpolation=cv2.INTER_CUBIC)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(enlarged, "rgb24")))
            container.mux(stream.encode())
        clips[name] = path
    return clips


def write_bundle(target: Path, architecture: str, quantize: bool) -> Path:
    """Write a bundle of an untrained network: the weights do not change the time."""
    import numpy as np

    from model.preprocessing import InputSpec
    from train.export.bundle import new_bundle, write_manifest, write_model
    from train.export.litert import to_litert
    from train.metrics.calibration import Calibration
    from train.network.architectures import build
    from train.settings import Settings

    spec = InputSpec(224, 224)
    settings = Settings(architecture=architecture, alpha=1.0, size=224)
    network = build(settings, spec, LABELS)
    images = np.random.default_rng(1).integers(0, 256, (8, 224, 224, 3), np.uint8)
    content = to_litert(network, calibration=images if quantize else None)
    with new_bundle(target) as directory:
        write_model(
            directory,
            network,
            content,
            labels=[f"label {number}" for number in range(LABELS)],
            spec=spec,
            calibration=Calibration(),
            settings=settings.as_json(),
            fingerprint="",
        )
        write_manifest(directory)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", metavar="CLIP", nargs="*", type=Path, help="clips to use; drawn ones when left out")
    parser.add_argument("--model", type=Path, help="bundle directory; an untrained MobileNetV2 when left out")
    parser.add_argument("--ultralytics", metavar="PYTHON", help="python of an environment that has ultralytics")
    parser.add_argument("--int8", action="store_true", help="also int8 networks, MobileNetV2 and ResNet50")
    parser.add_argument("--frames", type=int, default=220, help="length of the drawn clips (default: 220)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--way", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        run_way(options.way[0], Path(options.way[1]))
        return
    with tempfile.TemporaryDirectory(prefix="vistazo-") as name:
        folder = Path(name)
        print("Preparing clips and networks …", file=sys.stderr)
        clips = {path.name: path.resolve() for path in options.clips} or write_clips(folder, options.frames)
        bundles = {"float": options.model or write_bundle(folder / "mobilenet", "mobilenet_v2", False)}
        if options.int8:
            bundles["int8"] = write_bundle(folder / "mobilenet8", "mobilenet_v2", True)
            bundles["ResNet50 float"] = write_bundle(folder / "resnet", "resnet50", False)
            bundles["ResNet50 int8"] = write_bundle(folder / "resnet8", "resnet50", True)
        measure(clips, bundles, options.ultralytics, options.rounds)


def measure(clips: dict[str, Path], bundles: dict[str, Path], ultralytics: str | None, rounds: int) -> None:
    def way(name: str, bundle: str = "float") -> Way:
        return Way([sys.executable, __file__, "--way", name, str(bundles[bundle])])

    ways = {name: way(name) for name in ("decode", "network", "vistazo", "loop", "keras")}
    if ultralytics:
        ways["ultralytics"] = Way([ultralytics, "-c", ULTRALYTICS])
    ways |= {bundle: way("vistazo", bundle) for bundle in bundles if bundle != "float"}
    try:
        for clip, path in clips.items():
            seconds: dict[str, list[float]] = {name: [] for name in ways}
            for number in range(rounds + 1):
                for name, measured in ways.items():
                    value = measured.seconds_a_frame(path)
                    if number:  # the first round warms up
                        seconds[name].append(value)
            report(clip, {name: statistics.median(values) for name, values in seconds.items()})
    finally:
        for measured in ways.values():
            measured.close()
    image = way("latency")
    clip = clips.get("720p") or next(iter(clips.values()))
    image.seconds_a_frame(clip)
    alone, beside = zip(*((image.seconds_a_frame(p) for p in (Path("none"), clip)) for _ in range(3)), strict=True)
    image.close()
    alone_ms, beside_ms = statistics.median(alone) * 1000, statistics.median(beside) * 1000
    print(f"\nan image: {alone_ms:.1f} ms; beside a clip: {beside_ms:.1f} ms, {beside_ms / alone_ms:.2f} times")


def report(clip: str, seconds: dict[str, float]) -> None:
    limit = 1 / (seconds["decode"] + seconds["network"])
    print(f"\n{clip}: limit {limit:.1f} frames/s", end=" ")
    print(f"(decode {seconds['decode'] * 1000:.2f} ms, network {seconds['network'] * 1000:.2f} ms a frame)")
    print(f"{'':16}{'frames/s':>10}{'of limit':>10}{'vistazo is':>12}")
    for name, value in seconds.items():
        if name not in {"decode", "network"}:
            print(
                f"{name:16}{1 / value:10.1f}{1 / value / limit:10.0%}{value / seconds['vistazo']:10.2f} x", flush=True
            )


if __name__ == "__main__":
    main()
