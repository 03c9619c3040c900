"""Write the reference pages from the code: `python docs/make_reference.py` (needs the tests' requirements).

Commands and options come from the parsers, limits from their record, endpoints from the page. Only the meaning of the
other environment variables is written here.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

REFERENCE = ROOT / "docs" / "reference"
_GENERATED = "<!-- Written by docs/make_reference.py: change the code, not this page. -->"
_LIMIT_PREFIX = "VISTAZO_MAX_"
# argparse's own groups, whose titles say nothing.
_PLAIN_GROUPS = ("positional arguments", "options", "optional arguments")

VARIABLES = {
    "VISTAZO_MODEL": "What `vistazo serve` and `vistazo predict` use when `--model` is not given.",
    "VISTAZO_FALLBACK": "`default` serves the embedded model when a repository cannot be reached, like `--fallback`.",
    "VISTAZO_PYTHON": "The Python that `scripts/serve` and the other scripts take for a new environment.",
    "VISTAZO_CHROMIUM": "The browser that the tests and `docs/make_screens.py` use.",
    "VISTAZO_MAX_DATA_CACHE_GB": "The most that fetched and unpacked data sets may take on disk, in gigabytes (50).",
    "VISTAZO_TRUSTED_PROXIES": "The addresses or networks of the proxies in front of the app, with commas: what they "
    "say of a visitor's address is believed.",
    "VISTAZO_DRAIN_SECONDS": "Seconds that visitors have to finish after SIGTERM, while `/healthz` answers 404; 0, the "
    "default, ends the app at once.",
    "VISTAZO_TEST_TIER": "`default` or `nightly`; set by `scripts/test`, which tries more examples at night.",
    "VISTAZO_SOURCE": "The notebook: the address that it clones.",
    "VISTAZO_DATA": "The notebook: a folder, a zip or tar file, or a Drive folder; empty asks for an upload.",
    "VISTAZO_BUNDLE": "The notebook: the directory of the bundle.",
    "VISTAZO_OPTIONS": "The notebook: further options for `vistazo fit`.",
    "VISTAZO_REPOSITORY": "The notebook: the repository to publish to; empty publishes nothing.",
}
OTHER_VARIABLES = {
    "HF_TOKEN": "A token for private repositories and for publishing, as everywhere in the Hub's client.",
    "HF_HOME": "Where the Hub's client keeps its cache.",
    "KERAS_BACKEND": "`tensorflow`, `jax` or `torch`: what `vistazo fit` trains with.",
    "KERAS_DISTRIBUTION_JOB_ADDRESSES": "Address and port of host 0 of a training on several hosts.",
    "KERAS_DISTRIBUTION_NUM_PROCESSES": "Number of hosts.",
    "KERAS_DISTRIBUTION_PROCESS_ID": "The number of this host, from 0. Host 0 writes.",
    "GRADIO_SERVER_NAME": "The address to listen on when `--host` is not given.",
    "GRADIO_SERVER_PORT": "The port to listen on when `--port` is not given.",
}
ROUTES = {
    "GET /healthz": "200 when the model is there, 503 while the page waits for it, 404 after SIGTERM while visitors "
    "finish; the model, its commit, and how many requests wait and run.",
    "GET /waiting": "What the page waits for, as a sentence; null once the model is there.",
    "GET /gradio.js": "The program of the web component; see [Embed](../embed.md).",
    "GET /gradio_api/info": "This page as JSON, for the model that is served.",
    "/gradio_api/mcp/": 'The same endpoints as tools for agents (MCP), with `pip install "gradio[mcp]"`.',
}


def main() -> None:
    """Write the pages."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in {
        "commands.md": commands_page(),
        "variables.md": variables_page(),
        "endpoints.md": endpoints_page(page_endpoints()),
    }.items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
        print(REFERENCE / name)


def parser_of(command: str) -> argparse.ArgumentParser:
    """Return the parser of a command of `vistazo`, which is the one that prints its help."""
    import vistazo

    found: list[argparse.ArgumentParser] = []

    def keep(parser: argparse.ArgumentParser, file: object = None) -> None:
        found.append(parser)

    with mock.patch.object(argparse.ArgumentParser, "print_help", keep), contextlib.suppress(SystemExit):
        vistazo.main([command, "--help"])
    if len(found) != 1:
        raise ValueError(f"`vistazo {command} --help` should print one help. Received: {len(found)}.")
    return found[0]


def commands_page() -> str:
    """Return the page of all commands with their options."""
    import vistazo

    lines = [
        _GENERATED,
        "",
        "# Commands",
        "",
        "From a checkout without the `vistazo` command, `vistazo serve` is `python app.py`, `vistazo predict` is "
        "`python -m model predict`, and each other command is `python -m train`. Exit status: 0; 1 from `check` when "
        "it found problems; 2 when you have to put something right, which one sentence names; 130 after Ctrl-C.",
    ]
    for command in vistazo.COMMANDS:
        parser = parser_of(command.name)
        lines += ["", f"## vistazo {command.name}", "", _sentence(parser.description or command.help)]
        tables: dict[str, list[str]] = {}
        for group in parser._action_groups:
            title = "" if group.title in _PLAIN_GROUPS else group.title or ""
            rows = [_row(parser, a) for a in group._group_actions if a.dest != "help" and a.help != argparse.SUPPRESS]
            tables.setdefault(title, []).extend(rows)
        for title, rows in tables.items():
            if rows:
                heading = ["", f"### {command.name}: {title}"] if title else []
                lines += [*heading, "", "| option | meaning |", "|---|---|", *rows]
    return "\n".join(lines) + "\n"


