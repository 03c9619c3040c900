"""Untrusted files are decoded in worker processes: whatever happens there, this process lives and reports it."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from model.errors import DecodingError, ImageError, VideoError
from model.preprocessing import InputSpec, prepared_image, shown_image
from model.sandbox.pool import DecoderPool
from model.sandbox.worker_handle import State, Task, Worker
from model.system_memory import resident_bytes
from model.video.reader import Frame, prepared_frames
from tests.support import hostile_tasks as tasks
from tests.support.images import H264, scenes, write_class, write_clip
from tests.support.serving import ROOT
from tests.support.tiers import NIGHTLY

SPEC = InputSpec(32, 24)
FILE = Path("file.jpg")


@pytest.fixture(scope="module")
def decoders() -> Iterator[DecoderPool]:
    decoders = DecoderPool(300, image_timeout=5, clip_timeout=5)
    yield decoders
    decoders.close()


@pytest.fixture
def own_decoders() -> Iterator[DecoderPool]:
    """A pool of its own, since the tasks of another test may end its idle workers."""
    decoders = DecoderPool(300, image_timeout=5, clip_timeout=5)
    yield decoders
    decoders.close()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    write_class(tmp_path / "red", (200, 30, 30), 1)
    return next(path for path in tmp_path.rglob("*") if path.is_file())


def test_an_image_is_the_same_as_when_it_is_decoded_here(decoders: DecoderPool, image: Path) -> None:
    assert np.array_equal(decoders.call(prepared_image, image, SPEC), prepared_image(image, SPEC))
    assert np.array_equal(decoders.call(shown_image, image.read_bytes(), 16), shown_image(image, 16))


def test_frames_are_the_same_as_when_they_are_decoded_here(decoders: DecoderPool, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", scenes(9), **H264)

    there, here = (
        [frame for frame in frames if isinstance(frame, Frame)]
        for frames in (decoders.stream(prepared_frames, clip, SPEC), prepared_frames(clip, SPEC))
    )

    assert len(here) == 9 and [frame.time for frame in there] == [frame.time for frame in here]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(there, here, strict=True))


def test_errors_keep_their_kind_and_their_sentence(decoders: DecoderPool, tmp_path: Path) -> None:
    file = tmp_path / "notes.jpg"
    file.write_text("not an image", encoding="utf-8")

    with pytest.raises(ImageError, match=r"“notes\.jpg” is not an image") as caught:
        decoders.call(prepared_image, file, SPEC)
    assert caught.value.args[0].values == {"name": "“notes.jpg”"}
    with pytest.raises(VideoError, match=r"“notes\.jpg” is not a video"):
        list(decoders.stream(prepared_frames, file, SPEC))


def test_an_unforeseen_error_comes_through(decoders: DecoderPool) -> None:
    with pytest.raises(ZeroDivisionError):
        decoders.call(tasks.fail_unforeseen, FILE)


def test_a_process_is_kept_for_the_next_image(own_decoders: DecoderPool) -> None:
    assert own_decoders.call(tasks.who, FILE) == own_decoders.call(tasks.who, FILE) != os.getpid()


@pytest.mark.parametrize("task", [tasks.crash, tasks.grow])
def test_a_process_that_dies_or_grows_too_large_is_replaced(decoders: DecoderPool, task: object, image: Path) -> None:
    with pytest.raises(DecodingError, match="too much memory"):
        decoders.call(task, image)  # type: ignore[arg-type]

    assert decoders.call(prepared_image, image, SPEC).shape == (24, 32, 3)


@pytest.mark.parametrize("program", ["raise SystemExit(1)", "import time; time.sleep(60)"], ids=["ends", "hangs"])
def test_a_process_that_does_not_start_is_not_the_files_fault(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.sandbox.worker_handle._PROGRAM", program)
    monkeypatch.setattr("model.sandbox.worker_handle._START_TIMEOUT", 0.5)
    decoders = DecoderPool(300)
    with pytest.raises(DecodingError, match="does not start; the file is not to blame"):
        decoders.call(tasks.who, FILE)
    decoders.close()


def test_an_image_that_takes_too_long_is_given_up(image: Path) -> None:
    decoders = DecoderPool(300, image_timeout=3)
    with pytest.raises(DecodingError, match="too long"):
        decoders.call(tasks.hang, image)

    assert decoders.call(prepared_image, image, SPEC).shape == (24, 32, 3)
    decoders.close()


def test_what_came_before_a_crash_is_kept(decoders: DecoderPool) -> None:
    items = decoders.stream(tasks.count_then_crash, FILE)

    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(DecodingError, match="too much memory"):
        next(items)


def test_a_clip_that_brings_nothing_more_is_given_up() -> None:
    items = DecoderPool(300, clip_timeout=3).stream(tasks.wait_silently, FILE)

    assert next(items) == 1
    with pytest.raises(DecodingError, match="too long"):
        next(items)


def test_a_clip_ends_when_it_is_stopped(decoders: DecoderPool) -> None:
    stop = threading.Event()
    items = decoders.stream(tasks.wait_silently, FILE, stopped=stop.is_set)

    assert next(items) == 1
    stop.set()
    assert list(items) == []  # it would raise an error if it waited until the timeout


def test_a_clip_that_nobody_reads_on_leaves_no_process(decoders: DecoderPool) -> None:
    items = decoders.stream(tasks.work_for_ever, FILE)
    process = next(items)
    items.close()

    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.parametrize("low_priority", [True, False])
def test_clips_are_decoded_behind_images_unless_asked_otherwise(low_priority: bool, decoders: DecoderPool) -> None:
    (niceness,) = decoders.stream(tasks.priority, FILE, low_priority=low_priority)

    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert niceness == (min(19, own + 10) if low_priority else own)


def has_ended(process: int) -> bool:
    """Whether a process is only waited for any more, or gone already: any start of another may have fetched it."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_processes_that_are_killed_again_and_again_are_replaced(own_decoders: DecoderPool, image: Path) -> None:
    for _ in range(20 if NIGHTLY else 4):  # more than are kept idle
        process = own_decoders.call(tasks.who, FILE)
        os.kill(process, signal.SIGKILL)
        while not has_ended(process):
            time.sleep(0.01)

    assert own_decoders.call(prepared_image, image, SPEC).shape == (24, 32, 3)


