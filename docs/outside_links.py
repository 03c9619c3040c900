"""A hook of MkDocs: links of a page to files outside docs/ lead to the repository, and must exist."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

_LINK = re.compile(r"(?<=\]\()((?:\.\./)+[^)#\s]+)")


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return the page's text with its links to files outside docs/ made absolute.

    Raises:
        PluginError: A link leads to no file.
    """
    docs = Path(config.docs_dir)

    def absolute(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page.file.src_uri), match[0]))
        if path.startswith("docs/"):
            return match[0]
        if not (docs.parent / path).exists():
            raise PluginError(f"{page.file.src_uri} leads to {match[0]}, which is not there.")
        return f"{config.extra['repository']}/blob/main/{path}"

    return _LINK.sub(absolute, markdown)