def _sentence(text: str) -> str:
    words = " ".join(text.split())
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", ":")) else ".")


def _row(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    value = action.metavar or ("{" + ",".join(map(str, action.choices)) + "}" if action.choices else None)
    if action.option_strings:
        takes_value = action.nargs != 0 and not isinstance(action, argparse.BooleanOptionalAction)
        name = ", ".join(action.option_strings) + (f" {value or action.dest.upper()}" if takes_value else "")
    else:
        name = str(value or action.dest)
    # Before Python 3.13 argparse adds the default of a yes-or-no option to its help, in Python's words.
    text = (action.help or "").removesuffix(" (default: %(default)s)")
    meaning = text % {**vars(action), "prog": parser.prog}
    required = "; required" if action.option_strings and action.required else ""
    return f"| `{_cell(name)}` | {_cell(meaning)}{required} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def named_variables() -> set[str]:
    """Return the names of all `VISTAZO_` variables that the program, its scripts and its notebook read."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.ipynb", "*.yml", "scripts", ".ci"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    names: set[str] = set()
    for name in listed:
        path = ROOT / name
        if not name or name.startswith("tests/") or path == Path(__file__) or not path.is_file():
            continue
        names |= set(re.findall(r"VISTAZO_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8", errors="replace")))
    return {name for name in names if name + "_" != _LIMIT_PREFIX}


def variables_page() -> str:
    """Return the page of all environment variables.

    Raises:
        ValueError: A variable that the code reads is explained nowhere.
    """
    limits = dict(_limits())
    unexplained = named_variables() - VARIABLES.keys() - limits.keys()
    if unexplained:
        raise ValueError(f"VARIABLES in docs/make_reference.py should explain {', '.join(sorted(unexplained))}.")
    lines = [
        _GENERATED,
        "",
        "# Environment variables",
        "",
        "## Limits of the app",
        "",
        "Each is a whole number above 0. The page shows the limits to its visitors.",
        "",
        "| variable | default | what it limits |",
        "|---|---|---|",
        *(f"| `{name}` | {default} | {_cell(meaning)} |" for name, (default, meaning) in limits.items()),
        "",
        "## Model and scripts",
        "",
        *_table(VARIABLES),
        "",
        "## Variables of other programs",
        "",
        *_table(OTHER_VARIABLES),
    ]
    return "\n".join(lines) + "\n"


def _limits() -> Iterator[tuple[str, tuple[object, str]]]:
    from model.limits import Limits

    meanings = dict(re.findall(r"^ {8}(\w+): (.+)$", Limits.__doc__ or "", re.MULTILINE))
    for field in fields(Limits):
        yield _LIMIT_PREFIX + field.name.upper(), (field.default, meanings[field.name])


def _table(variables: Mapping[str, str]) -> Sequence[str]:
    return ["| variable | meaning |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in variables.items())]


def page_endpoints() -> dict[str, Any]:
    """Return what Gradio says of the endpoints, of a page with two models, which has them all."""
    import app
    from model.hub.resolve import EMBEDDED

    page = app.make_demo(None, None, str(EMBEDDED))
    try:
        return dict(page.get_api_info()["named_endpoints"])
    finally:
        page.decoders.close()


def endpoints_page(endpoints: Mapping[str, Any]) -> str:
    """Return the page of the endpoints and the app's other routes.

    Args:
        endpoints: What `page_endpoints` returns.
    """
    lines = [
        _GENERATED,
        "",
        "# Endpoints",
        "",
        "[Use it from programs](../programs.md) has examples. Labels and errors come in the language that the "
        "request's `Accept-Language` names, else in English. In Python, files are sent with `handle_file`.",
    ]
    for name, endpoint in endpoints.items():
        lines += ["", f"## {name}", "", " ".join(str(endpoint.get("description") or "").split())]
        for title, values in (("parameter", endpoint["parameters"]), ("returns", endpoint["returns"])):
            lines += ["", f"| {title} | type |", "|---|---|"]
            for number, value in enumerate(values, 1):
                name = f"`{value['parameter_name']}`{_default_of(value)}" if title == "parameter" else str(number)
                lines.append(f"| {name} | {_type_of(value)} |")
    lines += ["", "## Other routes", "", "| route | what it answers |", "|---|---|"]
    lines += [f"| `{route}` | {meaning} |" for route, meaning in ROUTES.items()]
    return "\n".join(lines) + "\n"


def _type_of(value: Mapping[str, Any]) -> str:
    python_type = value.get("python_type") or {}
    kind = re.sub(r"\(.*\)", "", str(python_type.get("type", "")), flags=re.DOTALL).strip()
    return f"{value['component']}, `{_cell(kind)}`"


def _default_of(value: Mapping[str, Any]) -> str:
    return f", {value['parameter_default']} when left out" if value["parameter_has_default"] else ""


if __name__ == "__main__":
    main()
