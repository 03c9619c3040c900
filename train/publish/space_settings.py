"""What a Space runs on and with: hardware, sleep, visibility, its variable and its secret."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Any

from model.errors import SettingsError

VARIABLE = "VISTAZO_MODEL"
SECRET = "HF_TOKEN"
_FREE = "cpu-basic"
_HARDWARE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ENVIRONMENT = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class SpaceSettings:
    """Settings of a Space that are not in its files.

    Attributes:
        model: "user/name@commit" that it serves.
        hardware: The Hub's name of it; None to leave it as it is.
        sleep_seconds: Without a visitor, before it sleeps; -1 for never; None to leave that as it is.
        token: Of the account that may read a private model; becomes a secret, and is never printed.
        protected: Make a new Space protected: its page is public, its files are not.
        sdk: "gradio", or "static" for a page without a server, which has neither hardware nor variables.
    """

    model: str = ""
    hardware: str | None = None
    sleep_seconds: int | None = None
    token: str | None = field(default=None, repr=False)
    protected: bool = False
    sdk: str = "gradio"

    def creation(self) -> dict[str, Any]:
        """Return the arguments of `create_repo`."""
        runs = self.sdk == "gradio"
        given: dict[str, Any] = {
            "space_sdk": self.sdk,
            "space_variables": [{"key": VARIABLE, "value": self.model}] if runs else None,
            "space_hardware": self.hardware,
            "space_sleep_time": self.sleep_seconds,
            "space_secrets": [{"key": SECRET, "value": self.token}] if self.token else None,
            "visibility": "protected" if self.protected else None,
        }
        return {name: value for name, value in given.items() if value is not None}


def read_settings(
    hardware: str | None, sleep: str | None, token_variable: str | None, protected: bool
) -> SpaceSettings:
    """Read the options of a Space.

    Args:
        hardware: The Hub's name of it, such as "cpu-upgrade".
        sleep: Minutes, or "never".
        token_variable: Name of the environment variable with the token.
        protected: See `SpaceSettings`.

    Raises:
        SettingsError: One of them is invalid; a token is not repeated in the message.
    """
    if hardware is not None and not _HARDWARE.fullmatch(hardware):
        raise SettingsError(
            f"--hardware should be one of the Hub's names, such as cpu-basic or cpu-upgrade. Received: {hardware[:40]}."
        )
    seconds = None
    if sleep is not None:
        if sleep != "never" and not (sleep.isascii() and sleep.isdecimal() and 1 <= int(sleep) <= 10**6):
            raise SettingsError(f"--sleep should be a number of minutes, or “never”. Received: {sleep[:40]}.")
        if hardware == _FREE:
            raise SettingsError(f"--sleep needs paid hardware: {_FREE} sleeps after 48 hours. Leave it out.")
        seconds = -1 if sleep == "never" else 60 * int(sleep)
    return SpaceSettings("", hardware, seconds, _token(token_variable), protected)


def _token(variable: str | None) -> str | None:
    if variable is None:
        return None
    token = os.environ.get(variable, "").strip() if _ENVIRONMENT.fullmatch(variable) else ""
    if not token:  # what was given may be the token itself: it is not repeated
        raise SettingsError(
            "--space-token should be the name of an environment variable that holds a token, not a token. There is no "
            "such variable, or it is empty."
        )
    return token
