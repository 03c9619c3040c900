"""Many files and many trials: one machine against its limit, slow storage, Ray, other programs, a shared search.

    python benchmarks/cluster.py --images 10000                      # the whole table
    python benchmarks/cluster.py --ultralytics PYTHON                # with Ultralytics, which that Python has

The limit is 1 / (seconds to decode + seconds in the network), one image after the other on one core. All figures are
ratios or rates within one run, in turn. Ray is measured where it is installed, on a cluster on this machine. Many
visitors: `python benchmarks/load.py --copies 2`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
LATENCY = 0.05
PARTS = 12  # of each run: one, two and four workers end their last ones together
TRIALS = 6  # of each process that searches

# Both get a folder and print images a second, once what they need is loaded.
ULTRALYTICS = """
import sys, time
from ultralytics import YOLO
network = YOLO("yolo11n-cls.yaml")  # without weights, which do not change the time
def count():
    return sum(1 for _ in network.predict(sys.argv[1], stream=True, verbose=False, imgsz=224))
count(); began = time.perf_counter(); print(count() / (time.perf_counter() - began))
"""
KERAS = """
import pathlib, sys, time, keras, numpy as np
model = keras.saving.load_model(sys.argv[2], compile=False)
files = sorted(pathlib.Path(sys.argv[1]).iterdir())
def predict(some):
    for start in range(0, len(some), 32):
        loaded = [keras.utils.load_img(file, target_size=model.input_shape[1:3]) for file in some[start : start + 32]]
        model.predict_on_batch(np.stack([np.asarray(image) for image in loaded]))
