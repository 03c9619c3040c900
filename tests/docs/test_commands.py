"""Every command that a document shows is one that runs: its options exist, and so do the files that it names."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import io
import re
from argparse import ArgumentParser
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

import vistazo
from tests.support.documents import ShownCommand, blocks, documents, make_reference, shown_commands
from tests.support.serving import ROOT
from train.commands.ending import accuracy_sentences
from train.commands.fit import settings_of
from train.recipes.registry import unused_options
from train.search_space import parse_space, space_for

COMMANDS = [command.name for command in vistazo.COMMANDS]
# Programs that are not ours. What they are asked is for their own documentation.
OTHERS = {
    "cd",
    "curl",
    "git",
    "hf",
    "docker",
    "npm",
    "ray",
    "rsync",
    "ssh",
    "sudo",
    "pipx",
    "uv",
    "mkdocs",
    "for",
    "do",
    "done",
}
MODULES = {"train", "model", "pip", "mkdocs", "http.server", "examples"}

_parsers: dict[str, ArgumentParser] = {}


def parser_of(name: str) -> ArgumentParser:
    if name not in _parsers:
        _parsers[name] = make_reference().parser_of(name)
    return _parsers[name]


def mistake_in(words: Sequence[str]) -> str | None:
    """Return what is wrong with a command of a document; None when it runs as it is printed."""
    program, *rest = words
    if program == "vistazo":
        return mistake_in_arguments(rest)
    if program in ("python", "python3", ".venv-test/bin/python", ".venv/bin/python"):
        return mistake_in_python(rest)
    if program == "bash":
        program = rest[0]
    if program in ("pip", ".venv-test/bin/pip"):
        return mistake_in_files([file for option, file in pairwise(rest) if option == "-r"])
    if program == "scripts/train":
        given = [word for word in rest if word != program]
        return mistake_in_arguments(given if given[0] in COMMANDS else ["fit", *given])
    if program.startswith("scripts/"):
        return mistake_in_files([program])
    return None if program in OTHERS or program.startswith(".venv-test/bin/") else f"{program} is not known"


def mistake_in_python(rest: Sequence[str]) -> str | None:
    if rest[0] == "app.py":
        return mistake_in_arguments(["serve", *rest[1:]])
    if rest[0] == "-m":
        if rest[1] in ("train", "model"):
            return mistake_in_arguments(rest[2:])
        return None if rest[1] in MODULES else f"the module {rest[1]} is not known"
    return mistake_in_files([rest[0]])


def mistake_in_files(files: Sequence[str]) -> str | None:
    missing = [file for file in files if not (ROOT / file).exists()]
    return f"there is no {missing[0]}" if missing else None


def mistake_in_arguments(words: Sequence[str]) -> str | None:
    """Parse the words after `vistazo` as the command itself would."""
    name, *arguments = words
    if name == "--help" or arguments[:1] == ["--help"]:
        return None
    if name not in COMMANDS:
        return f"there is no command {name}"
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            parser_of(name).parse_args(arguments)
        except SystemExit:
            return said.getvalue().strip().splitlines()[-1]
    return None


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_of_a_document_is_one_that_runs(path: Path) -> None:
    mistakes = [(one.place, " ".join(one.words), mistake_in(one.words)) for one in shown_commands(path)]

    assert [mistake for mistake in mistakes if mistake[2]] == []


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_python_block_of_a_document_can_be_parsed(path: Path) -> None:
    for line, block in blocks(path, "python"):
        ast.parse(block, f"{path.name}:{line}")


def test_what_the_commands_of_the_first_documents_write_is_no_change_of_the_repository() -> None:
    pages = (ROOT / "README.md", ROOT / "docs" / "first-model.md")
    words = [word for page in pages for one in shown_commands(page) for word in pairwise(one.words)]
    written = {name for option, name in words if option == "--out"}
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()

    assert written == {"my_bundle", "report", "sheets"}
    assert {f"/{name}/" for name in written} | {"/.*.training/"} <= set(lines)


def test_readme_shows_commands() -> None:
    names = {one.words[1] for one in shown_commands(ROOT / "README.md") if one.words[0] == "vistazo"}

    assert {"fit", "serve", "push"} <= names


def test_readme_shows_what_fit_says_at_its_end() -> None:
    ((_, shown),) = blocks(ROOT / "README.md", "text")
    first, second, *others = shown.splitlines()
    right, total, unknown = (int(number) for number in re.findall(r"\d+", first)[:2] + re.findall(r"\d+", second))
    metrics = {"n": total, "accuracy": right / total, "split": "folds", "unknown_images": unknown}

    assert accuracy_sentences(metrics) == [first, second]
    assert others == [
        "Wrote my_bundle. What it gets wrong: my_bundle/report/index.html",
        "Serve it: vistazo serve --model my_bundle",
    ]


@pytest.mark.parametrize(
    ("command", "mistake"),
    [
        ("vistazo fit my_images", "--out"),
        ("vistazo fit my_images --out b --epoch-count 3", "--epoch-count"),
        ("vistazo teach my_images", "teach"),
        ("python -m train fit my_images --out b --alpha wide", "--alpha"),
        ("pip install -r nowhere.txt", "nowhere.txt"),
        ("bash scripts/nowhere", "scripts/nowhere"),
        ("bash scripts/train my_images", "--out"),
        ("frobnicate", "frobnicate"),
    ],
)
def test_a_command_that_would_not_run_is_noticed(command: str, mistake: str) -> None:
    assert mistake in (mistake_in(ShownCommand("here", tuple(command.split())).words) or "")


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
@pytest.mark.parametrize("images", [400, 5000])
def test_a_training_of_a_document_uses_its_options(path: Path, images: int) -> None:
    for one in shown_commands(path):
        words = [*one.words[:1], *one.words[3:]] if one.words[:3] == ("python", "-m", "train") else one.words
        if words[0] != "vistazo" or words[1] not in ("fit", "tune"):
            continue
        options = parser_of(words[1]).parse_args(words[2:])
        settings = settings_of(options)
        folds = settings.folds_for(images)
        assert unused_options(settings, images, by_folds=bool(folds)) == [], one.place
        if words[1] == "tune":
            space_for(parse_space(options.setting, settings), dataclasses.replace(settings, folds=folds), images)
