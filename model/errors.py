"""The errors a user can cause, as one small tree.

    VistazoError
     ├── ImageError         an image cannot be decoded
     ├── VideoError           a clip cannot be opened or has no frames
     ├── DecodingError        decoding took too much time or memory
     ├── DataError            a data folder cannot be trained on or evaluated
     ├── SettingsError        an option has a value that cannot work
     └── BundleError          a bundle is incomplete, inconsistent or damaged
          └── ModelNotFoundError   neither a directory nor a repository that may be read
               └── HubUnreachableError   the Hub does not answer as it should: later it may

`str(error)` is one sentence for the person who caused it: what was wrong, what was received and
what to do. It becomes a `gr.Error`, an exit status or a log line only at the program's edge.
"""

from __future__ import annotations

import errno
from typing import Any

# What the system says when a disk, or a user's share of it, is full.
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})


class Sentence(str):
    """A sentence for people that remembers how it was put together, so that it can be said in another language.

    Args:
        template: The sentence, as `str.format` takes it when there are values.
        values: What stands in its places; sentences among them are translated as well.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> Sentence:
        """Put the sentence together."""
        sentence = super().__new__(cls, template.format(**values) if values else template)
        sentence.template, sentence.values = template, values
        return sentence


class VistazoError(Exception):
    """Something the user can put right."""

    @property
    def sentence(self) -> str:
        """What to tell the user; where it is a `Sentence`, it stays one."""
        first = self.args[0] if self.args else ""
        return first if isinstance(first, str) else str(first)


class ImageError(VistazoError):
    """An image cannot be decoded."""


class VideoError(VistazoError):
    """A clip cannot be opened or has no frames."""


class DecodingError(VistazoError):
    """Decoding an image or a clip took too much time or memory, and was ended."""


class DataError(VistazoError):
    """A data folder cannot be trained on or evaluated."""


class SettingsError(VistazoError):
    """An option has a value that cannot work."""


class BundleError(VistazoError):
    """A bundle is incomplete, inconsistent or damaged."""


class ModelNotFoundError(BundleError):
    """A model name is neither a directory nor a repository that may be read."""


class HubUnreachableError(ModelNotFoundError):
    """The Hub is down, slow, busy or broken; the same question may be answered later."""


def took_too_much_memory(name: str) -> DecodingError:
    """Return the error for a file, its name in quotation marks, that took more memory to decode than there was."""
    return DecodingError(
        Sentence(
            "{name} takes too much memory to decode, or is damaged in a way that stops the decoder. "
            "Make it smaller, save it again, or choose another.",
            name=name,
        )
    )
