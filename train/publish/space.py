"""A Gradio Space made of this repository's app, that serves one commit of a model repository.

Its settings: https://huggingface.co/docs/hub/spaces-config-reference
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path

from model.bundle import METRICS, SERVING_FILES
from model.errors import SettingsError, VistazoError
from model.hub.resolve import EMBEDDED
from model.labels import language_of
from train.export.model_card import BEGIN, END, merge_card, yaml_of
from train.publish.commit import Content, Pushed, find_remote, publish, remote_text
from train.publish.errors import PushError
from train.publish.retry import Target, trying

VARIABLE = "VISTAZO_MODEL"
# Of the front matter; title, emoji, colours and the rest are the owner's once they are there.
_OURS = ("sdk", "sdk_version", "python_version", "app_file", "preload_from_hub")
_ROOT = Path(__file__).resolve().parents[2]
_CODE = ("interface", "model")


def push_space(
    space: str, repository: str, commit: str | None, *, private: bool = False, dry_run: bool = False
) -> Pushed:
    """Make or update the Space, and let it serve this commit of the model.

    Args:
        space: "user/name".
        repository: Of the model.
        commit: To serve; None in a dry run that found none.
        private: Make a new Space private.
        dry_run: Change nothing.

    Raises:
        PushError: It may not be written, or somebody else's work would be lost.
        HubUnreachableError: The Hub does not answer as it should; push again later.
    """
    target = Target(space, kind="space")
    remote = find_remote(target)
    pin = f"{repository}@{commit}"
    files = space_files(space, repository, commit, _preloaded(repository, commit))
    theirs = [path for path in remote.files if path.endswith(".py") and "/" not in path and path not in files]
    if theirs:
        raise SettingsError(f"The Space “{space}” holds another app ({theirs[0]}). Give --space another name.")
    if "app.py" in remote.files:  # else its README.md is the Hub's own
        files["README.md"] = merge_card(
            _text(files["README.md"]), remote_text(target, remote, "README.md"), _OURS
        ).encode()
    obsolete = {path for path in remote.files if path.partition("/")[0] in _CODE} - set(files)
    pushed = publish(
        target,
        files,
        obsolete,
        f"Serve {pin}",
        remote=remote,
        private=private,
        dry_run=dry_run,
        variables={VARIABLE: pin},
    )
    if not dry_run:
        _set_variable(target, pin)
    return pushed


def space_files(space: str, repository: str, commit: str | None, preloaded: Sequence[str]) -> dict[str, Content]:
    """Return the files of the Space: the app's code, without the embedded model and its examples.

    Args:
        space: "user/name".
        repository: Of the model.
        commit: To serve; None when it is not known yet.
        preloaded: Files of the model to fetch while the Space is built; none for a private one.
    """
    files: dict[str, Content] = {name: _ROOT / name for name in ("app.py", "requirements.txt", "LICENSE")}
    for folder in _CODE:
        files |= {
            path.relative_to(_ROOT).as_posix(): path
            for path in sorted((_ROOT / folder).rglob("*"))
            if path.is_file() and EMBEDDED not in path.parents and not _is_made(path.relative_to(_ROOT))
        }
    files["README.md"] = _readme(space, repository, commit, preloaded).encode()
    return files


def _is_made(path: Path) -> bool:
    """Say whether a file is no source but something that running the program left there."""
    return "__pycache__" in path.parts or any(part.startswith(".") for part in path.parts)


def _readme(space: str, repository: str, commit: str | None, preloaded: Sequence[str]) -> str:
    title = space.partition("/")[2]
    settings: dict[str, object] = {
        "title": title,
        "emoji": "👀",
        "colorFrom": "blue",
        "colorTo": "yellow",
        "sdk": "gradio",
        "sdk_version": importlib.metadata.version("gradio"),
        "python_version": "3.12",
        "app_file": "app.py",
        "suggested_hardware": "cpu-basic",  # for whoever duplicates it
        "short_description": "Reads photos and videos",
        "tags": ["image-classification", "vistazo"],
        "models": [repository],
    }
    if preloaded:
        settings["preload_from_hub"] = [f"{repository} {','.join(preloaded)} {commit}"]
    return f"""---
{yaml_of(settings)}---

# {title}

{BEGIN}

A page that reads photos and videos with the model [{repository}](https://huggingface.co/{repository}), \
at commit `{commit}`. It was written by `train push --space`, which also updates it.

The variable `{VARIABLE}` in this Space's settings names the model and its commit. To have the Space for yourself, \
duplicate it and keep that variable. For a private model, also set the secret `HF_TOKEN` to a token that may read it.

{END}
"""


def _preloaded(repository: str, commit: str | None) -> list[str]:
    """Return the files of the model that serving needs, where everybody may fetch them.

    Spaces are built without the owner's token: https://huggingface.co/docs/hub/spaces-config-reference
    """
    from huggingface_hub import HfApi

    model = Target(repository)
    if commit is None or trying(model, lambda: _is_restricted(HfApi().model_info(repository, revision=commit))):
        return []
    there = find_remote(model, commit, must_exist=True).files
    wanted = [*SERVING_FILES, METRICS, *sorted(filter(language_of, there))]
    return [name for name in wanted if name in there]


def _is_restricted(info: object) -> bool:
    return bool(getattr(info, "private", False) or getattr(info, "gated", False))


def _set_variable(target: Target, pin: str) -> None:
    """Name the model and its commit in the Space's settings; a Space starts again when they change."""
    from huggingface_hub import HfApi

    def current() -> Mapping[str, str]:
        return {name: variable.value or "" for name, variable in HfApi().get_space_variables(target.repository).items()}

    try:
        if trying(target, current).get(VARIABLE) == pin:
            return
    except PushError:  # a token that may write them need not be allowed to read them
        pass
    try:
        trying(target, lambda: HfApi().add_space_variable(target.repository, VARIABLE, pin))
    except VistazoError as error:
        raise type(error)(
            f"The files of the Space “{target.repository}” are written, but not its variable. {error} Push again, or "
            f"set {VARIABLE} to {pin} in the Space's settings."
        ) from error


def _text(content: Content) -> str:
    return (content if isinstance(content, bytes) else content.read_bytes()).decode()
