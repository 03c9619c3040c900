"""Links to a tab or an example: `?tab=video`, `?example=brazil`; `assets/deep_links.js` is their part in the browser.

They hold nothing of the visitor's. Gradio's own deep links would keep the visitor's input on the server, for whoever
has the link.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import gradio as gr

_TAB, _EXAMPLE = "tab", "example"  # the parameters
_COMPARE = "compare"
_RENAMED = {"model": "about"}


def tab_to_open(
    request: gr.Request | None, tabs: Collection[str], images: Sequence[Path], clips: Sequence[Path]
) -> str | None:
    """Return the tab that the page's address asks for, or None.

    Args:
        request: The visitor's request; None for a program's call.
        tabs: The ids of the page's tabs.
        images: The examples of the image tab.
        clips: The examples of the video tab.
    """
    asked = _asked(request)
    example, tab = asked.get(_EXAMPLE), asked.get(_TAB)
    if tab == _COMPARE and tab in tabs:  # it offers the same examples as the image tab
        return tab
    for place, examples in (("image", images), ("video", clips)):
        if any(path.stem == example for path in examples):
            return place
    tab = _RENAMED.get(tab or "", tab)
    return tab if tab in tabs else None


def names_example(request: gr.Request | None) -> bool:
    """Return whether the page's address asks for an example, which the browser chooses then."""
    return _EXAMPLE in _asked(request)


def _asked(request: gr.Request | None) -> dict[str, str]:
    return dict(request.query_params or {}) if request else {}
