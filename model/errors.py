"""The errors a user can cause, as one small tree.

    VistazoError
     ├── ImageError           an image cannot be decoded
     ├── VideoError           a clip cannot be opened or has no frames
     ├── DecodingError        decoding took too much time or memory
     ├── DataError            a data folder cannot be used for training or evaluation
     ├── SettingsError        an option or environment variable has an invalid value
     ├── StorageError         a disk or a storage on the network fails at the moment
     └── BundleError          a bundle is incomplete, inconsistent or damaged
          └── ModelNotFoundError   there is no such directory, and no repository that may be read
               ├── OtherModelError       it holds no bundle, but perhaps another program's model
               └── HubUnreachableError   the Hub fails at the moment; a later attempt may succeed

`str(error)` is a message for the user: what was wrong, what was received and what to do. Only the outermost
functions turn it into a `gr.Error`, an exit status or a line in the log.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

# The error numbers for a full disk, and for a user's full quota.
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})


class Sentence(str):
    """A message that remembers its template and values, so that it can be translated.

    Args:
        template: The message in English, with the fields of `str.format` where there are values.
        values: The value of each field; sentences among them are translated as well.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> Sentence:
        """Fill in the template."""
        sentence = super().__new__(cls, template.format(**values) if values else template)
        sentence.template, sentence.values = template, values
        return sentence


def name_of(source: Path | bytes) -> Sentence:
    """Return how messages call a file, or content without a name."""
    return Sentence("“{name}”", name=source.name) if isinstance(source, Path) else Sentence("The image")


class VistazoError(Exception):
    """An error that the user can correct."""

    @property
    def sentence(self) -> str:
        """The message for the user: a `Sentence` where the error was raised with one."""
        first = self.args[0] if self.args else ""
        return first if isinstance(first, str) else str(first)


class ImageError(VistazoError):
    """An image cannot be decoded."""


class VideoError(VistazoError):
    """A clip cannot be opened or has no frames."""


class DecodingError(VistazoError):
    """Decoding an image or a clip took too much time or memory and was stopped."""


class DataError(VistazoError):
    """A data folder cannot be used for training or evaluation."""


class SettingsError(VistazoError):
    """An option or an environment variable has an invalid value."""


class StorageError(VistazoError):
    """A disk or a storage on the network fails at the moment; a later attempt may succeed."""


class BundleError(VistazoError):
    """A bundle is incomplete, inconsistent or damaged."""


class ModelNotFoundError(BundleError):
    """There is no such directory, and no repository of that name that may be read."""


class OtherModelError(ModelNotFoundError):
    """A directory or repository holds no bundle, but perhaps another program's model."""


class HubUnreachableError(ModelNotFoundError):
    """The Hub is down, slow or busy; a later attempt may succeed."""


class DamagedFileError(HubUnreachableError):
    """A file arrived damaged, twice."""


def took_too_much_memory(name: str) -> DecodingError:
    """Return the error for a file that took too much memory to decode.

    Args:
        name: The file's name in quotation marks, or another subject for the message.
    """
    return DecodingError(
        Sentence(
            "{name} takes too much memory to decode, or is damaged in a way that stops the decoder. "
            "Make it smaller, save it again, or choose another.",
            name=name,
        )
    )