def test_a_process_that_is_killed_at_work_is_reported_and_replaced(own_decoders: DecoderPool, image: Path) -> None:
    process = own_decoders.call(tasks.who, FILE)
    threading.Timer(0.5, os.kill, (process, signal.SIGKILL)).start()

    with pytest.raises(DecodingError, match="stops the decoder"):
        own_decoders.call(tasks.wait_for_a_while, FILE, 60)
    assert own_decoders.call(prepared_image, image, SPEC).shape == (24, 32, 3)


def _may_leave_the_network() -> bool:
    code = (
        "import ctypes, sys; libc = ctypes.CDLL(None);sys.exit(libc.unshare(0x40000000) and libc.unshare(0x50000000))"
    )
    return sys.platform == "linux" and subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_worker_has_no_network_and_a_limit_on_processes(decoders: DecoderPool) -> None:
    if hasattr(ctypes.CDLL(None), "unshare") and _may_leave_the_network():
        with socket.create_server(("127.0.0.1", 0)) as server:
            assert decoders.call(tasks.connect, FILE, server.getsockname()[1]) != "connected"
    assert 0 < decoders.call(tasks.most_processes, FILE) < 100_000


def test_tasks_fail_when_the_pool_is_closed(own_decoders: DecoderPool) -> None:
    answers = own_decoders.stream(tasks.work_for_ever, FILE)
    process = next(answers)
    own_decoders.close()

    with pytest.raises(DecodingError, match="the server is shutting down"):
        list(answers)
    with pytest.raises(DecodingError, match="the server is shutting down"):
        own_decoders.call(tasks.who, FILE)
    assert has_ended(process)


def test_tasks_that_take_too_much_together_are_done_one_after_the_other() -> None:
    """They take more than half of the memory each: neither is refused."""
    room = 450
    decoders = DecoderPool(room, total_megabytes=resident_bytes(os.getpid()) // 2**20 + room)
    try:
        with ThreadPoolExecutor() as threads:
            sums = list(threads.map(lambda _: decoders.call(tasks.hold, FILE, 250, 0.5), range(2)))
    finally:
        decoders.close()

    assert sums == [250 * 256] * 2


def test_a_worker_that_is_killed_for_the_budget_before_it_takes_its_task_is_replaced(
    own_decoders: DecoderPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Worker.run
    killed: list[int] = []

    def killed_once(worker: Worker, task: Task) -> Iterator[object]:
        if not killed:
            worker.wait_until_ready()
            worker.state = State.OVER_BUDGET
            worker.kill()
            killed.append(worker.process_id)
            while not has_ended(worker.process_id):
                time.sleep(0.01)
        return run(worker, task)

    monkeypatch.setattr(Worker, "run", killed_once)

    assert own_decoders.call(tasks.who, FILE) not in [*killed, os.getpid()]
    assert len(killed) == 1


def test_a_task_that_takes_too_much_alone_is_refused() -> None:
    decoders = DecoderPool(2000, total_megabytes=resident_bytes(os.getpid()) // 2**20 + 200)
    try:
        with pytest.raises(DecodingError, match="too much memory"):
            decoders.call(tasks.hold, FILE, 600, 2.0)
    finally:
        decoders.close()


def test_a_decoder_ends_with_the_program_that_is_killed() -> None:
    code = (
        "from pathlib import Path; from model.sandbox.pool import DecoderPool\n"
        "from tests.support import hostile_tasks as t\n"
        "d = DecoderPool(300); print(d.call(t.who, Path('x')), flush=True); d.call(t.hang, Path('x'))"
    )
    program = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert program.stdout
    decoder = int(program.stdout.readline())
    time.sleep(0.2)  # the task hangs now
    program.kill()
    program.communicate()

    for _ in range(400):
        try:
            os.kill(decoder, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.kill(decoder, signal.SIGKILL)
    pytest.fail("the decoder outlived the program")
