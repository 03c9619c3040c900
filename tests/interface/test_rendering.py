"""HTML from templates escapes its values, and every script and style sheet reaches the page."""

from __future__ import annotations

import jinja2
import pytest

from interface.rendering import ASSETS, asset, render
from interface.theme import _SCRIPTS, STYLE_SHEETS, head
from tests.support.programs import run_program
from tests.support.serving import ROOT

EVIL = "\"'><img src=x onerror=alert(1)>"


def test_values_are_escaped_in_text_and_in_attributes() -> None:
    tag = render("language_choice.html", languages=[EVIL], parameter=EVIL, script="")
    assert "<img" not in tag and "\"'" not in tag
    assert tag.count("&lt;img src=x") == 2


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("language_choice.html", languages=["en"])


def test_every_asset_is_used() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "interface").rglob("*.py"))
    assets = [path for path in ASSETS.iterdir() if path.suffix in (".js", ".css")]
    assert len(assets) >= len(STYLE_SHEETS) + 2
    assert [path.name for path in assets if f'"{path.name}"' not in code] == []
    assert all(path.is_file() for path in STYLE_SHEETS)


def test_the_head_holds_the_scripts_as_they_are() -> None:
    scripts = head()
    for name in (*_SCRIPTS, "margins.css"):
        assert asset(name) in scripts
        assert "</script" not in asset(name)


def test_an_example_is_called_by_its_files_name_without_the_suffix() -> None:
    address = "https://host/gradio_api/file=/tmp/x/mr.smith%20jr.jpg"
    program = f"globalThis.window = globalThis;\n{asset('actions.js')}\n"
    shown = f"{{ querySelector: () => ({{ src: '{address}' }}) }}"
    assert run_program(f"{program}console.log(JSON.stringify(vistazo.exampleName({shown})))") == "mr.smith jr"
