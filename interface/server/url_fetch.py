"""Fetch a file that a call names by its URL: from public addresses only, within a size and a time limit."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import gradio as gr
import httpx
import safehttpx
from anyio import from_thread

from interface.i18n.language import language_of, say
from interface.server.gradio_internals import current_request, safe_file_name, set_url_fetcher, upload_folder
from model.limits import limits

_SECONDS = 60.0
_SILENT_SECONDS = 10.0
_MAX_REDIRECTS = 5
_AT_ONCE = 4
# A kilobyte of Brotli may unpack to a gigabyte, in one piece.
_UNPACKED = {"Accept-Encoding": "identity"}
_places = asyncio.Semaphore(_AT_ONCE)


class _RefusedError(Exception):
    """The file is not what may be fetched."""


def fetch_within_limits() -> None:
    """Make Gradio fetch files through `fetch`; its own function holds the whole response in memory, however large."""
    set_url_fetcher(fetch)


def fetched(url: str) -> Path:
    """Fetch a file that a visitor of the page names to where uploads are; called from the thread of a handler.

    Args:
        url: The file's URL; see `fetch`.

    Raises:
        gr.Error: The file cannot be fetched within the limits.
    """
    return Path(from_thread.run(fetch, url, str(upload_folder())))


async def fetch(url: str, cache_dir: str) -> str:
    """Fetch a file.

    Args:
        url: The file's URL; one in a private network is refused, as is one that redirects there.
        cache_dir: The folder to write to.

    Returns:
        The file's path.

    Raises:
        gr.Error: The file cannot be fetched within the limits.
    """
    megabytes = limits().upload_megabytes
    try:
        async with asyncio.timeout(_SECONDS), _places:
            Path(cache_dir).mkdir(parents=True, exist_ok=True)
            name = safe_file_name(Path(urlsplit(url).path).name) or "file"
            folder = Path(tempfile.mkdtemp(dir=cache_dir))
            path = folder / name
            try:
                await _fetch(url, path, megabytes * 2**20)
            except BaseException:
                path.unlink(missing_ok=True)
                folder.rmdir()
                raise
            return str(path)
    except (_RefusedError, TimeoutError, ValueError, OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        sentence = say(language_of(current_request()), "address_not_fetched", most=megabytes)
        raise gr.Error(sentence, print_exception=False) from error


async def _fetch(url: str, path: Path, max_bytes: int) -> None:
    for _ in range(_MAX_REDIRECTS + 1):
        address = httpx.URL(url)
        if address.scheme not in ("http", "https") or not address.host:
            raise _RefusedError
        # The address that was checked is the one that is asked, whatever the host's name resolves to meanwhile.
        transport = safehttpx.AsyncSecureTransport(await safehttpx.async_validate_url(address.host))
        async with (
            httpx.AsyncClient(transport=transport, timeout=_SILENT_SECONDS) as client,
            client.stream("GET", url, headers=_UNPACKED) as response,
        ):
            if response.has_redirect_location:
                url = urljoin(url, response.headers["location"])
                continue
            packed = response.headers.get("content-encoding", "identity").lower() != "identity"
            if response.status_code != httpx.codes.OK or packed:
                raise _RefusedError
            size = 0
            with path.open("wb") as file:
                async for piece in response.aiter_raw():
                    size += len(piece)
                    if size > max_bytes:
                        raise _RefusedError
                    file.write(piece)
            return
    raise _RefusedError
