"""Calls of the Hub's client are tried again a few times, for a limited time, and only where that may help."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from model.errors import HubUnreachableError, ModelNotFoundError, VistazoError
from model.hub import http, retry
from model.hub.errors import Failure
from model.hub.http import Budget, DeadlineError, run_with_limits
from model.hub.retry import call_hub

BUDGET = Budget(seconds=60, attempt_seconds=30, body_bytes=1000)


@dataclass
class Clock:
    """Stands in for the module `time`: sleeping passes at once, and is noted."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(retry, "time", clock)
    return clock


def failing(times: float) -> Callable[[], str]:
    """Work that succeeds after so many failures."""
    failures: Iterator[int] = iter(range(int(min(times, 100))))

    def work() -> str:
        for number in failures:
            raise RuntimeError(f"failure {number + 1}")
        return "done"

    return work


def temporary(error: Exception, pause: float = 0.0) -> Failure:
    return Failure(HubUnreachableError(str(error)), may_pass=True, pause=pause)


def test_three_failures_are_followed_by_pauses_and_a_fourth_attempt(clock: Clock) -> None:
    sentences: list[str] = []

    assert call_hub(failing(3), BUDGET, temporary, sentences.append) == "done"
    assert clock.slept == [0.5, 1.0, 2.0]
    assert sentences == ["failure 1", "failure 2", "failure 3"]


def test_the_fourth_failure_is_raised(clock: Clock) -> None:
    with pytest.raises(HubUnreachableError, match="failure 4"):
        call_hub(failing(9), BUDGET, temporary, lambda _: None)


def test_without_somebody_to_tell_there_is_one_attempt(clock: Clock) -> None:
    with pytest.raises(HubUnreachableError, match="failure 1"):
        call_hub(failing(9), BUDGET, temporary)
    assert clock.slept == []


def test_a_failure_that_cannot_pass_is_raised_at_once(clock: Clock) -> None:
    with pytest.raises(ModelNotFoundError, match="failure 1"):
        call_hub(failing(9), BUDGET, lambda error: Failure(ModelNotFoundError(str(error))), lambda _: None)
    assert clock.slept == []


@pytest.mark.parametrize(("asked", "slept"), [(3.0, 3.0), (86400.0, 5.0), (0.0, 0.5)])
def test_the_pause_that_a_server_asks_for_has_a_limit(asked: float, slept: float, clock: Clock) -> None:
    assert call_hub(failing(1), BUDGET, lambda error: temporary(error, asked), lambda _: None) == "done"
    assert clock.slept == [slept]


def test_no_attempt_begins_after_the_time_has_passed(clock: Clock) -> None:
    budget = Budget(seconds=1.2, attempt_seconds=1, body_bytes=1000)

    with pytest.raises(HubUnreachableError, match="failure 2"):
        call_hub(failing(9), budget, temporary, lambda _: None)
    assert clock.slept == [0.5]


def test_work_that_was_done_in_spite_of_an_error_is_not_repeated(clock: Clock) -> None:
    assert call_hub(failing(9), BUDGET, temporary, lambda _: None, lambda: "already") == "already"
    assert clock.slept == []


def test_what_the_look_for_done_work_finds_out_ends_the_attempts(clock: Clock) -> None:
    def changed() -> None:
        raise VistazoError("somebody else was faster")

    with pytest.raises(VistazoError, match="somebody else"):
        call_hub(failing(9), BUDGET, temporary, lambda _: None, changed)


def test_work_that_hangs_outside_of_a_request_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "GRACE_SECONDS", 0.0)
    end = threading.Event()
    try:
        with pytest.raises(DeadlineError):
            run_with_limits(lambda: end.wait(60), BUDGET, 0.05)
    finally:
        end.set()


def test_a_time_out_of_the_work_itself_is_not_taken_for_the_deadline() -> None:
    def work() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        run_with_limits(work, BUDGET, 30)
