"""Untrusted text in messages: shortened, in one line, printable characters only."""

from __future__ import annotations

MAX_ERROR = 160
MAX_NAME = 60


def first_words(error: BaseException) -> str:
    """Return the beginning of an error's message in one line; the error's type where the message is empty."""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(error)).split())
    return (text if len(text) <= MAX_ERROR else text[: MAX_ERROR - 1] + "…").rstrip(".") or type(error).__name__


def printable(name: str) -> str:
    """Return the beginning of a stored name without control characters."""
    return "".join(c for c in name if c.isprintable())[:MAX_NAME]
