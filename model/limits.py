"""What strangers' files may be: every limit in one place, each settable by a variable of the environment."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, fields

from model.errors import SettingsError

_PREFIX = "VISTAZO_MAX_"


@dataclass(frozen=True)
class Limits:
    """The limits; `VISTAZO_MAX_` and the name in capitals is the variable that sets each.

    Attributes:
        upload_megabytes: Size of an uploaded file.
        image_megapixels: Size of an image, known before it is decoded.
        frame_megapixels: Size of a clip's frames, known before they are decoded.
        clip_minutes: How much of a clip is read for one request of the app.
        request_minutes: How long one request of the app may take.
        images: Images read by one request of the app.
        waiting: Requests that wait in the app's queue; more are turned away.
        requests_per_minute: Requests answered for one visitor of the app.
        decoder_megabytes: Memory of the app and the processes that decode strangers' files for it, together.
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
    """Return the limits, read from the environment when first asked for.

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
