"""After SIGTERM: the proxy sends no new visitors, and those who are there may finish."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from model.errors import SettingsError

_VARIABLE = "VISTAZO_DRAIN_SECONDS"
# Without a request for so long, nobody is there. Proxies have looked at `/healthz` by then.
_QUIET_SECONDS = 10.0
_PAUSE = 0.2


def drain_seconds() -> int:
    """Return the seconds that visitors have after SIGTERM, which VISTAZO_DRAIN_SECONDS says; 0 ends the app at once.

    Raises:
        SettingsError: It is not a whole number.
    """
    text = os.environ.get(_VARIABLE, "").strip() or "0"
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise SettingsError(f"{_VARIABLE} should be a whole number of seconds. Received: {text[:40]}.")
    return int(text)


def wait_for_visitors(is_busy: Callable[[], bool]) -> None:
    """Wait until there has been no request for ten seconds, at most as long as VISTAZO_DRAIN_SECONDS says.

    Args:
        is_busy: Says whether a request is being handled or waits.
    """
    now = quiet_since = time.monotonic()
    end = now + drain_seconds()
    while now < end and now - quiet_since < _QUIET_SECONDS:
        time.sleep(_PAUSE)
        now = time.monotonic()
        if is_busy():
            quiet_since = now
