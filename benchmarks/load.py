"""Fifty clients at once: latency of images alone, beside clips and under load; errors, memory and remaining files.

    python benchmarks/load.py                     # about two minutes
    python benchmarks/load.py --seconds 3600      # an hour of mixed traffic
    python benchmarks/load.py --copies 2          # two copies behind HAProxy, as in examples/deploy/

The app runs in a process of its own on this machine, which it shares with its clients. Prints a table, and exits with
status 1 when a request failed that should have succeeded.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from model.system_memory import resident_bytes
from tests.support.serving import (
    EXAMPLES,
    ROOT,
    answers,
    app_process,
    asked_as_a_browser,
    family_of,
    free_port,
    running_app,
    wait_until,
)

IMAGES, CLIPS = 40, 10
_PATIENCE = 300.0


@dataclass
class Times:
    """Seconds that requests took, and messages of failed requests."""

    images: list[float] = field(default_factory=list)
    clips: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def ask(url: str, endpoint: str, path: Path) -> float:
    """Upload a file and wait for its last result, as the browser does; returns the seconds."""
    began = time.perf_counter()
    try:
        stream = asked_as_a_browser(url, endpoint, path.name, path.read_bytes(), _PATIENCE)
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"status {error.code}: {error.read()[:300]!r}") from error
    if "event: complete" not in stream:
        raise RuntimeError(stream.strip()[-300:] or "no result")
    return time.perf_counter() - began


def crowd(url: str, images: list[Path], clips: list[Path], rounds: int) -> Times:
    """Let forty clients send images and ten send clips, all at once, each `rounds` times."""
    times = Times()
    gate = threading.Barrier(IMAGES + CLIPS)

    def visit(endpoint: str, path: Path, kept: list[float]) -> None:
        gate.wait()
        for _ in range(rounds):
            _record(times, url, endpoint, path, kept)

    threads = [
        threading.Thread(target=visit, args=("predict_image", path, times.images))
        for path in itertools.islice(itertools.cycle(images), IMAGES)
    ] + [
        threading.Thread(target=visit, args=("predict_video", path, times.clips))
        for path in itertools.islice(itertools.cycle(clips), CLIPS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def mixed(
    url: str, images: list[Path], clips: list[Path], seconds: float, pause: float, processes: App
) -> tuple[Times, list[int]]:
    """Let six clients send images, clips and damaged files at random; returns latencies and memory over time."""
    times, memory = Times(), []
    end = time.monotonic() + seconds
    folder = Path(tempfile.mkdtemp())
    broken = [folder / name for name in ("broken.jpg", "broken.mp4")]
    for path in broken:
        path.write_bytes(b"neither an image nor a clip")

    def visit(seed: int) -> None:
        dice = random.Random(seed)
        while time.monotonic() < end:
            draw = dice.random()
            if draw < 0.8:
                _record(times, url, "predict_image", dice.choice(images), times.images)
            elif draw < 0.9:
                _record(times, url, "predict_video", dice.choice(clips), times.clips)
            else:
                try:
                    ask(url, *dice.choice([("predict_image", broken[0]), ("predict_video", broken[1])]))
                    times.failures.append("a damaged file was accepted")
                except RuntimeError:
                    pass
            time.sleep(dice.uniform(0, 2 * pause))

    threads = [threading.Thread(target=visit, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        memory.append(processes.memory())
        time.sleep(max(0.5, seconds / 200))
    for thread in threads:
        thread.join()
    for path in broken:
        path.unlink()
    folder.rmdir()
    return times, memory


class App:
    """The processes of the app's copies and their children."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._roots = [app_process(url) for url in urls]

    def processes(self) -> list[int]:
        """Return the ids of the copies and their children."""
        return [process for root in self._roots for process in family_of(root)]

    def memory(self) -> int:
        """Return the resident memory of all of them in bytes."""
        return sum(resident_bytes(pid) for pid in self.processes())


