"""Uploads and results are deleted when they are old, when the disk is full, and when the program ends."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from interface.server.storage import UploadStorage, own_folder
from tests.support.serving import ROOT, answers, asked_as_a_browser, environment, family_of, free_port, wait_until


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    (tmp_path / "files" / "one").mkdir(parents=True)
    for name in ("one/a.png", "b.png", "example.png"):
        (tmp_path / "files" / name).write_bytes(b"x")
    return tmp_path / "files"


def in_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.time() + 3700
    monkeypatch.setattr("interface.server.storage.time.time", lambda: later)


def test_new_files_stay(folder: Path) -> None:
    assert UploadStorage(1).clean() == 0
    assert (folder / "one/a.png").exists()


def test_old_files_go_with_their_folders_and_examples_stay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = UploadStorage(1)
    files.keep([str(folder / "example.png")])
    in_an_hour(monkeypatch)
    assert files.clean() == 2
    assert [path.name for path in folder.rglob("*")] in (
        ["example.png"],
        ["one", "example.png"],
        ["example.png", "one"],
    )


def test_when_nothing_more_fits_old_files_go_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 5

    monkeypatch.setattr("interface.server.storage.shutil.disk_usage", lambda _: Usage)
    files = UploadStorage(1)
    assert not files.has_room()
    in_an_hour(monkeypatch)
    assert not files.has_room()
    assert not (folder / "b.png").exists()
    Usage.free = 2 * 2**20
    assert files.has_room()


@pytest.mark.parametrize("named", [True, False])
def test_the_program_has_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path) if named else "")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left, others = tmp_path / "vistazo-999999999-left", tmp_path / "vistazo-notes"
    for path in (left, others):
        path.mkdir()
    folder = own_folder()
    assert folder.parent == tmp_path and folder.name.startswith(f"vistazo-{os.getpid()}-")
    assert os.environ["GRADIO_TEMP_DIR"] == str(folder)
    assert not left.exists() and others.exists()


def test_what_a_killed_program_left_goes_at_the_next_start_and_a_running_one_keeps_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import time; from interface.server.storage import own_folder; print(own_folder(), flush=True); time.sleep(60)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(tmp_path) | {"GRADIO_TEMP_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert other.stdout
        theirs = Path(other.stdout.readline().strip())
        (theirs / "upload.png").write_bytes(b"x")
        monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
        own_folder()
        assert (theirs / "upload.png").exists()
    finally:
        other.kill()
        other.communicate()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    own_folder()
    assert not theirs.exists()


def test_partial_uploads_are_deleted_after_minutes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tmpab12_9xy", "one/tmpab12_9xy"):
        (folder / name).write_bytes(b"half")
    later = time.time() + 130
    monkeypatch.setattr("interface.server.storage.time.time", lambda: later)
    assert UploadStorage(1).clean() == 1
    assert not (folder / "tmpab12_9xy").exists() and (folder / "one/tmpab12_9xy").exists()


def test_an_app_that_is_terminated_ends_its_work_and_leaves_nothing(long_clip: Path, tmp_path: Path) -> None:
    """SIGTERM is what a Space sends; an idle app is terminated in test_app.py."""
    port = free_port()
    url, log = f"http://127.0.0.1:{port}/", tmp_path / "app.log"
    variables = environment(tmp_path) | {"TMPDIR": str(tmp_path), "GRADIO_TEMP_DIR": ""}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(port)], cwd=ROOT, env=variables, stdout=output, stderr=output
        )
    try:
        wait_until(lambda: answers(f"{url}healthz") or process.poll() is not None)
        content = long_clip.read_bytes()
        for number in range(3):
            arguments = (url, "predict_video", f"holiday {number}.mp4", content, 60)
            threading.Thread(target=_ask_in_vain, args=arguments, daemon=True).start()
        wait_until(lambda: len(family_of(process.pid)) >= 3)  # two are read at once, the third waits
        family = family_of(process.pid)
        assert list(tmp_path.glob("vistazo-*"))
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    assert not list(tmp_path.glob("vistazo-*"))
    printed = log.read_text(encoding="utf-8")
    assert "Traceback" not in printed and "holiday" not in printed and '"failed"' not in printed
    wait_until(lambda: not any(_runs(number) for number in family))


def _runs(process: int) -> bool:
    with contextlib.suppress(OSError):
        return ") Z " not in Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    return False


def _ask_in_vain(*arguments: Any) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        asked_as_a_browser(*arguments)
