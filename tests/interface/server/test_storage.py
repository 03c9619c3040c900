"""RequestGuard' files go when they are old, when the disk is full, and when the program ends."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from interface.server.storage import UploadStorage, own_folder
from tests.support.serving import ROOT, asked_as_a_browser, environment, family_of, free_port, write_long_clip


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
        os.utime(path, (0, 0))
    folder = own_folder()
    assert folder.parent == tmp_path
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
        os.utime(theirs, (0, 0))
        monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
        own_folder()
        assert (theirs / "upload.png").exists()
    finally:
        other.kill()
        other.communicate()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    own_folder()
    assert not theirs.exists()


def test_parts_of_uploads_that_broke_off_go_after_minutes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tmpab12_9xy", "one/tmpab12_9xy"):
        (folder / name).write_bytes(b"half")
    later = time.time() + 130
    monkeypatch.setattr("interface.server.storage.time.time", lambda: later)
    assert UploadStorage(1).clean() == 1
    assert not (folder / "tmpab12_9xy").exists() and (folder / "one/tmpab12_9xy").exists()


@pytest.mark.parametrize("clips", [0, 3])
def test_at_the_end_nothing_is_left(clips: int, tmp_path: Path) -> None:
    """The app is told to end (SIGTERM), as a Space is: it does within ten seconds, with its files and processes."""
    port = free_port()
    url, log = f"http://127.0.0.1:{port}/", tmp_path / "app.log"
    variables = environment(tmp_path) | {"TMPDIR": str(tmp_path), "GRADIO_TEMP_DIR": ""}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(port)], cwd=ROOT, env=variables, stdout=output, stderr=output
        )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}healthz", timeout=5) as answer:
                assert json.load(answer)["ready"] is True
                break
            time.sleep(0.1)
        content = write_long_clip(tmp_path / "long.mp4").read_bytes() if clips else b""
        for number in range(clips):
            arguments = (url, "predict_video", f"holiday {number}.mp4", content, 60)
            threading.Thread(target=_asked_in_vain, args=arguments, daemon=True).start()
        while clips and len(family_of(process.pid)) < 3:  # two are read at once, the third waits
            time.sleep(0.1)
        family = family_of(process.pid)
        assert list(tmp_path.glob("vistazo-*"))
        began = time.monotonic()
        process.terminate()
        assert process.wait(20) == 0
        assert time.monotonic() - began < 10
    finally:
        process.kill()
        process.wait()
    assert not list(tmp_path.glob("vistazo-*"))
    said = log.read_text(encoding="utf-8")
    assert "Traceback" not in said and "holiday" not in said and '"failed"' not in said
    end = time.monotonic() + 5
    while any(Path(f"/proc/{number}").exists() for number in family):
        assert time.monotonic() < end, "a process was left"
        time.sleep(0.1)


def _asked_in_vain(*arguments: Any) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        asked_as_a_browser(*arguments)
