"""A Gradio Space made of this repository's app, that serves one commit of a model repository.

Its settings: https://huggingface.co/docs/hub/spaces-config-reference
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from pathlib import Path

from model.bundle import METRICS, SERVING_FILES
from model.errors import SettingsError
from train.push import CALL_SECONDS, Pushed, Target, find_remote, publish, trying

VARIABLE = "VISTAZO_MODEL"
_ROOT = Path(__file__).resolve().parent.parent
_CODE = ("interface", "model")


def push_space(
    space: str, repository: str, commit: str | None, *, private: bool = False, dry_run: bool = False
) -> Pushed:
    """Make or update the Space, and let it serve this commit of the model.

    Raises:
        PushError: It may not be written, or somebody else's work would be lost.
        HubUnreachableError: The Hub does not answer as it should; push again later.
    """
    target = Target(space, kind="space")
    remote = find_remote(target)
    pin = f"{repository}@{commit}"
    files = space_files(space, repository, commit, preload=not _is_private(repository, dry_run))
    theirs = [path for path in remote.files if path.endswith(".py") and "/" not in path and path not in files]
    if theirs:
        raise SettingsError(f"The Space “{space}” holds another app ({theirs[0]}). Give --space another name.")
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


def space_files(space: str, repository: str, commit: str | None, *, preload: bool) -> dict[str, bytes | Path]:
    """Return the files of the Space: the app's code, without the embedded model and its examples.

    Args:
        space: "user/name".
        repository: Of the model.
        commit: To serve; None when it is not known yet.
        preload: Have the model fetched while the Space is built, which works for public ones only.
    """
    files: dict[str, bytes | Path] = {name: _ROOT / name for name in ("app.py", "requirements.txt", "LICENSE")}
    for folder in _CODE:
        files |= {path.relative_to(_ROOT).as_posix(): path for path in sorted((_ROOT / folder).rglob("*.py"))}
    files["README.md"] = _readme(space, repository, commit, preload).encode()
    return files


def _readme(space: str, repository: str, commit: str | None, preload: bool) -> str:
    from huggingface_hub.utils import yaml_dump

    settings: dict[str, object] = {
        "title": space.partition("/")[2],
        "emoji": "👀",
        "colorFrom": "blue",
        "colorTo": "yellow",
        "sdk": "gradio",
        "sdk_version": importlib.metadata.version("gradio"),
        "python_version": "3.12",
        "app_file": "app.py",
        "short_description": "Reads photos and videos",
        "tags": ["image-classification", "vistazo"],
        "models": [repository],
    }
    if preload and commit:
        settings["preload_from_hub"] = [f"{repository} {','.join([*SERVING_FILES, METRICS])} {commit}"]
    return f"""---
{yaml_dump(settings, sort_keys=False)}---

# {space.partition("/")[2]}

A page that reads photos and videos with the model [{repository}](https://huggingface.co/{repository}), \
at commit `{commit}`. It was written by `train push --space`, which also updates it.

The variable `{VARIABLE}` in this Space's settings names the model and its commit. To have the Space for yourself, \
duplicate it and keep that variable. For a private model, also set the secret `HF_TOKEN` to a token that may read it.
"""


def _is_private(repository: str, dry_run: bool) -> bool:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    def ask() -> bool:
        try:
            return bool(HfApi().model_info(repository).private)
        except RepositoryNotFoundError:
            if dry_run:
                return True
            raise

    return trying(Target(repository), ask, CALL_SECONDS)


def _set_variable(target: Target, pin: str) -> None:
    from huggingface_hub import HfApi

    def current() -> Mapping[str, str]:
        return {name: variable.value or "" for name, variable in HfApi().get_space_variables(target.repository).items()}

    if trying(target, current, CALL_SECONDS).get(VARIABLE) != pin:
        trying(target, lambda: HfApi().add_space_variable(target.repository, VARIABLE, pin), CALL_SECONDS)
