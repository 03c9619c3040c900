"""Damaged images and clips through the app's own endpoints, as a browser sends them; the app runs meanwhile."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
import urllib.error
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tests.fuzz.run import FINDINGS, MEMORY_BYTES, cases, keep_finding
from tests.fuzz.targets import TARGETS, Target
from tests.support.serving import app_process, asked_as_a_browser, family_of, running_app

# On a busy machine a file waits for others; a hang is longer than every limit of the app for a file that small.
_SECONDS = 400.0
_AT_ONCE = 4
_ENDPOINTS = {"image": "predict_image", "clip": "predict_video"}


@dataclass
class Tally:
    """What became of all files so far."""

    words: Counter[str] = field(default_factory=Counter)
    largest: int = 0

    def __str__(self) -> str:
        counts = ", ".join(f"{self.words[word]:,} {word}" for word in ("answered", "refused", *FINDINGS))
        return f"{self.words.total():,} files through the app: {counts}; all processes at most {self.largest >> 20} MiB"


def fuzz_app(
    *,
    seed: int,
    files: int | None,
    minutes: float | None,
    folders: list[Path],
    keep: Path,
    say: Callable[[str], None],
) -> Tally:
    """Send so many files, or for so many minutes, and keep in `keep` what the app does not answer as it should."""
    tally = Tally()
    end = None if minutes is None else time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory(prefix="vistazo-fuzz-") as work:
        app = running_app(Path(work), VISTAZO_MAX_REQUESTS_PER_MINUTE="1000000")
        with app as url, ThreadPoolExecutor(_AT_ONCE) as senders:
            log = Path(work) / "app.log"
            root = app_process(url)
            said = log.stat().st_size
            everything = islice(enumerate(_mixed(seed, folders)), files)
            while end is None or time.monotonic() < end:
                some = list(islice(everything, 4 * _AT_ONCE))
                if not some:
                    break
                sent = [senders.submit(outcome, url, kind, file, content) for _, (kind, file, content) in some]
                while not all(answer.done() for answer in sent):
                    tally.largest = max(tally.largest, memory_of(root))
                    time.sleep(0.02)
                unforeseen = b"Traceback" in log.read_bytes()[said:]
                said = log.stat().st_size
                for (number, (kind, file, content)), answer in zip(some, sent, strict=True):
                    word, detail = answer.result()
                    tally.words[word] += 1
                    if word in FINDINGS or unforeseen:
                        keep_finding(keep / f"app-{kind}-{seed}-{number}-{word}", file, content, detail)
                        say(f"{word}: {kind} {number} {file}: {detail[:200]}")
                if unforeseen:
                    tally.words["unexpected"] += 1
                    keep_finding(
                        keep / f"app-{seed}-{some[0][0]}-log", "app.log", log.read_bytes(), "a traceback in the log"
                    )
    if tally.largest > MEMORY_BYTES:
        tally.words["memory"] += 1
    return tally


def outcome(url: str, kind: str, name: str, content: bytes) -> tuple[str, str]:
    """Upload a file, ask about it, and return what became of it, in a word, and for a finding in many."""
    try:
        stream = asked_as_a_browser(url, _ENDPOINTS[kind], name, content, _SECONDS)
    except urllib.error.HTTPError as error:
        return "unexpected", f"status {error.code}: {error.read()[:500]!r}"
    except TimeoutError as error:
        return "hang", str(error)
    except OSError as error:
        return "crash", repr(error)
    event, _, data = stream.strip().rpartition("\n")
    if event.endswith("event: complete"):
        return "answered", ""
    with contextlib.suppress(ValueError, AttributeError):
        sentence = json.loads(data.removeprefix("data: ")).get("error")
        if isinstance(sentence, str) and sentence.endswith(".") and "\n" not in sentence and "our side" not in sentence:
            return "refused", sentence
    return "unexpected", stream[-500:]


def memory_of(root: int) -> int:
    """Return the memory of a process and its children, in bytes; what they share is counted once."""
    return sum(_proportional(process) for process in family_of(root))


def _proportional(process: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _mixed(seed: int, folders: list[Path]) -> Iterator[tuple[str, str, bytes]]:
    """Yield images and clips without end, four images a clip: clips take longer."""
    kinds: dict[str, Target] = {kind: TARGETS[kind] for kind in _ENDPOINTS}
    sources = {kind: cases(target, seed, f"app-{kind}", folders) for kind, target in kinds.items()}
    while True:
        for kind in ("image", "image", "image", "image", "clip"):
            yield kind, *next(sources[kind])
