"""Every private name of Gradio that this project uses passes through this file.

`tests/interface/server/test_gradio_contract.py` compares these names, their signatures and the server's routes with
what Gradio has: it is the first test to run after an upgrade.

Gradio remembers something of every session and upload for as long as it runs. The second half of this file bounds that:
each program that calls an endpoint is a new session.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
from fastapi import FastAPI, HTTPException
from gradio import processing_utils
from gradio.block_function import BlockFunction
from gradio.blocks import Blocks
from gradio.context import LocalContext
from gradio.exceptions import InvalidPathError
from gradio.queueing import AsyncQueue, EventMessage, Queue
from gradio.route_utils import FileUploadProgress, FnIndexInferError
from gradio.routes import file_upload_statuses
from gradio.server_messages import ProcessCompletedMessage
from gradio.state_holder import SessionState, StateHolder
from gradio.utils import LRUCache, get_upload_folder
from gradio_client.utils import strip_invalid_filename_characters

__all__ = ["BlockFunction", "SessionState"]  # for annotations elsewhere

# Options of `launch`. Gradio would request its own page and raise an error when there is no response within three
# seconds, which a busy machine may need.
LAUNCH_OPTIONS = {"_frontend": False}

MAX_SESSIONS = 1000
# A clip sends about one update a second. A client that leaves this many unread has gone.
MAX_UNREAD = 120
_FORGET_EVERY_SECONDS = 60.0
# Clients choose their session's name. Gradio's page takes 10 characters, its client libraries 36.
_MAX_NAME = 100
_TOO_LONG = f"A session_hash should have at most {_MAX_NAME} characters. Choose a shorter one."
_UNREAD = "Nobody has read the results for a while, so the work was cancelled. Call again."


def page_of(app: FastAPI) -> Any:
    """Return the `gr.Blocks` that a web application serves."""
    return app.get_blocks()  # type: ignore[attr-defined]


def waiting_requests(page: Blocks) -> int:
    """Return how many requests wait in the queue."""
    return len(page._queue)


def current_request() -> gr.Request | None:
    """Return the request that is being handled, where Gradio calls code of ours without passing it."""
    return LocalContext.request.get(None)


def is_unknown_endpoint(error: Exception) -> bool:
    """Say whether a call failed because the page has no endpoint of that name."""
    return isinstance(error, KeyError | FnIndexInferError)


def is_path_elsewhere(error: Exception) -> bool:
    """Say whether a call failed because it names a file that was not uploaded."""
    return isinstance(error, InvalidPathError)


def upload_folder() -> Path:
    """Return the folder where Gradio puts uploads, and the only one whose files it sends."""
    return Path(get_upload_folder())


def example_files(page: Blocks) -> set[str]:
    """Return the example files that Gradio has copied into its upload folder."""
    return {path for block in page.blocks.values() for path in getattr(block, "keep_in_cache", ())}


def safe_file_name(name: str) -> str:
    """Return a file name without the characters that Gradio does not accept in one."""
    return strip_invalid_filename_characters(name)


def set_url_fetcher(fetch: Callable[[str, str], Coroutine[Any, Any, str]]) -> None:
    """Make Gradio fetch files by URL with a function of ours.

    Args:
        fetch: Takes the URL and the folder to write to; returns the file's path.
    """
    processing_utils.async_ssrf_protected_download = fetch  # type: ignore[assignment]


def web_component() -> Path:
    """Return the script that embeds an app in another page; Gradio brings it along but does not serve it."""
    return Path(gr.__file__).parent / "templates" / "frontend" / "gradio.js"


def set_mcp_tools(page: Blocks, excluded: frozenset[str]) -> None:
    """Offer the endpoints that the page has now as MCP tools; Gradio offers those of the launch.

    Args:
        page: The page, launched with `mcp_server`; without it nothing is done.
        excluded: Endpoints that are not offered, for example {"/predict_images"}.
    """
    server = page.mcp_server_obj
    if server is None:
        return
    server.api_info = page.get_api_info()
    tools = server.get_tool_to_endpoint()
    server.tool_to_endpoint = {name: endpoint for name, endpoint in tools.items() if endpoint not in excluded}


def replace_content(page: Blocks, add_content: Callable[[], object]) -> None:
    """Replace the components and events of a page that may already be served; its address and limits stay.

    Args:
        page: The page.
        add_content: Adds components and events to the page.
    """
    served = page.app
    page.clear()
    with page:
        add_content()
    # Leaving the block has made a new web application, which nobody serves. The one that is served has to know the new
    # components and to drop what it has cached of the old ones.
    page.app = served
    served.state_holder.set_blocks(page)
    served.api_info = served.all_app_info = None
    served.page_api_info.clear()


@contextlib.asynccontextmanager
async def bounded_memory(app: FastAPI) -> AsyncIterator[None]:
    """Bound what Gradio remembers of sessions and uploads while a web application runs (its “lifespan”)."""
    page = page_of(app)
    sessions = Sessions()
    sessions.set_blocks(page)
    app.state_holder = sessions  # type: ignore[attr-defined]
    page._queue.pending_messages_per_session = PendingMessages(page._queue)
    task = asyncio.create_task(_forget_regularly(page))
    try:
        yield
    finally:
        task.cancel()


class Sessions(StateHolder):
    """The visitors' sessions, each without a description of every component: a third of a request's time."""

    def __getitem__(self, session_id: str) -> SessionState:
        """Return a session, a new one where there is none."""
        if len(session_id) > _MAX_NAME:
            raise gr.Error(_TOO_LONG, print_exception=False)
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks)
        return super().__getitem__(session_id)


class Session(SessionState):
    """What one visitor has changed of the page, without the descriptions that only Gradio's own deep links need."""

    def __init__(self, blocks: Blocks) -> None:
        # Gradio describes the components that are in `blocks` as well: none.
        super().__init__(SimpleNamespace(default_config=blocks.default_config, blocks=()))  # type: ignore[arg-type]

    def __setitem__(self, key: int, value: Any) -> None:
        """Keep what a visitor's component has become."""
        super().__setitem__(key, value)
        self.config_values.clear()

    def _update_config(self, key: int) -> None:
        """Describe nothing."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Describe nothing."""


