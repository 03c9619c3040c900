"""Fetch a file that a call names by its URL: from public addresses only, within a size and a time limit."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import tempfile
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import gradio as gr
import httpx
import safehttpx
from anyio import from_thread

from interface.i18n.language import language_of, say
from interface.server.gradio_internals import current_request, safe_file_name, set_url_fetcher, upload_folder
from interface.server.storage import UploadStorage, is_full
from model.limits import limits

_SECONDS = 60.0
_SECONDS_OF_A_CALL = 120.0  # for all its files: Gradio fetches one after the other, in the place of a running request
_SILENT_SECONDS = 10.0
_MAX_REDIRECTS = 5
_AT_ONCE = 4
# A kilobyte of Brotli may unpack to a gigabyte, in one piece.
_UNPACKED = {"Accept-Encoding": "identity"}
_places = asyncio.Semaphore(_AT_ONCE)


@dataclass
class _Call:
    """What one call has fetched, and may still fetch."""

    admit: Callable[[], None]
    end: float
    files: int = 0


_call: ContextVar[_Call | None] = ContextVar("call", default=None)


class _RefusedError(Exception):
    """The file is not what may be fetched."""


def fetch_within_limits(storage: UploadStorage) -> None:
    """Make Gradio fetch files through `fetch`; its own function holds the whole response in memory, however large."""
    set_url_fetcher(functools.partial(fetch, storage=storage))


@contextlib.contextmanager
def one_call(admit: Callable[[], None]) -> Iterator[None]:
    """Bound what is fetched in the block together: the number of files and the time.

    Args:
        admit: Called before the first file is fetched; raises `gr.Error` where the visitor makes too many requests.
    """
    token = _call.set(_Call(admit, time.monotonic() + _SECONDS_OF_A_CALL))
    try:
        yield
    finally:
        _call.reset(token)


def fetched(url: str, storage: UploadStorage) -> Path:
    """Fetch a file that a visitor of the page names to where uploads are; called from the thread of a handler.

    Args:
        url: The file's URL; see `fetch`.
        storage: Where uploads are.

    Raises:
        gr.Error: The file cannot be fetched within the limits.
    """
    return Path(from_thread.run(fetch, url, str(upload_folder()), storage))


async def fetch(url: str, cache_dir: str, storage: UploadStorage) -> str:
    """Fetch a file.

    Args:
        url: The file's URL; one in a private network is refused, as is one that redirects there.
        cache_dir: The folder to write to.
        storage: Says whether the disk has room.

    Returns:
        The file's path.

    Raises:
        gr.Error: The file cannot be fetched within the limits, or the disk has no room.
    """
    megabytes, language = limits().upload_megabytes, language_of(current_request())
    seconds = _seconds_left(language)
    try:
        async with asyncio.timeout(seconds), _places:
            if not await asyncio.to_thread(storage.has_room):
                raise gr.Error(say(language, "disk_full"), print_exception=False)
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
    except gr.Error:  # which is a ValueError
        raise
    except (_RefusedError, TimeoutError, ValueError, OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        if is_full(error):
            raise
        raise gr.Error(say(language, "address_not_fetched", most=megabytes), print_exception=False) from error


def _seconds_left(language: str) -> float:
    """Count a file of the call that is being read, and return the seconds for it."""
    call = _call.get()
    if call is None:
        return _SECONDS
    if not call.files:
        call.admit()
    call.files += 1
    if call.files > limits().images:  # a list of so many is refused before
        raise gr.Error(say(language, "bad_call"), print_exception=False)
    return max(0.0, min(_SECONDS, call.end - time.monotonic()))


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
