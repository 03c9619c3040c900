"""The page's texts in each language: those of the Gradio page, and the few that only a page without a server needs."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from train.site.runtime import STATIC

LANGUAGES = {"en": "English", "es": "Español", "fr": "Français"}
_GRADIO_PAGE = STATIC.parent / "interface" / "i18n"
_NAME = "TEXTS"


def page_texts(language: str) -> dict[str, str]:
    """Return the texts of a language, key → template."""
    own = json.loads((STATIC / "texts" / f"{language}.json").read_text(encoding="utf-8"))
    return _literal(_GRADIO_PAGE / f"{language}.py") | own


def _literal(path: Path) -> dict[str, Any]:
    """Return the dictionary `TEXTS` of a module as data: training imports nothing of the Gradio page."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [_NAME]:
            texts: dict[str, Any] = ast.literal_eval(node.value)
            return texts
    raise LookupError(f"{path} has no {_NAME}")
