"""What Gradio remembers of sessions and uploads stays small, however many call and however few read their results."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from fastapi import HTTPException
from gradio.route_utils import FileUploadProgress
from gradio.server_messages import HeartbeatMessage, ProcessCompletedMessage

from interface.server import gradio_internals
from interface.server.gradio_internals import PendingMessages, Sessions, UploadProgress


class Queue:
    """As much of Gradio's queue as is looked at."""

    def __init__(self) -> None:
        self.pending_event_ids_session: dict[str, set[str]] = {}
        self.event_ids_to_events: dict[str, Any] = {}
        self.cleaned: list[str] = []

    async def clean_events(self, *, session_hash: str) -> None:
        self.cleaned.append(session_hash)

    def begin(self, messages: PendingMessages, session: str, *, running: bool) -> None:
        messages[session] = SimpleNamespace()  # type: ignore[assignment]
        self.pending_event_ids_session[session] = {f"event of {session}"}
        if running:
            self.event_ids_to_events[f"event of {session}"] = object()


def test_a_session_describes_no_components_and_keeps_states() -> None:
    with gr.Blocks() as page:
        kept, box = gr.State([1]), gr.Textbox("a")
    holder = Sessions()
    holder.set_blocks(page)
    session = holder["one"]
    assert session.config_values == {}
    session[kept._id] = [2]
    session._update_value_in_config(box._id, "b")
    assert holder["one"][kept._id] == [2] and holder["two"][kept._id] == [1]
    assert session.config_values == {}


def test_only_so_many_sessions_are_kept() -> None:
    with gr.Blocks() as page:
        pass
    page.state_session_capacity = 3
    holder = Sessions()
    holder.set_blocks(page)
    for name in "abcdef":
        assert holder[name] is holder[name]
    assert list(holder.session_data) == ["d", "e", "f"] and set(holder.time_last_used) == {"d", "e", "f"}


def test_a_clip_that_is_still_read_is_not_forgotten_for_those_who_came_later() -> None:
    queue = Queue()
    messages = PendingMessages(queue, 3)  # type: ignore[arg-type]
    queue.begin(messages, "clip", running=True)
    for number in range(10):
        queue.begin(messages, f"image {number}", running=False)
    assert list(messages) == ["clip", "image 8", "image 9"]
    assert set(queue.pending_event_ids_session) == {"clip", "image 8", "image 9"}


def test_sessions_whose_answers_were_read_are_forgotten() -> None:
    queue = Queue()
    messages = PendingMessages(queue)  # type: ignore[arg-type]
    for name in ("read", "unread", "running"):
        queue.begin(messages, name, running=name == "running")
    messages["unread"].put_nowait(HeartbeatMessage())
    queue.pending_event_ids_session["read"].clear()
    queue.pending_event_ids_session["long gone"] = {"x"}
    messages.forget_done()
    assert list(messages) == ["unread", "running"] == list(queue.pending_event_ids_session)


def test_whoever_never_reads_is_taken_as_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradio_internals, "MAX_UNREAD", 5)

    async def never_read() -> tuple[Queue, list[Any]]:
        queue = Queue()
        messages = PendingMessages(queue)  # type: ignore[arg-type]
        queue.begin(messages, "silent", running=True)
        for _ in range(6):
            messages["silent"].put_nowait(HeartbeatMessage())
        await asyncio.sleep(0)
        return queue, [messages["silent"].get_nowait() for _ in range(messages["silent"].qsize())]

    queue, unread = asyncio.run(never_read())
    assert queue.cleaned == ["silent"]
    (last,) = unread
    assert isinstance(last, ProcessCompletedMessage) and not last.success and last.event_id == "event of silent"


def test_a_session_has_a_short_name() -> None:
    """Callers choose it, and thousands are remembered."""
    with gr.Blocks() as page:
        pass
    holder, queue = Sessions(), Queue()
    holder.set_blocks(page)
    messages = PendingMessages(queue)  # type: ignore[arg-type]
    queue.begin(messages, "x" * 100, running=False)
    assert holder["x" * 100] is not None
    with pytest.raises(HTTPException, match="at most 100 characters"):
        queue.begin(messages, "x" * 101, running=False)
    with pytest.raises(gr.Error, match="at most 100 characters"):
        holder["x" * 101]


def test_uploads_are_forgotten_a_while_after_they_have_ended_and_who_asked_for_them() -> None:
    async def ask() -> tuple[set[str], set[str]]:
        progress = FileUploadProgress()
        uploads = UploadProgress(progress, 3)
        for name in ("ended", "arriving"):
            progress.append(name, "holiday.jpg", b"x")
        progress.set_done("ended")
        for name in ("never came", "awaited"):
            asking = asyncio.create_task(progress.is_tracked(name))
            await asyncio.sleep(0)
            if name == "never came":
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
        uploads.forget_ended()
        assert progress.is_done("ended")  # whoever watches it still learns that
        uploads.forget_ended()
        left = set(progress._statuses), set(progress._signals)
        for number in range(10):
            progress.append(f"broken off {number}", "holiday.jpg", b"x")
        uploads.forget_ended()
        assert list(progress._statuses) == [f"broken off {number}" for number in (7, 8, 9)]
        asking.cancel()
        return left

    assert asyncio.run(ask()) == ({"arriving"}, {"arriving", "awaited"})
