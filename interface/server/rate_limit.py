"""How many requests one visitor may make in a minute."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque

_MINUTE = 60.0
_MAX_VISITORS = 10_000  # remembered at once


class RateLimit:
    """A limit on requests per minute and address; safe to use from several threads.

    Args:
        per_minute: The limit for one visitor.
    """

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._recent: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def admits(self, visitor: str | None) -> bool:
        """Count a request, and say whether it is within the limit; a call from Python (None) always is."""
        if visitor is None:
            return True
        now = time.monotonic()
        with self._lock:
            recent = self._recent.setdefault(visitor, deque())
            self._recent.move_to_end(visitor)
            while len(self._recent) > _MAX_VISITORS or self._is_past(now):
                self._recent.popitem(last=False)
            while recent and recent[0] < now - _MINUTE:
                recent.popleft()
            if len(recent) >= self.per_minute:
                return False
            recent.append(now)
            return True

    def _is_past(self, now: float) -> bool:
        """Say whether the visitor whose last request is the oldest made it more than a minute ago."""
        oldest = next(iter(self._recent.values()))
        return len(self._recent) > 1 and (not oldest or oldest[-1] < now - _MINUTE)
