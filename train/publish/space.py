"""A Gradio Space made of this repository's app, that serves one commit of a model repository.

Its settings: https://huggingface.co/docs/hub/spaces-config-reference
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from model.bundle import CARD, MANIFEST, OPTIONAL_FILES, SERVING_FILES
from model.errors import SettingsError
from model.hub.contents import RepositoryContents
from model.hub.resolve import EMBEDDED
from model.labels import language_of
from model.presentation import Presentation, example_files
from train.export.card_text import BEGIN, END, merge_card, plain, read_card, yaml_of
from train.publish.changes import (
    Change,
    Content,
    LastPush,
    check_nothing_is_lost,
    check_visibility,
    is_hubs_own,
    last_push,
    manifest_of,
    print_card_problem,
    published_text,
)
from train.publish.commit import Pushed, publish
from train.publish.space_runtime import apply_settings
from train.publish.space_settings import SECRET, VARIABLE, SpaceSettings
from train.publish.target import Target

if TYPE_CHECKING:
    from train.site.description import Source

# Of the front matter; title, emoji, colours and the rest belong to the owner once they exist.
_OURS = ("sdk", "sdk_version", "python_version", "app_file", "preload_from_hub")
_ROOT = Path(__file__).resolve().parents[2]
_CODE = ("interface", "model")
_PROGRAM = "app.py"
_PROGRAMS = {"gradio": _PROGRAM, "static": "index.html"}  # by SDK
PYTHON_VERSION = "3.12.12"  # in full: ZeroGPU takes this one of the 3.12 series
LONGEST_SHORT_DESCRIPTION = 60  # the Hub's limit


def push_space(
    target: Target, source: Source, presentation: Presentation, *, replace: bool = False, dry_run: bool = False
) -> Pushed:
    """Make or update the Space, and let it serve this commit of the model.

    Args:
        target: The Space, with its settings.
        source: The model's repository, and the commit to serve; None in a dry run that found none.
        presentation: The model's title and description, which a new Space gets.
        replace: Write over what somebody else has changed in a Space that a push made.
        dry_run: Change nothing.

    Raises:
        PushError: It may not be written, or somebody else's work would be lost.
        HubUnreachableError: The Hub gives no usable response; push again later.
    """
    target, settings = serving(target, source)
    repository, commit = str(source.repository), source.commit
    model = Target(repository).contents(commit, must_exist=True) if commit else None
    files = space_files(target.repository, settings.model, _preloaded(model), presentation)
    pushed = write_space(target, files, _OURS, replace=replace, dry_run=dry_run)
    if not dry_run:
        apply_settings(target, settings)
        if model and model.restricted and not settings.token:
            print(_how_to_read(target, repository), file=sys.stderr)
    return pushed


def serving(target: Target, source: Source) -> tuple[Target, SpaceSettings]:
    """Return a Space that serves this commit of a model, and its settings."""
    pin = f"{source.repository}@{source.commit}"
    settings = dataclasses.replace(target.space or SpaceSettings(), model=pin)
    return dataclasses.replace(target, space=settings), settings


def check_space(target: Target) -> None:
    """Refuse a Space that cannot be written, before a model is published whose card leads to it.

    Args:
        target: The Space, with its settings.

    Raises:
        SettingsError: It holds another app.
        PushError: It may not be read, or is public where it should be private.
        HubUnreachableError: The Hub gives no usable response; push again later.
    """
    _look(target, (target.space or SpaceSettings()).sdk)


def write_space(
    target: Target, files: dict[str, Content], ours: Sequence[str], *, replace: bool, dry_run: bool
) -> Pushed:
    """Make a Space hold certain files, and merge its card with what people have written on the Hub.

    Args:
        target: The Space, with its settings.
        files: All of its files but the manifest.
        ours: The keys of the card's front matter that the push decides.
        replace: Write over what somebody else has changed in a Space that a push made.
        dry_run: Change nothing.
    """
    settings = target.space or SpaceSettings()
    current, published, last = _look(target, settings.sdk)
    files = files | {MANIFEST: manifest_of(files, {})}
    if not is_hubs_own(published):
        files[CARD] = merge_card(_text(files[CARD]), published, ours).encode()
    change = Change(files, frozenset(set(last or ()) - set(files)), f"Serve {settings.model}")
    if not replace:
        check_nothing_is_lost(target, current, change, last, published)
    print_card_problem(current, published)
    if settings.protected and current.commit:
        print(f"“{target.repository}” exists already: --protected makes only new Spaces protected.", file=sys.stderr)
    return publish(target, change, current, dry_run=dry_run)


def _look(target: Target, sdk: str) -> tuple[RepositoryContents, str | None, LastPush | None]:
    """Return what a Space holds, its card and what the last push wrote."""
    current = target.contents()
    check_visibility(target, current)
    published, last = published_text(current, CARD), last_push(current)
    _check_is_ours(current, last, published, sdk)
    return current, published, last


def _how_to_read(space: Target, repository: str) -> str:
    return (
        f"“{repository}” is private or gated, and the Space needs a token that may read it: add the secret {SECRET} at "
        f"{space.url}/settings, or put the token into a variable such as SPACE_TOKEN of this shell and push again with "
        "`--space-token SPACE_TOKEN`."
    )


def space_files(
    space: str, pin: str, preloaded: Sequence[str], presentation: Presentation | None = None
) -> dict[str, Content]:
    """Return the files of the Space: the app's code, without the embedded model and its examples.

    Args:
        space: "user/name".
        pin: The model to serve, "user/name@commit"; the commit is None when it is not known yet.
        preloaded: Files of the model to fetch while the Space is built; none for a private one.
        presentation: The model's title and description; None where it has none.
    """
    files: dict[str, Content] = {name: _ROOT / name for name in (_PROGRAM, "requirements.txt", "LICENSE")}
    for folder in _CODE:
        files |= {
            path.relative_to(_ROOT).as_posix(): path
            for path in sorted((_ROOT / folder).rglob("*"))
            if path.is_file() and EMBEDDED not in path.parents and not _is_made(path.relative_to(_ROOT))
        }
    files[CARD] = _readme(space, pin, preloaded, presentation or Presentation()).encode()
    return files


def _check_is_ours(current: RepositoryContents, last: LastPush | None, card: str | None, sdk: str) -> None:
    """Refuse a Space with another SDK or program, which --replace would not take over either.

    Spaces that were pushed before there was a manifest in them are known by the generated block of their README.md.
    """
    settings = read_card(card).metadata
    main_file = _PROGRAMS[sdk]
    program = str(settings.get("app_file", main_file))
    others = sorted(set(current.files) - {CARD, ".gitattributes"}, key=lambda path: (not path.endswith(".py"), path))
    if settings.get("sdk", sdk) != sdk:
        what = f"its sdk is {settings['sdk']}"
    elif program != main_file:
        what = program
    elif main_file not in (last or ()) and others and BEGIN not in (card or ""):
        what = others[0]
    else:
        return
    raise SettingsError(
        f"The Space “{current.repository}” holds another app ({what}). Nothing was overwritten. Give --space another "
        "name."
    )


def _is_made(path: Path) -> bool:
    """Say whether a file is not a source but was left by a run of the program."""
    return "__pycache__" in path.parts or any(part.startswith(".") for part in path.parts)


def _readme(space: str, pin: str, preloaded: Sequence[str], presentation: Presentation) -> str:
    repository, _, commit = pin.partition("@")
    title = presentation.title or space.partition("/")[2]
    short = presentation.description
    settings: dict[str, object] = {
        "title": title,
        "emoji": "👀",
        "colorFrom": "blue",
        "colorTo": "yellow",
        "sdk": "gradio",
        "sdk_version": importlib.metadata.version("gradio"),
        "python_version": PYTHON_VERSION,
        "app_file": _PROGRAM,
        "suggested_hardware": "cpu-basic",  # for whoever duplicates it
        "short_description": short if 0 < len(short) <= LONGEST_SHORT_DESCRIPTION else "Classifies photos and videos",
        "tags": ["image-classification", "vistazo"],
        "models": [repository],
    }
    if preloaded:
        settings["preload_from_hub"] = [f"{repository} {','.join(preloaded)} {commit}"]
    return f"""---
{yaml_of(settings)}---

# {plain(title)}

{BEGIN}

{plain(short)}

A page that classifies photos and videos with the model [{repository}](https://huggingface.co/{repository}), \
at commit `{commit}`. It was written by `vistazo push --space`, which also updates it.

The variable `{VARIABLE}` in this Space's settings names the model and its commit. To have the Space for yourself, \
duplicate it and keep that variable. For a private model, also set the secret `HF_TOKEN` to a token that may read it.

{END}
"""


def _preloaded(model: RepositoryContents | None) -> list[str]:
    """Return the files of the model that serving needs; none where not everybody may fetch them.

    Spaces are built without the owner's token: https://huggingface.co/docs/hub/spaces-config-reference
    """
    if model is None or model.restricted:
        return []
    translations = sorted(filter(language_of, model.files))
    needed = [*SERVING_FILES, *OPTIONAL_FILES, *translations, *example_files(model.files)]
    return [name for name in needed if name in model.files]


def _text(content: Content) -> str:
    return (content if isinstance(content, bytes) else content.read_bytes()).decode()
