"""The border between visitors and the program."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest

from interface.uploads import UNEXPECTED, errors_shown, uploaded_file
from model.errors import BundleError, PictureError


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


def test_an_upload_is_found(uploads: Path) -> None:
    (uploads / "cat.png").write_bytes(b"x")
    assert uploaded_file({"path": str(uploads / "cat.png")}, "nothing") == (uploads / "cat.png").resolve()


def test_no_file_at_all(uploads: Path) -> None:
    with pytest.raises(gr.Error) as caught:
        uploaded_file(None, "There is no picture yet.")
    assert caught.value.message == "There is no picture yet."


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "{uploads}/../secret.png",
        "{uploads}/link.png",
        "{uploads}/missing.png",
        "{uploads}",
        "{uploads}-more/secret.png",
        "http://127.0.0.1/x.png",
        "nul\0.png",
        "",
        None,
        7,
    ],
)
def test_other_files_are_refused(uploads: Path, path: object) -> None:
    (uploads.parent / "secret.png").write_bytes(b"x")
    (uploads.parent / "uploads-more").mkdir()
    (uploads.parent / "uploads-more/secret.png").write_bytes(b"x")
    (uploads / "link.png").symlink_to(uploads.parent / "secret.png")
    given = path.replace("{uploads}", str(uploads)) if isinstance(path, str) else path
    with pytest.raises(gr.Error, match="not uploaded here"):
        uploaded_file({"path": given, "url": "data:image/png;base64,AAAA"}, "nothing")


def test_a_users_mistake_is_told_in_its_own_words() -> None:
    with pytest.raises(gr.Error) as caught, errors_shown():
        raise PictureError("“<img src=x>” is not a picture.")
    assert caught.value.message == "“&lt;img src=x&gt;” is not a picture."


@pytest.mark.parametrize("error", [BundleError("“/home/me/bundle” is broken"), OSError("/home/me"), KeyError("x")])
def test_what_a_visitor_cannot_mend_is_logged(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(gr.Error) as caught, errors_shown():
        raise error
    assert caught.value.message == UNEXPECTED
    assert caplog.records[-1].exc_info is not None


def test_leaving_is_not_an_error(caplog: pytest.LogCaptureFixture) -> None:
    def stream():
        with errors_shown():
            yield 1
            yield 2

    answers = stream()
    next(answers)
    answers.close()
    assert not caplog.records
