"""Files that a program puts into the call itself: a data URL, base64, or an address in plain JSON."""

from __future__ import annotations

import asyncio
import base64
import binascii
import mimetypes
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import gradio as gr

from interface.i18n.language import say
from interface.server.gradio_internals import safe_file_name
from interface.server.storage import UploadStorage
from model.limits import limits

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_FILE = {"_type": "gradio.FileData"}


async def stored(value: Any, component: object, storage: UploadStorage, language: str) -> Any:
    """Return the argument of a call as the client libraries send it: files that it holds are stored like uploads.

    Args:
        value: What the call has for the component.
        component: The component. Only boxes for files are concerned, and not the camera: its handler takes data URLs.
        storage: Where uploads are.
        language: The visitor's language.

    Returns:
        A data URL or base64 has become the path of a file in the upload folder. An address has become a file that
        Gradio fetches, by `url_fetch`. Everything else is as it was.

    Raises:
        gr.Error: A text is none of these, the file is too large, or the disk is full.
    """
    if not isinstance(component, gr.Image | gr.File | gr.Video) or getattr(component, "streaming", False):
        return value
    if not isinstance(value, list):
        return await _stored(value, storage, language)
    # Of files that were uploaded before the handler says so, where its results would be.
    if len(value) > (most := limits().images) and not all(map(_is_uploaded, value)):
        raise gr.Error(say(language, "too_many_images", most=most, count=len(value)), print_exception=False)
    return [await _stored(entry, storage, language) for entry in value]


def _is_uploaded(value: object) -> bool:
    given = value.get("path") if isinstance(value, Mapping) else None
    return isinstance(given, str) and not (_ADDRESS.match(given) or given.startswith("data:"))


async def _stored(value: Any, storage: UploadStorage, language: str) -> Any:
    given, name = value, None
    if isinstance(value, Mapping):
        given, name = value.get("path") or value.get("url"), value.get("orig_name")
        if not isinstance(given, str) or not (_ADDRESS.match(given) or given.startswith("data:")):
            return value
    if not isinstance(given, str) or not given:
        return value
    path = given if _ADDRESS.match(given) else str(await asyncio.to_thread(_store, given, name, storage, language))
    return {"path": path, "orig_name": name if isinstance(name, str) else None, "meta": dict(_FILE)}


def _store(text: str, name: object, storage: UploadStorage, language: str) -> Path:
    """Write the content of a data URL or base64 to a file in the upload folder."""
    content, media_type = _content(text, language)
    most = limits().upload_megabytes
    given = safe_file_name(Path(name).name) if isinstance(name, str) else ""
    name = given or "file" + (mimetypes.guess_extension(media_type) or "")
    if len(content) > most * 2**20:
        size = f"{len(content) / 2**20:.0f}"
        raise gr.Error(say(language, "file_too_large", name=name, size=size, most=most), print_exception=False)
    if not storage.has_room():
        raise gr.Error(say(language, "disk_full"), print_exception=False)
    path = Path(tempfile.mkdtemp(dir=storage.folder)) / name
    path.write_bytes(content)
    return path


def _content(text: str, language: str) -> tuple[bytes, str]:
    """Return the bytes of a data URL (RFC 2397) or of base64, and the media type that a data URL names."""
    header, content = "", text.encode()
    if text.startswith("data:"):
        header, _, data = text.removeprefix("data:").partition(",")
        content = unquote_to_bytes(data)
    media_type, *parameters = header.split(";")
    if header and "base64" not in parameters:
        return content, media_type
    # Programs break the lines, leave the padding out, or use the alphabet for URLs (RFC 4648).
    packed = b"".join(content.split()).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True), media_type
    except binascii.Error as error:
        raise gr.Error(say(language, "not_base64"), print_exception=False) from error
