"""One call of the Hub's client on behalf of a push: tried a few times, and never for ever."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from model.bundle import MAX_JSON_BYTES
from model.errors import HubUnreachableError
from model.hub.download import SLOWEST_BYTES_PER_SECOND, WAITS
from model.hub.http import within
from train.publish.errors import BusyError, OvertakenError, explain_push

Result = TypeVar("Result")

# For one question or one commit, and for the part of an upload that does not depend on its size; with all tries.
CALL_SECONDS = 60.0
# The longest wait that a server may ask for between two tries: longer than in the app, where somebody waits for a page.
LONGEST_PAUSE = 30.0
# What is sent is checked and stored before it is answered.
STORING_SECONDS = 30.0


@dataclass(frozen=True)
class Target:
    """Where to.

    Attributes:
        repository: "user/name".
        kind: "model" or "space".
        branch: None for the default branch.
        as_request: Open a pull request instead of changing the branch.
    """

    repository: str
    kind: str = "model"
    branch: str | None = None
    as_request: bool = False


def trying(
    target: Target,
    work: Callable[[], Result],
    *,
    size: int = 0,
    answer_seconds: float | None = None,
    already_there: Callable[[], Result | None] = lambda: None,
) -> Result:
    """Call `work` until it succeeds, a few times.

    Args:
        target: What it is about, for messages.
        work: Calls the client in the thread it is called in, and in no other.
        size: Bytes that it sends, which may take their time.
        answer_seconds: How long one answer may stay away; None for the usual time.
        already_there: Asked after an error whether the work was done all the same; returns its result then.

    Raises:
        PushError: Another try would not help.
        HubUnreachableError: No try succeeded.
    """
    sending = size / SLOWEST_BYTES_PER_SECOND
    end, a_try = time.monotonic() + CALL_SECONDS + sending, CALL_SECONDS / 2 + sending  # an answer that drips is left
    for wait in (*WAITS, None):
        try:
            return within(max(0.0, min(a_try, end - time.monotonic())), MAX_JSON_BYTES, work, answer_seconds)
        except Exception as error:
            told, asked_to_wait = explain_push(error, target.repository, target.branch, uploading=size > 0)
            may_help = isinstance(told, HubUnreachableError | BusyError)
            if (may_help or isinstance(told, OvertakenError)) and (done := already_there()) is not None:
                return done
            pause = None if wait is None else max(wait, min(asked_to_wait, LONGEST_PAUSE))
            if pause is None or not may_help or time.monotonic() + pause >= end:
                raise told from error
            print(f"{str(told).partition('. ')[0].rstrip('.')}. Trying again.", file=sys.stderr)
        time.sleep(pause)
    raise AssertionError("the last try returns or raises")
