"""Predict many files in parts: on this machine or by an engine, once more after an interruption."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tqdm import tqdm

from model.bulk import one_machine
from model.bulk.listing import PART_SIZE
from model.bulk.part import PartDone, PartFailed, PartOutcome
from model.bulk.places import Place
from model.bulk.run_folder import Frozen, Job, freeze, frozen
from model.bulk.run_lock import RunLock, held, is_alive
from model.errors import SettingsError

# How often a part is tried before it is given up.
TRIES = 3
_MOST_NAMED = 20
_WAIT_FOR_LISTING = 1.0

# Predicts each part once. Whoever works on it may die: then the part has failed.
Engine = Callable[[Job, Iterable[int]], Iterator[PartOutcome]]


@dataclass(frozen=True)
class Share:
    """Which parts a run predicts: every `count`-th, from `number` on.

    Attributes:
        number: From 1 to `count`.
        count: How many runs share the work.
    """

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Share:
        """Read “3/16”.

        Raises:
            SettingsError: It is something else.
        """
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
        share = cls(int(found[1]), int(found[2])) if found else None
        if share is None or not 1 <= share.number <= share.count:
            raise SettingsError(f"--part should be I/N with I from 1 to N, such as 3/16. Received: {text[:40]}.")
        return share

    def parts(self, total: int) -> range:
        """Return the numbers of the parts, from 1."""
        return range(self.number, total + 1, self.count)

    @property
    def lock_name(self) -> str:
        """The name of the lock that this run holds."""
        return "run" if self.count == 1 else f"part-{self.number}-of-{self.count}"

    def excludes(self, lock_name: str) -> bool:
        """Return whether the run that holds that lock would predict some of the same parts."""
        others = re.fullmatch(r"part-\d+-of-(\d+)", lock_name)
        return lock_name == "run" or (others is not None and int(others[1]) != self.count)


@dataclass(frozen=True)
class Order:
    """What to predict, where and how.

    Attributes:
        job: The run.
        places: Folders and files.
        part_size: Images in a part.
        share: Which of the parts.
        engine: Who does the work.
    """

    job: Job
    places: Sequence[Place]
    part_size: int = PART_SIZE
    share: Share = Share()
    engine: Engine = one_machine.predict_parts


def run(order: Order, on_note: Callable[[str], None]) -> bool:
    """Predict the parts that are not done.

    Args:
        order: What to do.
        on_note: Receives sentences for the user.

    Returns:
        Whether all parts are done, and every file could be read.

    Raises:
        SettingsError: Another run works there, or the folder holds predictions with other settings.
        StorageError: The run's folder cannot be read or written.
        BundleError: The model cannot be loaded.
    """
    with _lock(order) as lock:
        found = _listing(order, on_note)
        mine = order.share.parts(found.parts)
        there = _numbers(order.job.predictions(1))
        left = [part for part in mine if part not in there]
        if len(left) < len(mine):
            on_note(f"{len(mine) - len(left):,} of {len(mine):,} parts are in “{order.job.out.text}” already.")
        failed = _predict(order, left, lock)
        return _report(order, mine, failed, on_note)


def _predict(order: Order, parts: Sequence[int], lock: RunLock) -> list[PartFailed]:
    """Predict parts; those that fail are tried again after all others. Returns those that are given up."""
    failed: list[PartFailed] = []
    with tqdm(total=len(parts), unit=" parts", disable=None) as bar:
        for _ in range(TRIES):
            failed = []
            for outcome in order.engine(order.job, parts):
                lock.check()
                if isinstance(outcome, PartDone):
                    bar.update()
                else:
                    failed.append(outcome)
            parts = sorted(one.part for one in failed)
            if not parts:
                break
    return failed


def _report(order: Order, mine: range, failed: Sequence[PartFailed], on_note: Callable[[str], None]) -> bool:
    """Say which files could not be read and which parts were given up; return whether there are none."""
    job = order.job
    bad = sorted(_numbers(job.errors(1)) & set(mine))
    named = 0
    for part in bad:
        for path, error in list(csv.reader(io.StringIO(job.errors(part).read().decode())))[1:]:
            if named < _MOST_NAMED:
                on_note(f"error: {path}: {error}")
            named += 1
    if named:
        more = f"; the first {_MOST_NAMED} are named above" if named > _MOST_NAMED else ""
        how_many = "1 file" if named == 1 else f"{named:,} files"
        on_note(f"{how_many} could not be read, or not to the end{more}. See “{job.out.text}/errors”.")
    for one in failed:
        files = job.files(one.part)
        on_note(
            f"Part {one.part} ({len(files):,} files from “{files[0].place.text}” to “{files[-1].place.text}”) "
            f"was given up after {TRIES} tries: {one.reason} The same command tries it again."
        )
    return not bad and not failed


def _numbers(table: Place) -> set[int]:
    """Return the numbers of the parts that have a table beside this one."""
    folder = Place(table.text.rpartition("/")[0])
    suffix = "." + table.name.rpartition(".")[2]
    stems = (name.removesuffix(suffix) for name in folder.names() if name.endswith(suffix))
    return {int(stem) for stem in stems if stem.isdecimal()}


def _listing(order: Order, on_note: Callable[[str], None]) -> Frozen:
    """Return the list of files; of several runs that begin together, one makes it and the others wait."""
    wanted = order.job, order.places, order.part_size
    while True:
        found = frozen(*wanted)
        if found is not None:
            return found
        lock = RunLock(order.job.out.child("locks/listing"))
        if lock.acquire():
            try:
                return frozen(*wanted) or freeze(*wanted, on_note)
            finally:
                lock.release()
        time.sleep(_WAIT_FOR_LISTING)


@contextlib.contextmanager
def _lock(order: Order) -> Iterator[RunLock]:
    """Hold the lock of this run; refuse to while a run that would do some of the same work is alive."""
    locks = order.job.out.child("locks")
    with RunLock(locks.child(order.share.lock_name)) as lock:
        for name in locks.names():
            other = locks.child(name)
            if name != order.share.lock_name and order.share.excludes(name) and is_alive(other):
                raise held(other)
        yield lock