@contextmanager
def running_copies(temporary: Path, count: int, **variables: str) -> Iterator[tuple[str, list[str]]]:
    """Start copies of the app; yield the address to ask, which is HAProxy's where there are several, and theirs."""
    with ExitStack() as copies:
        urls = []
        for number in range(count):
            (temporary / str(number)).mkdir()
            urls.append(copies.enter_context(running_app(temporary / str(number), **variables)))
        if count == 1:
            yield urls[0], urls
            return
        port = free_port()
        text = (ROOT / "examples" / "deploy" / "haproxy.cfg").read_text(encoding="utf-8")
        text = text.replace("bind :8080", f"bind 127.0.0.1:{port}")
        lines = [line for line in text.splitlines() if not line.strip().startswith("server ")]
        lines += [f"    server app{n} {url.split('/')[2]} cookie app{n}" for n, url in enumerate(urls)]
        (temporary / "haproxy.cfg").write_text("\n".join(lines) + "\n", encoding="utf-8")
        path = f"{os.environ.get('PATH', '')}:/usr/sbin"
        process = subprocess.Popen(
            [shutil.which("haproxy", path=path) or "haproxy", "-db", "-f", temporary / "haproxy.cfg"]
        )
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
            yield f"http://127.0.0.1:{port}/", urls
        finally:
            process.terminate()
            process.wait()


def main() -> int:
    """Run the benchmark; returns 1 when a request failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=30, help="duration of the mixed traffic (default %(default)s)")
    parser.add_argument(
        "--pause", type=float, default=0.2, help="mean seconds between two requests of a client (default %(default)s)"
    )
    parser.add_argument(
        "--rounds", type=int, default=2, help="requests of each of the fifty clients (default %(default)s)"
    )
    parser.add_argument("--copies", type=int, default=1, help="copies of the app (default %(default)s)")
    options = parser.parse_args()
    images = sorted((EXAMPLES / "images").glob("*.jpg"))
    clips = sorted((EXAMPLES / "clips").glob("*.mp4"))
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder)
        variables = {"VISTAZO_MAX_REQUESTS_PER_MINUTE": "1000000"}  # all clients have this machine's address
        with running_copies(temporary, options.copies, **variables) as (url, urls):
            app = App(urls)
            for path in images:
                ask(url, "predict_image", path)
            idle = app.memory()
            alone = [ask(url, "predict_image", path) for path in images * 5]

            stop = threading.Event()
            reader = threading.Thread(target=_read_clips, args=(url, clips, stop))
            reader.start()
            time.sleep(1)
            beside = [ask(url, "predict_image", path) for path in images * 5]
            stop.set()
            reader.join()

            many = crowd(url, images, clips, options.rounds)
            after = app.memory()
            traffic, memory = mixed(url, images, clips, options.seconds, options.pause, app)
            time.sleep(2)
            with urllib.request.urlopen(f"{url}healthz", timeout=30) as response:
                health = json.load(response)
            processes = len(app.processes())
        left = [path for path in temporary.glob("*/uploads/**/*") if path.is_file()]

    fifth = max(1, len(memory) // 5)
    growth = statistics.median(memory[-fifth:]) / statistics.median(memory[fifth : 2 * fifth] or memory) - 1
    slower = statistics.median(beside) / statistics.median(alone)
    rows = {
        "image alone": _summary(alone),
        "image beside a clip": f"{_summary(beside)}; {slower:.2f} times",
        "forty images at once": _summary(many.images),
        "and ten clips": _summary(many.clips),
        "failed in the crowd": len(many.failures),
        f"mixed traffic, {options.seconds:.0f} s": _summary(traffic.images),
        "of these": f"{len(traffic.images)} images, {len(traffic.clips)} clips, {len(traffic.failures)} failed",
        "memory when idle": f"{idle / 2**20:.0f} MB",
        "memory after the load": f"{after / 2**20:.0f} MB",
        "growth in mixed traffic": f"{growth:+.1%}",
        "at the end": f"{processes} processes, {health['requests']}, {len(left)} files remain",
    }
    for name, value in rows.items():
        print(f"{name:28}{value}")
    for failure in (many.failures + traffic.failures)[:5]:
        print("failed:", failure, file=sys.stderr)
    return 1 if many.failures or traffic.failures else 0


def _record(times: Times, url: str, endpoint: str, path: Path, kept: list[float]) -> None:
    try:
        seconds = ask(url, endpoint, path)
    except (RuntimeError, OSError) as error:
        with times.lock:
            times.failures.append(f"{endpoint}: {error}")
        return
    with times.lock:
        kept.append(seconds)


def _read_clips(url: str, clips: list[Path], stop: threading.Event) -> None:
    for path in itertools.cycle(clips):
        if stop.is_set():
            return
        ask(url, "predict_video", path)


def _summary(seconds: list[float]) -> str:
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    high = ordered[int(0.95 * (len(ordered) - 1))]
    return f"median {statistics.median(ordered) * 1000:.0f} ms, p95 {high * 1000:.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
