"""Deadlines and size limits for the requests of the Hub's client, which has none of its own.

Measured on `huggingface_hub` 2.4: it resumes downloads and tries again after 408, 429 and 5xx, but its calls that look
at a repository wait for ever on a server that accepts and never responds, `Retry-After: 86400` is obeyed to the second,
and bodies may be of any length. The limits sit in the event hooks of the client's own HTTP session, so that proxies,
certificates and tokens stay its business.
"""

from __future__ import annotations

import contextvars
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")

# The longest silence: before the connection is made, or between two pieces of a response.
REQUEST_SECONDS = 10.0
# The longest pause that a server may ask for ("Retry-After").
MAX_RETRY_AFTER = 5
# What a call may take longer than its deadline, before the thread that hangs is left behind.
GRACE_SECONDS = 2.0


class DeadlineError(Exception):
    """The time for a call has passed; no `OSError`, because the client would try those again.

    Attributes:
        status: That of the last response, where it was an error that the client was retrying.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class BodyTooLargeError(Exception):
    """A server sends more than was announced."""


@dataclass(frozen=True)
class Budget:
    """How much time a call may take, and how much it may receive.

    Attributes:
        seconds: For all attempts together.
        attempt_seconds: For one of them: a response that drips is given up, and asked for again.
        body_bytes: The largest response body.
        request_seconds: The longest silence of a server; None for `REQUEST_SECONDS`.
        max_pause: The longest pause in seconds that a server may ask for between two attempts.
    """

    seconds: float
    attempt_seconds: float
    body_bytes: int
    request_seconds: float | None = None
    max_pause: float = MAX_RETRY_AFTER


@dataclass
class _Limits:
    end: float  # on the clock of time.monotonic
    budget: Budget
    status: int | None = None  # of the last response, when it was an error

    def seconds_left(self) -> float:
        left = self.end - time.monotonic()
        if left <= 0:
            raise DeadlineError("the time has passed", self.status)
        return left


_LIMITS: contextvars.ContextVar[_Limits | None] = contextvars.ContextVar("vistazo_limits", default=None)


def configure_client() -> None:
    """Set the Hub's client up for this process; each program calls it once when it starts.

    Its requests then keep the limits of `run_with_limits`; requests outside of it stay as they were. Downloads use
    plain HTTP, because the Xet client, written in Rust, knows none of these limits. The client's own lines about failed
    requests are left out: messages of ours say what they mean.
    """
    from huggingface_hub import constants, set_client_factory
    from huggingface_hub.utils import disable_progress_bars, logging
    from huggingface_hub.utils._http import default_client_factory

    def client() -> Any:
        session = default_client_factory()
        hooks = session.event_hooks
        session.event_hooks = {
            "request": [*hooks["request"], _limit_request],
            "response": [*hooks["response"], _limit_response],
        }
        return session

    constants.HF_HUB_DISABLE_XET = True
    set_client_factory(client)
    if "HF_HUB_VERBOSITY" not in os.environ:
        logging.set_verbosity_error()
    warnings.filterwarnings("ignore", module=r"huggingface_hub\.")  # they repeat the server's words about a card
    if not sys.stderr.isatty():
        disable_progress_bars()


def run_with_limits(work: Callable[[], Result], budget: Budget, seconds: float) -> Result:
    """Call the Hub's client once, and give up when the time has passed.

    Every request gets time-outs, pauses and a body that fit the limits. If something hangs all the same (a name
    server, another process that holds a file's lock), the thread that does the work is left behind.

    Args:
        work: Calls the client in the thread that it is called in, and in no other.
        budget: The limits.
        seconds: What is left of them for this attempt, 0 or more.

    Raises:
        DeadlineError: The time has passed.
    """
    limits = _Limits(time.monotonic() + seconds, budget)
    future: Future[Result] = Future()

    def run() -> None:
        _LIMITS.set(limits)  # of this thread alone
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="hub").start()
    try:
        return future.result(seconds + GRACE_SECONDS)
    except TimeoutError as error:
        if future.done():  # the work's own error, which only looks like ours
            raise
        raise DeadlineError(f"no response in {seconds:.0f} s") from error


def _limit_request(request: Any) -> None:
    limits = _LIMITS.get()
    if limits is None:
        return
    longest = min(limits.budget.request_seconds or REQUEST_SECONDS, limits.seconds_left())
    request.headers["accept-encoding"] = "identity"  # sizes are bounded before anything is unpacked
    given = request.extensions.get("timeout", {})
    request.extensions["timeout"] = {
        kind: longest if given.get(kind) is None else min(longest, given[kind])
        for kind in ("connect", "read", "write", "pool")
    }


def _limit_response(response: Any) -> None:
    limits = _LIMITS.get()
    if limits is None:
        return
    limits.status = response.status_code if response.status_code >= 400 else None
    pause = response.headers.get("retry-after", "")
    if pause.strip().isdigit():
        response.headers["retry-after"] = str(min(int(pause), MAX_RETRY_AFTER, int(limits.seconds_left())))
    response.headers.pop("ratelimit", None)  # names a pause of its own, which the client obeys as well
    response.stream = _limited_stream(response.stream, limits)


def _limited_stream(stream: Any, limits: _Limits) -> Any:
    """Return a body that ends with the deadline, also when it drips, and at the largest size."""
    from httpx2 import SyncByteStream

    class LimitedStream(SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            received = 0
            for piece in stream:
                limits.seconds_left()
                received += len(piece)
                if received > limits.budget.body_bytes:
                    raise BodyTooLargeError(f"more than {limits.budget.body_bytes:,} bytes")
                yield piece

        def close(self) -> None:
            stream.close()

    return LimitedStream()
