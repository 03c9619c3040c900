"""Which files a visitor may name."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest

from interface.server.uploads import uploaded_file
from model.limits import Limits


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


def test_an_upload_is_found(uploads: Path) -> None:
    (uploads / "cat.png").write_bytes(b"x")
    assert uploaded_file({"path": str(uploads / "cat.png")}, "no_image") == (uploads / "cat.png").resolve()


def test_no_file_at_all(uploads: Path) -> None:
    with pytest.raises(gr.Error) as caught:
        uploaded_file(None, "no_image")
    assert caught.value.message == "There is no image yet. Choose one first."


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
        uploaded_file({"path": given, "url": "data:image/png;base64,AAAA"}, "no_image")


def test_files_that_are_too_large_are_refused(uploads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interface.server.uploads.limits", lambda: Limits(upload_megabytes=1))
    (uploads / "large.png").write_bytes(bytes(3 * 2**20))
    with pytest.raises(gr.Error) as caught:
        uploaded_file({"path": str(uploads / "large.png"), "orig_name": "<b>my</b>.png"}, "no_image", "fr")
    assert (
        caught.value.message
        == "«\N{NO-BREAK SPACE}‹b›my‹/b›.png\N{NO-BREAK SPACE}» fait 3\N{NO-BREAK SPACE}Mo\N{NO-BREAK SPACE}; "
        "la limite est de 1\N{NO-BREAK SPACE}Mo."
    )
