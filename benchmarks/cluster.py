"""Many files: the path of one machine against this machine's limit, with slow storage, and against Ray.

The limit is 1 / (seconds to decode + seconds in the network), one image after the other on one core. All figures are
ratios within one run. Ray is measured where it is installed, on a cluster on this machine.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
LATENCY = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1000, help="small images; a twentieth as many have 12 megapixels")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        small = write(Path(name, "small"), options.images, (224, 224))
        large = write(Path(name, "large"), max(20, options.images // 20), (3000, 4000))
        for title, folder in (("224 pixels", small), ("12 megapixels", large)):
            print(f"{title}: {overlap(folder, options.rounds)}", flush=True)
        print(f"50 ms of latency: {latency(small, options.rounds)}", flush=True)
        if importlib.util.find_spec("ray"):
            print(f"Ray: {against_ray(small, Path(name), options.rounds)}", flush=True)


def write(folder: Path, count: int, size: tuple[int, int]) -> Path:
    import cv2
    import numpy as np

    folder.mkdir()
    small = np.random.default_rng(0).integers(0, 255, (size[0] // 8, size[1] // 8, 3), np.uint8)
    image = cv2.resize(small, size[::-1], interpolation=cv2.INTER_CUBIC)
    content = cv2.imencode(".jpg", image)[1].tobytes()
    for number in range(count):
        (folder / f"{number:05}.jpg").write_bytes(content)
    return folder


def reader_and_files(folder: Path, threads: int) -> tuple[Any, Any, list[Any]]:
    from model.bulk.listing import list_files
    from model.bulk.places import place
    from model.bulk.reading import FileReader
    from model.classifier import Classifier
    from model.hub.resolve import EMBEDDED

    classifier = Classifier.load(EMBEDDED, threads=1)
    return FileReader(classifier, threads), classifier, list(list_files([place(str(folder))], print))


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def overlap(folder: Path, rounds: int) -> str:
    """The rate of the reader, as a share of the limit that is measured just before and after it."""
    from model.bulk.part import cores
    from model.preprocessing import prepared_image

    reader, classifier, files = reader_and_files(folder, cores())
    spec = classifier.bundle.input
    ratios, rates = [], []

    def one(content: bytes) -> None:
        classifier.predict_frame(prepared_image(content, spec))

    for _ in range(rounds):
        sample = [file.place.read() for file in files[:100]]
        alone = statistics.median(seconds(lambda content=content: one(content)) for content in sample)  # type: ignore[misc]
        list(reader.outcomes(files[:10]))  # its processes have started
        rate = len(files) / seconds(lambda: list(reader.outcomes(files)))
        rates.append(rate)
        ratios.append(rate * alone)
    reader.close()
    return f"{statistics.median(rates):.0f} images/s, {statistics.median(ratios):.2f} of 1 / (decode + network)"


def latency(folder: Path, rounds: int) -> str:
    """The rate with a storage that takes 50 milliseconds for each file, as a share of the rate without."""
    from model.bulk.places import Place

    reader, _, files = reader_and_files(folder, 2)
    read, ratios = Place.read, []

    def slow(self: Place) -> bytes:
        time.sleep(LATENCY)
        return read(self)

    list(reader.outcomes(files[:10]))
    for _ in range(rounds):
        fast = seconds(lambda: list(reader.outcomes(files)))
        Place.read = slow  # type: ignore[method-assign]
        late = seconds(lambda: list(reader.outcomes(files)))
        Place.read = read  # type: ignore[method-assign]
        ratios.append(fast / late)
    reader.close()
    return f"{statistics.median(ratios):.2f} of the rate without; one after the other waits {LATENCY} s for each"


def against_ray(folder: Path, work: Path, rounds: int) -> str:
    """Whole runs on two actors against whole runs on this machine; starting the engine is measured by itself."""
    import ray

    from model.bulk import one_machine, ray_engine
    from model.bulk.part import PartOutcome
    from model.bulk.places import place
    from model.bulk.run import Order, run
    from model.bulk.run_folder import Job
    from model.bundle import MANIFEST, sha256_of
    from model.hub.resolve import EMBEDDED
    from model.video.reader import EVERY_FRAME

    start = seconds(lambda: ray.init(num_cpus=2, log_to_driver=False, include_dashboard=False))
    rates: dict[str, list[float]] = {"one machine": [], "Ray": []}
    size = max(1, len(list(folder.iterdir())) // 10)

    def timed(name: str, engine: Any) -> Callable[[Job, Iterable[int]], Iterator[PartOutcome]]:
        """Count from the first part on, so that loading the model is left out."""

        def parts(job: Job, numbers: Iterable[int]) -> Iterator[PartOutcome]:
            outcomes = engine(job, numbers)
            yield next(outcomes)
            began, files = time.perf_counter(), 0
            for outcome in outcomes:
                files += outcome.files
                yield outcome
            rates[name].append(files / (time.perf_counter() - began))

        return parts

    for number in range(rounds):
        for name, engine in (("one machine", one_machine.predict_parts), ("Ray", ray_engine.predict_parts)):
            out = place(str(work / f"{name} {number}"))
            job = Job(out, str(EMBEDDED), sha256_of(EMBEDDED / MANIFEST), 5, EVERY_FRAME)
            assert run(Order(job, [place(str(folder))], size, engine=timed(name, engine)), print)
    ray.shutdown()
    ratio = statistics.median(a / b for a, b in zip(rates["Ray"], rates["one machine"], strict=True))
    return f"{ratio:.2f} of one machine's rate with two workers; the engine starts in {start:.1f} s"


if __name__ == "__main__":
    main()
