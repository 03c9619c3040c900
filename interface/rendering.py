"""Scripts, style sheets and HTML of the page, from the files in `assets/` and `templates/`."""

from __future__ import annotations

import functools
from pathlib import Path

import jinja2

from model.presentation import readable

ASSETS = Path(__file__).resolve().parent / "assets"
_TEMPLATES = Path(__file__).resolve().parent / "templates"


def asset(name: str) -> str:
    """Return the text of a file in `assets/`."""
    return (ASSETS / name).read_text(encoding="utf-8")


def render(template: str, **values: object) -> str:
    """Return the HTML that a file in `templates/` makes of values; text in them is escaped.

    Raises:
        jinja2.UndefinedError: The template uses a value that is missing.
    """
    return _environment().get_template(template).render(values)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["readable"] = readable
    return environment
