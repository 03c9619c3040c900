"""Deadlines for the Hub's client, which has none of its own.

Measured on `huggingface_hub` 2.4: the calls that ask about a repository wait for ever on a server
that accepts and never answers, and `Retry-After: 86400` is obeyed to the second. The limits sit in
the hooks of the client's own HTTP session, so that proxies, certificates and tokens stay its business.
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
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

Result = TypeVar("Result")

# How long one answer may stay away: connecting, or between two pieces of it.
REQUEST_SECONDS = 10.0
# The longest wait that a server may ask for ("Retry-After").
LONGEST_WAIT = 5


class DeadlineError(Exception):
    """The time for a piece of work has passed; no `OSError`, because the client would try those again.

    Attributes:
        status: That of the last answer, where it was an error that the client was trying to outlast.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class BodyTooLargeError(Exception):
    """A server sends more than was announced."""


@dataclass
class _Limits:
    end: float  # on the clock of time.monotonic
    body_bytes: int
    answer_seconds: float
    status: int | None = None  # of the last answer, when it was an error


_LIMITS: contextvars.ContextVar[_Limits | None] = contextvars.ContextVar("vistazo_limits", default=None)


def within(seconds: float, body_bytes: int, work: Callable[[], Result], answer_seconds: float | None = None) -> Result:
    """Do a piece of work with the Hub's client, and give up when the time has passed.

    Every request in it gets time-outs, waits and bodies that fit the limits. Should something hang all
    the same, the thread that does the work is left behind.

    Args:
        seconds: For all of it, 0 or more.
        body_bytes: The largest body that a server may send.
        work: Calls the client in the thread it is called in, and in no other.
        answer_seconds: How long one answer may stay away; None for `REQUEST_SECONDS`.

    Raises:
        DeadlineError: The time has passed.
    """
    limit_requests()
    future: Future[Result] = Future()

    def run() -> None:
        try:
            with _limits(seconds, body_bytes, answer_seconds or REQUEST_SECONDS):
                result = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, daemon=True, name="hub").start()
    try:
        return future.result(seconds + 2)
    except TimeoutError as error:
        if future.done():  # the work's own error, which only looks like ours
            raise
        raise DeadlineError(f"no answer in {seconds:.0f} s") from error


@cache
def limit_requests() -> None:
    """Make the client of this process keep the limits of `within`; other requests of it stay as they were.

    Downloads go over plain HTTP: the Xet client, written in Rust, knows none of these limits.
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
        logging.set_verbosity_error()  # each failed request would be a line; we say what comes of them
    warnings.filterwarnings("ignore", module=r"huggingface_hub\.")  # the server's own words about a card, among others
    if not sys.stderr.isatty():
        disable_progress_bars()


@contextmanager
def _limits(seconds: float, body_bytes: int, answer_seconds: float) -> Iterator[None]:
    token = _LIMITS.set(_Limits(time.monotonic() + seconds, body_bytes, answer_seconds))
    try:
        yield
    finally:
        _LIMITS.reset(token)


def _seconds_left(limits: _Limits) -> float:
    left = limits.end - time.monotonic()
    if left <= 0:
        raise DeadlineError("the time has passed", limits.status)
    return left


def _limit_request(request: Any) -> None:
    limits = _LIMITS.get()
    if limits is None:
        return
    longest = min(limits.answer_seconds, _seconds_left(limits))
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
    wait = response.headers.get("retry-after", "")
    if wait.strip().isdigit():
        response.headers["retry-after"] = str(min(int(wait), LONGEST_WAIT, int(_seconds_left(limits))))
    response.headers.pop("ratelimit", None)  # names a wait of its own, which the client obeys as well
    response.stream = _limited(response.stream, limits)


def _limited(stream: Any, limits: _Limits) -> Any:
    from httpx2 import SyncByteStream

    class LimitedStream(SyncByteStream):
        """A body that ends with the deadline, also when it drips, and at the largest size."""

        def __iter__(self) -> Iterator[bytes]:
            received = 0
            for piece in stream:
                _seconds_left(limits)
                received += len(piece)
                if received > limits.body_bytes:
                    raise BodyTooLargeError(f"more than {limits.body_bytes:,} bytes")
                yield piece

        def close(self) -> None:
            stream.close()

    return LimitedStream()