predict(files[:64]); began = time.perf_counter(); predict(files); print(len(files) / (time.perf_counter() - began))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1200, help="small images; a twentieth as many have 12 megapixels")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ultralytics", metavar="PYTHON", help="python of an environment that has ultralytics")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        small = write(work / "small", options.images, (224, 224))
        large = write(work / "large", max(20, options.images // 20), (3000, 4000))
        for title, folder in (("224 pixels", small), ("12 megapixels", large)):
            print(f"{title}: {overlap(folder, options.rounds)}", flush=True)
        print(f"50 ms of latency: {latency(small, options.rounds)}", flush=True)
        whole_runs(small, work, options.rounds, options.ultralytics)
        search(work)


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
    from model.cores import cores
    from model.preprocessing import prepared_image

    reader, classifier, files = reader_and_files(folder, cores())
    spec = classifier.bundle.input
    ratios, rates = [], []

    def one(content: bytes) -> None:
        classifier.predict_frame(prepared_image(content, spec))

    def alone() -> float:
        sample = [file.place.read() for file in files[:100]]
        return statistics.median(seconds(lambda content=content: one(content)) for content in sample)  # type: ignore[misc]

    for _ in range(rounds):
        before = alone()
        list(reader.outcomes(files[:10]))  # its processes have started
        rate = len(files) / seconds(lambda: list(reader.outcomes(files)))
        rates.append(rate)
        ratios.append(rate * (before + alone()) / 2)
    reader.close()
    return f"{statistics.median(rates):.0f} images/s, {statistics.median(ratios):.2f} of 1 / (decode + network)"


def slow_storage() -> None:
    """Make every image take 50 milliseconds to be read, in this process."""
    from model.bulk.places import Place

    read = Place.read

    def slow(self: Place) -> bytes:
        if self.name.endswith(".jpg"):
            time.sleep(LATENCY)
        return read(self)

    Place.read = slow  # type: ignore[method-assign]


def latency(folder: Path, rounds: int) -> str:
    """The rate with a storage that takes 50 milliseconds for each file, as a share of the rate without."""
    from model.bulk.places import Place

    reader, _, files = reader_and_files(folder, 2)
    read, ratios = Place.read, []
    list(reader.outcomes(files[:10]))
    for _ in range(rounds):
        fast = seconds(lambda: list(reader.outcomes(files)))
        slow_storage()
        late = seconds(lambda: list(reader.outcomes(files)))
        Place.read = read  # type: ignore[method-assign]
        ratios.append(fast / late)
    reader.close()
    return f"{statistics.median(ratios):.2f} of the rate without; one after the other waits {LATENCY} s for each"


def whole_runs(folder: Path, work: Path, rounds: int, ultralytics: str | None) -> None:
    """Print images a second of whole runs on one machine, on Ray, and by other programs, in turn."""
    from model.bulk import one_machine
    from model.hub.resolve import EMBEDDED

    few = work / "few"  # a twelfth for each part, and 50 ms for each image
    few.mkdir()
    for file in sorted(folder.iterdir())[: 40 * PARTS]:
        os.link(file, few / file.name)
    ways: dict[str, Callable[[Path], float]] = {
        "one machine": lambda out: run_rate(folder, out, one_machine.predict_parts, 1)
    }
    engine = Engine() if importlib.util.find_spec("ray") else None
    if engine:
        for workers in (1, 2):
            ways[f"Ray, {workers}"] = lambda out, workers=workers: engine.rate(folder, out, workers)  # type: ignore[misc]
        for workers in (1, 4):
            ways[f"slow, {workers}"] = lambda out, workers=workers: engine.rate(few, out, workers, slow=True)  # type: ignore[misc]
    ways["Keras"] = lambda _: printed_rate(sys.executable, KERAS, folder, EMBEDDED)
    if ultralytics:
        ways["Ultralytics"] = lambda _: printed_rate(ultralytics, ULTRALYTICS, folder)
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            rates[name].append(way(work / f"{name} {number}"))

    def ratio(one: str, other: str) -> float:
        return statistics.median(a / b for a, b in zip(rates[one], rates[other], strict=True))

    print(f"whole runs: {statistics.median(rates['one machine']):.0f} images/s on one machine")
    if engine:
        print(f"Ray, two workers: {ratio('Ray, 2', 'one machine'):.2f} of one machine's rate")
        print(f"Ray, one to two workers: {ratio('Ray, 2', 'Ray, 1') / 2:.2f} efficient")
        print(f"Ray, one to four workers that wait 50 ms: {ratio('slow, 4', 'slow, 1') / 4:.2f} efficient")
        print(f"Ray starts in {statistics.median(engine.starts):.1f} s and takes {engine.megabytes:.0f} MB when idle")
        same = len({tables(work / f"{name} 0") for name in ("one machine", "Ray, 1", "Ray, 2")}) == 1
        print(f"tables of one machine and of Ray have {'the same' if same else 'OTHER'} bytes")
    print(f"a plain Keras loop: {ratio('Keras', 'one machine'):.2f} of one machine's rate (without “none of these”)")
    if ultralytics:
        print(f"Ultralytics' predict: {ratio('Ultralytics', 'one machine'):.2f} of one machine's rate (YOLO11n, 224)")


def run_rate(folder: Path, out: Path, engine: Any, workers: int) -> float:
    """Return images a second of a run; counted once each worker has loaded the model and done its first part."""
    from model.bulk.part import PartOutcome
    from model.bulk.places import place
    from model.bulk.run import Order, run
    from model.bulk.run_folder import Job
    from model.bundle import MANIFEST, sha256_of
    from model.hub.resolve import EMBEDDED
    from model.video.reader import EVERY_FRAME

    found: list[float] = []

    def timed(job: Job, numbers: Iterable[int]) -> Iterator[PartOutcome]:
        outcomes = engine(job, numbers)
        for _ in range(workers):
            yield next(outcomes)
        began, files = time.perf_counter(), 0
        for outcome in outcomes:
            files += outcome.files
            yield outcome
        found.append(files / (time.perf_counter() - began))

    job = Job(place(str(out)), str(EMBEDDED), sha256_of(EMBEDDED / MANIFEST), 5, EVERY_FRAME)
    size = -(-len(list(folder.iterdir())) // PARTS)
    assert run(Order(job, [place(str(folder))], size, engine=timed), print)
    return found[0]


class Engine:
    """Ray on this machine, with as many workers as are asked for."""

    def __init__(self) -> None:
        self.starts: list[float] = []
        self.megabytes = 0.0

    def rate(self, folder: Path, out: Path, workers: int, slow: bool = False) -> float:
        import ray

        from model.bulk import ray_engine

        ray_engine.require_ray()

        class Slow(ray_engine._Worker):
            """Fetches one image at a time from a slow storage, so that it waits most of the time."""

            def __init__(self, job: Any) -> None:
                from model.bulk import reading

                reading._FETCHERS = 1
                slow_storage()
                super().__init__(job)

        usual = ray_engine._Worker
        began = time.perf_counter()
        session = ray.init(num_cpus=workers, log_to_driver=False, include_dashboard=False)
        self.starts.append(time.perf_counter() - began)
        self.megabytes = self.megabytes or megabytes_of(Path(session.address_info["session_dir"]).name)
        try:
            ray_engine._Worker = Slow if slow else usual  # type: ignore[misc]
            return run_rate(folder, out, ray_engine.predict_parts, workers)
        finally:
            ray_engine._Worker = usual  # type: ignore[misc]
            ray.shutdown()


def megabytes_of(session: str) -> float:
    """Return the memory of the processes of a Ray session, shared pages by halves and thirds."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, StopIteration):
            if session.encode() in (process / "cmdline").read_bytes():
                lines = (process / "smaps_rollup").read_text(encoding="ascii").splitlines()
                total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def tables(out: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((out / "predictions").iterdir()))


def printed_rate(python: str, program: str, *arguments: Path) -> float:
    ended = subprocess.run(
        [python, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        cwd=arguments[0].parent,
    )
    return float(ended.stdout.split()[-1])


def search(work: Path) -> None:
    """Print the trials an hour of one process, and of two that share a search in a database."""
    import cv2
    import numpy as np
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    random, data = np.random.default_rng(0), work / "data"
    for label in ("light", "dark"):
        (data / label).mkdir(parents=True)
        for number in range(40):
            image = random.integers(0, 120, (32, 32, 3)) + (120 if label == "light" else 0)
            cv2.imwrite(str(data / label / f"{number}.png"), image.astype(np.uint8))
    for processes in (1, 2):
        address, trials = f"sqlite:///{work}/{processes}.db", TRIALS * processes
        command = [sys.executable, "vistazo.py", "tune", str(data), "--storage", address, "--trials", str(trials)]
        command += ["--out", str(work / "tuning"), "--recipe", "small", "--size", "32", "--epochs", "4", "--folds", "0"]
        command += ["--setting", "dropout=0,0.1,0.2,0.3", "--setting", "learning-rate=0.001,0.002,0.004"]
        machines = [
            subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(processes)
        ]
        assert [machine.wait() for machine in machines] == [0] * processes
        done = optuna.load_study(study_name="vistazo", storage=address).trials
        took = max(t.datetime_complete for t in done) - min(t.datetime_start for t in done)  # type: ignore[type-var, operator]
        print(
            f"search, {processes} process(es): {len(done) / took.total_seconds() * 3600:.0f} trials an hour", flush=True
        )


if __name__ == "__main__":
    main()
