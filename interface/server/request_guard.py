"""Per-request guard: the rate limit is applied, errors become messages, outcomes are counted."""

from __future__ import annotations

import contextlib
import html
import json
import logging
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator

import gradio as gr

from interface.i18n.language import language_of, say, translated
from interface.server.rate_limit import RateLimit
from interface.server.storage import UploadStorage, is_full
from interface.server.visitor_address import address_of
from model.errors import BundleError, VistazoError

_log = logging.getLogger("vistazo")
_requests_log = logging.getLogger("vistazo.requests")


class RequestGuard:
    """Limits how many requests each visitor makes, turns their errors into messages, and counts the outcomes.

    Safe to use from several threads. Nothing about visitors is logged; their addresses are forgotten after a minute.

    Args:
        requests_per_minute: The limit for one visitor.
        storage: Where uploads are; asked to make room when the disk is full.
    """

    def __init__(self, requests_per_minute: int, storage: UploadStorage) -> None:
        self.storage = storage
        self._rate_limit = RateLimit(requests_per_minute)
        self._counts: Counter[str] = Counter()
        self._running = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def handle(self, request: gr.Request | None, endpoint: str, *, counted: bool = True) -> Iterator[str]:
        """Guard the handling of one request: every error in the block becomes a message for the visitor.

        A mistake that the visitor can correct is described in their language. A damaged model is not theirs to correct,
        and its message names directories: that and every unexpected error goes to the log.

        Args:
            request: The request; None for a call from Python.
            endpoint: The endpoint's name, for the log.
            counted: Whether the request counts towards the visitor's limit.

        Yields:
            The visitor's language.

        Raises:
            gr.Error: The block raised an error, or the visitor has reached the limit.
        """
        language, began, outcome = language_of(request), time.monotonic(), "answered"
        with self._lock:
            self._running += 1
        try:
            if counted:
                self.admit(request)
            yield language
        except GeneratorExit:
            outcome = "left"
            raise
        except gr.Error:
            outcome = "refused"
            raise
        except Exception as error:
            if isinstance(error, VistazoError) and not isinstance(error, BundleError):
                outcome = "refused"
                # Gradio renders the message as HTML, and it holds the file's name.
                raise gr.Error(html.escape(translated(error, language), quote=False), print_exception=False) from error
            outcome = "failed"
            if is_full(error):
                _log.warning("the disk is full")
                self.storage.make_room()
                raise gr.Error(say(language, "disk_full"), print_exception=False) from error
            if isinstance(error, BundleError):  # about the model, not about an upload
                _log.exception("a request failed")
            else:
                log_fault("a request failed", error)
            raise gr.Error(say(language, "unexpected"), print_exception=False) from error
        finally:
            self._count(endpoint, outcome, time.monotonic() - began)

    def admit(self, request: gr.Request | None) -> None:
        """Count a request towards the visitor's limit.

        Raises:
            gr.Error: The visitor has reached it.
        """
        if not self._rate_limit.admits(address_of(request)):
            sentence = say(language_of(request), "too_often", most=self._rate_limit.per_minute)
            raise gr.Error(sentence, print_exception=False)

    def counts(self) -> dict[str, int]:
        """Return the number of requests by outcome: answered, refused, failed, left."""
        with self._lock:
            return dict(self._counts)

    def running(self) -> int:
        """Return the number of requests that are being handled."""
        with self._lock:
            return self._running

    def _count(self, endpoint: str, outcome: str, seconds: float) -> None:
        with self._lock:
            self._running -= 1
            self._counts[outcome] += 1
        line = {"event": "request", "endpoint": endpoint, "outcome": outcome, "milliseconds": round(seconds * 1000)}
        _requests_log.info(json.dumps(line))


def reason_of(error: gr.Error) -> str:
    """Return the sentence of an error that `RequestGuard.handle` raised, as plain text."""
    return html.unescape(str(error.message))


def log_fault(what: str, error: BaseException) -> None:
    """Log where an unexpected error happened, without the error's own words: they may name an upload."""
    links = [error]
    while (before := links[-1].__cause__ or links[-1].__context__) is not None and before not in links:
        links.append(before)
    places = (f"{type(link).__name__}\n{''.join(traceback.format_tb(link.__traceback__))}" for link in reversed(links))
    _log.error("%s: %s", what, "from it: ".join(places).rstrip())
