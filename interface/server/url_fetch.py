"""Fetch a file that a caller names by its address: public addresses only, so many bytes, so many seconds."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import gradio as gr
import httpx
import safehttpx
from gradio import processing_utils
from gradio.context import LocalContext
from gradio_client.utils import strip_invalid_filename_characters

from interface.i18n.language import language_of, say
from model.limits import limits

_SECONDS = 60.0
_SILENT_SECONDS = 10.0
_MOST_REDIRECTS = 5
_AT_ONCE = 4
# A kilobyte of Brotli may be a gigabyte, which is unpacked in one piece.
_UNPACKED = {"Accept-Encoding": "identity"}
_places = asyncio.Semaphore(_AT_ONCE)


class _RefusedError(Exception):
    """The file is not what may be fetched."""


def fetch_within_limits() -> None:
    """Let Gradio fetch files through `fetch`; its own function holds an answer in memory, were it without end."""
    processing_utils.async_ssrf_protected_download = fetch


async def fetch(url: str, cache_dir: str) -> str:
    """Fetch a file.

    Args:
        url: Its address; one in a private network is refused, as is one that leads there.
        cache_dir: The folder to put it in.

    Returns:
        The file's path.

    Raises:
        gr.Error: It cannot be had within the limits.
    """
    most = limits().upload_megabytes
    try:
        async with asyncio.timeout(_SECONDS), _places:
            Path(cache_dir).mkdir(parents=True, exist_ok=True)
            name = strip_invalid_filename_characters(Path(urlsplit(url).path).name) or "file"
            folder = Path(tempfile.mkdtemp(dir=cache_dir))
            path = folder / name
            try:
                await _fetch(url, path, most * 2**20)
            except BaseException:
                path.unlink(missing_ok=True)
                folder.rmdir()
                raise
            return str(path)
    except (_RefusedError, TimeoutError, ValueError, OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        sentence = say(language_of(LocalContext.request.get(None)), "address_not_fetched", most=most)
        raise gr.Error(sentence, print_exception=False) from error


async def _fetch(url: str, path: Path, most: int) -> None:
    for _ in range(_MOST_REDIRECTS + 1):
        address = httpx.URL(url)
        if address.scheme not in ("http", "https") or not address.host:
            raise _RefusedError
        # The address that was looked at is the one that is asked: a name that changes meanwhile changes nothing.
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
                    if size > most:
                        raise _RefusedError
                    file.write(piece)
            return
    raise _RefusedError