class PendingMessages(LRUCache):
    """The messages that clients have not read yet, by session.

    With too many sessions Gradio forgets the oldest, even one whose clip is still being read. This forgets sessions
    whose work is done first, and with them what the queue knows of their events.

    Args:
        queue: The queue that sends the messages.
        max_sessions: Sessions remembered at once.
    """

    def __init__(self, queue: Queue, max_sessions: int = MAX_SESSIONS) -> None:
        super().__init__(max_sessions)
        self._queue = queue

    def __setitem__(self, session: str, unread: AsyncQueue[EventMessage]) -> None:
        """Remember a new session, and forget another when there are too many."""
        if len(session) > _MAX_NAME:
            raise HTTPException(422, _TOO_LONG)
        while session not in self and len(self) >= self.max_size:
            self._forget(next((other for other in self if self._is_done(other)), next(iter(self))))
        super().__setitem__(session, _UnreadMessages(self._queue, session))

    def forget_done(self) -> None:
        """Forget the sessions whose messages were all read, and the events of sessions that were forgotten before."""
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


class _UnreadMessages(AsyncQueue):
    """The unread messages of one session; when there are too many, its work is cancelled."""

    def __init__(self, queue: Queue, session: str) -> None:
        super().__init__()
        self._queue_of_events, self._session = queue, session

    def put_nowait(self, message: EventMessage) -> None:
        """Add a message."""
        if self.qsize() < MAX_UNREAD or isinstance(message, ProcessCompletedMessage):
            return super().put_nowait(message)
        while not self.empty():
            self.get_nowait()
        for event in list(self._queue_of_events.pending_event_ids_session.get(self._session, ())):
            end = ProcessCompletedMessage(output={"error": _UNREAD}, success=False, event_id=event)
            super().put_nowait(end)
        self._cancelling = asyncio.ensure_future(self._queue_of_events.clean_events(session_hash=self._session))


class UploadProgress:
    """What Gradio knows of uploads for pages that show their progress.

    Gradio forgets an upload only when a page has watched its end, and never that a page asked for it.

    Args:
        progress: Where Gradio keeps it.
        max_uploads: Uploads remembered at once.
    """

    def __init__(self, progress: FileUploadProgress, max_uploads: int = MAX_SESSIONS) -> None:
        self._progress, self._max_uploads = progress, max_uploads
        self._ended: set[str] = set()

    def forget_ended(self) -> None:
        """Forget the uploads that had ended at the last call already, and the oldest where there are too many."""
        known, asked = self._progress._statuses, self._progress._signals
        for name in list(known)[: max(0, len(known) - self._max_uploads)]:
            self._ended.add(name)
        for name in self._ended:
            self._progress.stop_tracking(name)
        self._ended = {name for name, upload in known.items() if upload.is_done}
        for name in [name for name, signal in asked.items() if name not in known and not signal._waiters]:  # type: ignore[attr-defined]
            del asked[name]


async def _forget_regularly(page: Blocks) -> None:
    uploads = UploadProgress(file_upload_statuses)
    while True:
        await asyncio.sleep(_FORGET_EVERY_SECONDS)
        # The names of files that `UploadStorage` removes; Gradio would keep them for ever.
        page.upload_file_set.clear()
        messages = page._queue.pending_messages_per_session
        if isinstance(messages, PendingMessages):
            messages.forget_done()
        uploads.forget_ended()
