"""The options of events that are the page's own: programs cannot call them, and visitors do not wait in the queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

IN_THE_PAGE: Mapping[str, Any] = {"api_visibility": "private", "queue": False, "show_progress": "hidden"}
