"""Read damaged files one by one, each in a forked process that may take so much time and memory and no more.

Linux only: processes are forked and their memory is looked up in /proc.
"""

from __future__ import annotations

import faulthandler
import json
import os
import random
import resource
import select
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz.mutations import mutate
from tests.fuzz.targets import Target, verdict

# Of the processor, so that a busy machine changes nothing; sleeping counts on the clock.
CPU_SECONDS = 20
CLOCK_SECONDS = 120
MEMORY_BYTES = 2**30
_ADDRESS_SPACE = 8 * 2**30  # only so that a finding cannot take the whole machine
FINDINGS = ("crash", "hang", "memory", "unexpected")


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Attributes:
        word: “answered”, “refused”, or one of `FINDINGS`.
        detail: For a finding, what is known about it.
        seconds: Of the processor.
        memory: Peak of the process, in bytes above its start.
    """

    word: str
    detail: str
    seconds: float
    memory: int


@dataclass
class Tally:
    """What became of all files of a target so far."""

    words: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    largest: int = 0

    def add(self, outcome: Outcome) -> None:
        self.words[outcome.word] += 1
        self.slowest = max(self.slowest, outcome.seconds)
        self.largest = max(self.largest, outcome.memory)

    def __str__(self) -> str:
        counts = ", ".join(f"{self.words[word]:,} {word}" for word in ("answered", "refused", *FINDINGS))
        return (
            f"{self.words.total():,} files: {counts}; at most {self.slowest:.1f} s and {self.largest / 2**20:.0f} MiB"
        )


def run_apart(
    check: Callable[[Path], str], path: Path, *, cpu: int = CPU_SECONDS, memory: int = MEMORY_BYTES
) -> Outcome:
    """Read one file in a process of its own.

    Args:
        check: Reads a file; see `Target.check`.
        path: The file.
        cpu: Seconds of the processor after which it counts as hanging.
        memory: Bytes above the start after which it counts as taking too much.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(check, path, writing, cpu)
    os.close(writing)
    said, in_time = _read_until(reading, time.monotonic() + CLOCK_SECONDS)
    if not in_time:
        os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    os.close(reading)
    start, _, said = said.partition(b"\n")
    peak = used.ru_maxrss * 1024 - int(start)
    seconds = used.ru_utime + used.ru_stime
    word, detail = _reading_of(said, status, in_time)
    if word in ("answered", "refused") and peak > memory:
        word, detail = "memory", f"{word}, but took {peak / 2**20:.0f} MiB more than at its start"
    return Outcome(word, detail, seconds, peak)


def cases(target: Target, seed: int, name: str, folders: list[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield files without end: first the whole ones as they are, then damaged ones; the same for the same seed."""
    seeds = target.seeds()
    for folder in folders if target.takes_files else []:
        seeds |= {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    yield from seeds.items()
    names, contents = list(seeds), list(seeds.values())
    number = 0
    while True:
        rng = random.Random(f"{seed}/{name}/{number}")
        chosen = rng.choice(names)
        yield chosen, mutate(seeds[chosen], rng, contents)
        number += 1


def keep_finding(folder: Path, name: str, content: bytes, detail: str) -> None:
    """Write a file that broke something into a folder of its own, with what it did."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    (folder / "what-happened.txt").write_text(detail, encoding="utf-8")


def fuzz(
    name: str,
    target: Target,
    *,
    seed: int,
    files: int | None,
    minutes: float | None,
    folders: list[Path],
    keep: Path,
    say: Callable[[str], None],
) -> Tally:
    """Run a target for so many files or minutes, keep what breaks it in `keep`, and return the counts."""
    tally = Tally()
    end = None if minutes is None else time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory(prefix="vistazo-fuzz-") as work:
        for number, (file, content) in enumerate(cases(target, seed, name, folders)):
            if (files is not None and number >= files) or (end is not None and time.monotonic() >= end):
                break
            path = Path(work) / file
            path.write_bytes(content)
            outcome = run_apart(target.check, path)
            tally.add(outcome)
            if outcome.word in FINDINGS:
                folder = keep / f"{name}-{seed}-{number}-{outcome.word}"
                keep_finding(folder, file, content, outcome.detail)
                last = outcome.detail.strip().splitlines()[-1:]
                say(f"{outcome.word}: {folder / file}: {''.join(last)[:200]}")
            path.unlink()
    return tally


def _child(check: Callable[[Path], str], path: Path, writing: int, cpu: int) -> None:
    """Read the file, write the memory at the start and what became of it to a pipe, and never return."""
    os.write(writing, b"%d\n" % _resident())
    try:
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silent, stream)
        faulthandler.enable(writing)
        faulthandler.register(signal.SIGXCPU, writing, all_threads=True, chain=True)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_virtual() + _ADDRESS_SPACE,) * 2)
        said: dict[str, Any] = {"word": verdict(check, path), "detail": ""}
    except BaseException:
        said = {"word": "unexpected", "detail": traceback.format_exc()[-20_000:]}
    try:
        os.write(writing, b"\0" + json.dumps(said).encode())
    finally:
        os._exit(0)


def _reading_of(said: bytes, status: int, in_time: bool) -> tuple[str, str]:
    """Return what a process's last words and its exit status mean."""
    _, separator, answer = said.rpartition(b"\0")
    if separator and os.WIFEXITED(status):
        parsed = json.loads(answer)
        return parsed["word"], parsed["detail"]
    text = said.decode("utf-8", "replace")
    if not in_time:
        return "hang", f"{text}\nno answer after {CLOCK_SECONDS} s"
    killed = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"exit status {status}"
    if killed in ("SIGXCPU", "SIGKILL"):
        return "hang", f"{text}\n{killed}: too many seconds of the processor"
    return "crash", f"{text}\n{killed}"


def _read_until(pipe: int, end: float) -> tuple[bytes, bool]:
    """Return what was written to a pipe, and whether it was closed in time."""
    said = b""
    while True:
        ready, _, _ = select.select([pipe], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return said, False
        piece = os.read(pipe, 65536)
        if not piece:
            return said, True
        said += piece


def _pages(field_number: int) -> int:
    text = Path("/proc/self/statm").read_text(encoding="ascii")
    return int(text.split()[field_number]) * resource.getpagesize()


def _virtual() -> int:
    return _pages(0)


def _resident() -> int:
    return _pages(1)
