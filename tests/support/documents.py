"""The documents for people: README.md, its translations and docs/, and the commands that they show."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from tests.support.serving import ROOT

READMES = ("README.md", "README.es.md", "README.fr.md")
DOCS = ROOT / "docs"
# Written by a program, and not commands that somebody types.
_GENERATED = DOCS / "reference"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SETTING = re.compile(r"[A-Z_]+=\S*")


class ShownCommand(NamedTuple):
    """A command in a document: where it stands, and its words without variables that are set in front of it."""

    place: str
    words: tuple[str, ...]


def documents() -> list[Path]:
    """Return the documents whose commands are looked at."""
    pages = [path for path in sorted(DOCS.rglob("*.md")) if _GENERATED not in path.parents]
    return [*(ROOT / name for name in READMES), ROOT / "CONTRIBUTING.md", *pages]


def blocks(path: Path, language: str) -> list[tuple[int, str]]:
    """Return the code blocks in a language, each with the line where it begins."""
    text = path.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, match.start()) + 2, match[2]) for match in _BLOCK.finditer(text) if match[1] == language
    ]


def shown_commands(path: Path) -> list[ShownCommand]:
    """Return every command in the shell blocks of a document."""
    found = []
    for first, block in blocks(path, "bash"):
        for number, line in enumerate(block.replace("\\\n", " ").splitlines(), first):
            place = f"{path.relative_to(ROOT)}:{number}"
            for words in _commands(shlex.split(line, comments=True)):
                found.append(ShownCommand(place, tuple(words)))
    return found


def _commands(words: list[str]) -> list[list[str]]:
    commands: list[list[str]] = [[]]
    for word in words:
        if word in ("&&", "|", ";", "&"):
            commands.append([])
        elif commands[-1] or not _SETTING.fullmatch(word):
            commands[-1].append(word)
    return [command for command in commands if command]


def make_reference() -> ModuleType:
    """Return the program docs/make_reference.py as a module; docs/ is not a package."""
    spec = importlib.util.spec_from_file_location("make_reference", DOCS / "make_reference.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
