"""The one loop in which calls of the Hub's client are tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from model.hub.errors import Failure
from model.hub.http import Budget, run_with_limits

Result = TypeVar("Result")
# Called with a sentence before each further attempt.
OnRetry = Callable[[str], object]

# In seconds, after each attempt but the last: four attempts outlast three failures in a row.
PAUSES = (0.5, 1.0, 2.0)


def call_hub(
    work: Callable[[], Result],
    budget: Budget,
    describe: Callable[[Exception], Failure],
    on_retry: OnRetry | None = None,
    already_done: Callable[[], Result | None] = lambda: None,
) -> Result:
    """Call `work` until it succeeds, a few times, and only where another attempt may help.

    Args:
        work: Calls the client in the thread that it is called in, and in no other.
        budget: The limits.
        describe: Says what an error of the client means.
        on_retry: Called with a sentence before each further attempt; None for a single attempt.
        already_done: Called after an error; returns the result where the work was done all the same.

    Raises:
        VistazoError: What `describe` made of the last error.
    """
    end = time.monotonic() + budget.seconds
    for pause in (*PAUSES, None) if on_retry else (None,):
        seconds = max(0.0, min(end - time.monotonic(), budget.attempt_seconds))
        try:
            return run_with_limits(work, budget, seconds)
        except Exception as error:
            failure = describe(error)
            if failure.may_pass and (result := already_done()) is not None:
                return result
            wait = max(pause or 0.0, min(failure.pause, budget.max_pause))
            if not on_retry or pause is None or not failure.may_pass or time.monotonic() + wait >= end:
                raise failure.error from error
            on_retry(failure.error.sentence)
        time.sleep(wait)
    raise AssertionError("the last attempt returns or raises")
