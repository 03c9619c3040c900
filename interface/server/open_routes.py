"""The routes that are open to visitors."""

from __future__ import annotations

import re

from starlette.types import Scope

# The routes that this page, Gradio's clients and agents need. Everything else gets 404: Gradio also has routes that
# fetch what others name, run FFmpeg, write sessions to the disk, or change the program.
_OPEN = re.compile(
    r"/|/healthz|/waiting|/gradio\.js"
    r"|/(config|theme\.css|favicon\.ico|robots\.txt|manifest\.json|pwa_icon(/[^/]*)?)/?"
    r"|/(static|assets)/.+"
    r"|/gradio_api/("
    r"(info|openapi\.json|theme\.css|app_id|startup-events|upload|upload_progress|cancel|reset|heartbeat/[^/]+)/?"
    r"|queue/(join|data)|call/(v2/)?[^/]+(/[^/]*)?|run/[^/]+/?"  # the page's own events without a queue: `run`
    r"|stream/[^/]+(/close)?"  # the camera
    r"|file=(?!/*(?i:https?):).+|file/.+"  # Gradio redirects the browser to addresses that are named here
    r"|mcp(/.*)?"
    r")",
    re.DOTALL,
)


def is_open(scope: Scope) -> bool:
    """Say whether a request's path is one that the page, Gradio's clients or agents need."""
    path, root = scope["path"], scope.get("root_path", "").rstrip("/")
    if root and path.startswith(f"{root}/"):
        path = path.removeprefix(root)
    return _OPEN.fullmatch(path) is not None
