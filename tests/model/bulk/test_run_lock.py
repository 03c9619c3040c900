"""The lock of a run: one run at a time, and one that died is taken over."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model.bulk import run_lock
from model.bulk.places import Place, place
from model.bulk.run_lock import RunLock
from model.errors import SettingsError


@pytest.fixture
def file(tmp_path: Path) -> Place:
    return place(str(tmp_path / "locks" / "run"))


def written_by(machine: str | None, process: int, age: float = 0) -> bytes:
    return json.dumps(
        {"id": "other", "host": "node7", "machine": machine, "process": process, "time": time.time() - age}
    ).encode()


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_second_run_is_refused_while_the_first_works_and_admitted_after_it(file: Place) -> None:
    with RunLock(file), pytest.raises(SettingsError, match=r"is held by process .* a run that is working"):
        RunLock(file).__enter__()
    with RunLock(file):
        pass
    assert not file.exists()


def test_the_lock_of_a_process_that_was_killed_on_this_machine_is_taken_over_at_once(file: Place) -> None:
    file.create(written_by(run_lock._machine() or "this", ended_process()))

    assert RunLock(file, stale=5 if run_lock._machine() else 0.1).acquire()


def test_a_run_on_another_machine_that_shows_no_sign_of_life_is_taken_over(file: Place) -> None:
    file.create(written_by("another", 1, age=-3600))  # its clock is an hour ahead

    assert RunLock(file, stale=0.2).acquire()


def test_a_run_on_another_machine_that_writes_its_lock_is_alive(file: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    file.create(written_by("another", 1))
    looks = iter([lambda: None, lambda: file.write(written_by("another", 1))])
    monkeypatch.setattr(run_lock.time, "sleep", lambda _: next(looks)())

    assert not RunLock(file, stale=60).acquire()


def test_a_run_whose_lock_was_taken_over_stops(file: Place) -> None:
    lock = RunLock(file, beat=0.3)
    with lock:
        file.write(written_by("another", 1))
        assert lock._thread is not None
        lock._thread.join(20)
        with pytest.raises(SettingsError, match="Another run took over"):
            lock.check()
    assert file.exists()  # the other's


def test_a_lock_is_written_again_while_the_run_works(file: Place) -> None:
    with RunLock(file, beat=0.01):
        first = file.read()
        until = time.monotonic() + 20
        while file.read() == first and time.monotonic() < until:
            time.sleep(0.01)
        assert file.read() != first
