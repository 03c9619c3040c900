"""The limits for untrusted files and for requests, each of which an environment variable can set."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, fields

from model.errors import SettingsError

_PREFIX = "VISTAZO_MAX_"


@dataclass(frozen=True)
class Limits:
    """The limits. The environment variable of each is `VISTAZO_MAX_` and its name in capitals.

    Attributes:
        upload_megabytes: Size of an uploaded file.
        image_megapixels: Size of an image; checked before it is decoded.
        frame_megapixels: Size of a clip's frames; checked before they are decoded.
        clip_minutes: Minutes of a clip that one request to the app reads.
        request_minutes: Minutes that one request to the app may take.
        images: Number of images in one request to the app.
        waiting: Number of requests in the app's queue; further ones are refused.
        requests_per_minute: Number of requests from one client of the app.
        decoder_megabytes: Memory of the app and its worker processes for untrusted files, together.
    """

    upload_megabytes: int = 200
    image_megapixels: int = 80
    frame_megapixels: int = 40
    clip_minutes: int = 120
    request_minutes: int = 30
    images: int = 200
    waiting: int = 64
    requests_per_minute: int = 300
    decoder_megabytes: int = 1000


@functools.cache
def limits() -> Limits:
    """Return the limits, which are read from the environment at the first call.

    Raises:
        SettingsError: A variable is not a whole number above 0.
    """
    return Limits(**{field.name: _value(field.name, field.default) for field in fields(Limits)})  # type: ignore[arg-type]


def _value(name: str, default: object) -> int:
    variable = _PREFIX + name.upper()
    text = os.environ.get(variable, "").strip() or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) > 0):
        raise SettingsError(f"{variable} should be a whole number above 0. Received: {text[:40]}.")
    return int(text)
