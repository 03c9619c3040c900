"""What Gradio remembers about visitors between their requests, kept small: each program that calls is a new visitor."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import AsyncIterator
from copy import copy
from typing import Any

import gradio as gr
from fastapi import FastAPI, HTTPException
from gradio.blocks import Blocks
from gradio.queueing import AsyncQueue, EventMessage, Queue
from gradio.route_utils import FileUploadProgress
from gradio.routes import file_upload_statuses
from gradio.server_messages import ProcessCompletedMessage
from gradio.state_holder import SessionState, StateHolder
from gradio.utils import LRUCache

MOST_SESSIONS = 1000  # remembered at once
# A clip brings about one answer a second: whoever leaves so many unread has left, or wants to fill the memory.
MOST_UNREAD = 120
_TIDY_EVERY = 60.0
# Callers choose the names of their sessions; Gradio's have ten characters, those of its clients 36.
_LONGEST_NAME = 100
_TOO_LONG = f"A session_hash should have at most {_LONGEST_NAME} characters. Choose a shorter one."
_UNREAD = "Nobody has read the answers for a while, so the work was given up. Ask again."


@contextlib.asynccontextmanager
async def remember_little(app: FastAPI) -> AsyncIterator[None]:
    """Bound what is remembered, for as long as the web application runs (its “lifespan”)."""
    page: Blocks = app.get_blocks()  # type: ignore[attr-defined]
    holder = Sessions()
    holder.set_blocks(page)
    app.state_holder = holder  # type: ignore[attr-defined]
    page._queue.pending_messages_per_session = Messages(page._queue)
    tidying = asyncio.create_task(_tidy(page))
    try:
        yield
    finally:
        tidying.cancel()


class Sessions(StateHolder):
    """The visitors' sessions. Gradio's own describe every component of the page anew for each: a third of a request."""

    def __getitem__(self, session_id: str) -> SessionState:
        """Return a visitor's session, a new one when there is none."""
        if len(session_id) > _LONGEST_NAME:
            raise gr.Error(_TOO_LONG, print_exception=False)
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks)
        return super().__getitem__(session_id)


class Session(SessionState):
    """What one visitor has changed of the page, without the descriptions that only links into a session need."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks_config = copy(blocks.default_config)
        self.config_values: dict[int, dict[str, Any]] = {}
        self.state_data = {}
        self._state_ttl: dict[int, tuple[float | None, datetime.datetime]] = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = 3600

    def __setitem__(self, key: int, value: Any) -> None:
        """Keep what a visitor's component has become."""
        super().__setitem__(key, value)
        self.config_values.clear()

    def _update_config(self, key: int) -> None:
        """Describe nothing."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Describe nothing."""


class Messages(LRUCache):
    """The answers that wait to be read, by session.

    Gradio forgets the session that began first when there are too many, were its clip still being read; this forgets
    sessions whose work is done, and with them what the queue knows of their events.

    Args:
        queue: Whose answers they are.
        most: Sessions remembered at once.
    """

    def __init__(self, queue: Queue, most: int = MOST_SESSIONS) -> None:
        super().__init__(most)
        self._queue = queue

    def __setitem__(self, session: str, unread: AsyncQueue[EventMessage]) -> None:
        """Remember a new session, and forget another when there are too many."""
        if len(session) > _LONGEST_NAME:
            raise HTTPException(422, _TOO_LONG)
        while session not in self and len(self) >= self.max_size:
            self._forget(next((other for other in self if self._is_done(other)), next(iter(self))))
        super().__setitem__(session, _Unread(self._queue, session))

    def forget_done(self) -> None:
        """Forget the sessions whose answers were all read, and what the queue knows of sessions forgotten before."""
        known = self._queue.pending_event_ids_session
        for session in [session for session, events in known.items() if session not in self or not events]:
            if session not in self or self._is_idle(session):
                self._forget(session)

    def _is_done(self, session: str) -> bool:
        events = self._queue.pending_event_ids_session.get(session, set())
        return not any(event in self._queue.event_ids_to_events for event in events)

    def _is_idle(self, session: str) -> bool:
        """Say whether a session waits for nothing; one with a reader asks for its messages a few times a minute."""
        unread = self[session]
        return self._is_done(session) and unread.qsize() == 0 and not getattr(unread, "_getters", ())

    def _forget(self, session: str) -> None:
        self.pop(session, None)
        self._queue.pending_event_ids_session.pop(session, None)


class _Unread(AsyncQueue):
    """The unread answers of one session; with too many of them its work is given up."""

    def __init__(self, queue: Queue, session: str) -> None:
        super().__init__()
        self._of, self._session = queue, session

    def put_nowait(self, message: EventMessage) -> None:
        """Add an answer."""
        if self.qsize() < MOST_UNREAD or isinstance(message, ProcessCompletedMessage):
            return super().put_nowait(message)
        while not self.empty():
            self.get_nowait()
        for event in list(self._of.pending_event_ids_session.get(self._session, ())):
            end = ProcessCompletedMessage(output={"error": _UNREAD}, success=False, event_id=event)
            super().put_nowait(end)
        self._giving_up = asyncio.ensure_future(self._of.clean_events(session_hash=self._session))


class Uploads:
    """What Gradio knows of uploads for those who watch them arrive, forgotten a while after they have.

    Gradio forgets an upload only when somebody has watched its end, and never that somebody asked for it.

    Args:
        progress: Where Gradio keeps it.
        most: Uploads remembered at once.
    """

    def __init__(self, progress: FileUploadProgress, most: int = MOST_SESSIONS) -> None:
        self._progress, self._most = progress, most
        self._ended: set[str] = set()

    def forget_ended(self) -> None:
        """Forget the uploads that had ended the last time already, and the oldest where there are too many."""
        known, asked = self._progress._statuses, self._progress._signals
        for name in list(known)[: max(0, len(known) - self._most)]:
            self._ended.add(name)
        for name in self._ended:
            self._progress.stop_tracking(name)
        self._ended = {name for name, upload in known.items() if upload.is_done}
        for name in [name for name, signal in asked.items() if name not in known and not signal._waiters]:  # type: ignore[attr-defined]
            del asked[name]


async def _tidy(page: Blocks) -> None:
    uploads = Uploads(file_upload_statuses)
    while True:
        await asyncio.sleep(_TIDY_EVERY)
        # Names of uploads that our own clean-up removes; Gradio would keep them for ever.
        page.upload_file_set.clear()
        messages = page._queue.pending_messages_per_session
        if isinstance(messages, Messages):
            messages.forget_done()
        uploads.forget_ended()
