"""An archive at an address is fetched once, and checked."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from model.errors import DataError
from tests.support.serving import loopback_server
from train.data import remote
from train.data.cache import data_cache
from train.data.remote import fetch_data, is_remote


def an_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("cat/a.png", b"image")
    return buffer.getvalue()


ARCHIVE = an_archive()


@pytest.fixture
def asked() -> list[str]:
    """The paths that were asked for."""
    return []


@pytest.fixture
def server(asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server without https, which here is allowed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if self.path == "/none.zip":
                return self.send_error(404)
            content = b"<html>Download</html>" if self.path == "/page" else ARCHIVE
            self.send_response(200)
            self.send_header("Content-Length", str(len(content) + 9 * (self.path == "/half.zip")))
            self.end_headers()
            self.wfile.write(content)
            return None

        def log_message(self, *arguments: object) -> None:
            pass

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(remote, "_SCHEMES", ("http",))
    with loopback_server(Handler) as host:
        yield f"http://{host}"


def test_an_archive_is_fetched_once_and_its_secrets_are_not_named(server: str, asked: list[str]) -> None:
    address = f"{server}/get?id=7&token=secret"
    data = fetch_data(address)
    assert data.path.read_bytes() == ARCHIVE and data.path.suffix == ".zip" and data.table is None
    assert data.origin.name == f"{server}/get" and data.origin.revision == hashlib.sha256(ARCHIVE).hexdigest()
    assert fetch_data(address) == data and len(asked) == 1


@pytest.mark.parametrize(
    ("path", "sentence"),
    [("/none.zip", "status 404"), ("/half.zip", "broke off|incomplete"), ("/page", "may be a web page")],
)
def test_what_is_no_archive_is_refused_and_leaves_nothing(path: str, sentence: str, server: str) -> None:
    with pytest.raises(DataError, match=sentence):
        fetch_data(server + path)
    assert list(data_cache().iterdir()) == []


@pytest.mark.parametrize("address", ["http://example.org/a.zip", "ftp://example.org/a.zip", "file:///etc/a.zip"])
def test_other_addresses_than_https_are_not_asked(address: str) -> None:
    assert is_remote(address)
    with pytest.raises(DataError, match="begins with https"):
        fetch_data(address)


@pytest.mark.parametrize("path", ["data", "/data/x", "data.zip", "C:\\data"])
def test_a_path_is_no_address(path: str) -> None:
    assert not is_remote(path)
