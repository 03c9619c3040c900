"""The reference names every command, option, variable and endpoint, and is the one that the code gives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType

import pytest

import vistazo
from tests.support.documents import DOCS, make_reference
from tests.support.serving import ROOT, ServedApp, ask

RENEW = "run python docs/make_reference.py"
NAMED_ENDPOINT = re.compile(r'api_name="(\w+)"')


@pytest.fixture(scope="module")
def program() -> ModuleType:
    return make_reference()


def page(name: str) -> str:
    return (DOCS / "reference" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [command.name for command in vistazo.COMMANDS])
def test_every_option_of_a_command_is_documented(name: str, program: ModuleType) -> None:
    options = {option for action in program.parser_of(name)._actions for option in action.option_strings}
    section = page("commands.md").partition(f"\n## vistazo {name}\n")[2].partition("\n## ")[0]

    documented = set(re.findall(r"[^\s`,|]+", section))

    assert options - {"-h", "--help"} <= documented, RENEW


def test_the_page_of_commands_is_the_one_that_the_code_gives(program: ModuleType) -> None:
    assert page("commands.md") == program.commands_page(), RENEW


def test_the_page_of_variables_is_the_one_that_the_code_gives(program: ModuleType) -> None:
    assert page("variables.md") == program.variables_page(), RENEW


def test_a_variable_that_nobody_explains_is_noticed(program: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "named_variables", lambda: {"VISTAZO_MODEL", "VISTAZO_SOMETHING_NEW"})

    with pytest.raises(ValueError, match="VISTAZO_SOMETHING_NEW"):
        program.variables_page()


def test_every_variable_in_the_code_is_found(program: ModuleType) -> None:
    found = program.named_variables()

    assert {"VISTAZO_MODEL", "VISTAZO_FALLBACK", "VISTAZO_PYTHON", "VISTAZO_DATA"} <= found
    assert "VISTAZO_MAX" not in found


def test_every_endpoint_is_documented() -> None:
    sources = sorted((ROOT / "interface").rglob("*.py"))
    named = {name for path in sources for name in NAMED_ENDPOINT.findall(path.read_text(encoding="utf-8"))}

    assert named
    assert {name for name in named if f"\n## /{name}\n" not in page("endpoints.md")} == set(), RENEW


@pytest.mark.nightly
def test_the_page_of_endpoints_is_the_one_that_the_app_gives(program: ModuleType) -> None:
    assert page("endpoints.md") == program.endpoints_page(program.page_endpoints()), RENEW


@pytest.mark.nightly
def test_the_parameters_of_a_running_app_are_documented(served_app: ServedApp, tmp_path: Path) -> None:
    status, body = ask(served_app.url, "/gradio_api/info")
    endpoints = json.loads(body)["named_endpoints"]

    assert status == 200 and endpoints
    for name, endpoint in endpoints.items():
        section = page("endpoints.md").partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        missing = [p["parameter_name"] for p in endpoint["parameters"] if f"`{p['parameter_name']}`" not in section]
        assert missing == [], f"{name}: {RENEW}"
