"""A static Space: the page that runs one commit of a model in the visitor's browser.

Its settings: https://huggingface.co/docs/hub/spaces-config-reference
"""

from __future__ import annotations

import sys
from pathlib import Path

from model.bundle import CARD, load_bundle
from model.errors import SettingsError
from model.presentation import Presentation
from train.export.card_text import BEGIN, END, plain, yaml_of
from train.publish.commit import Pushed
from train.publish.space import LONGEST_SHORT_DESCRIPTION, serving, write_space
from train.publish.space_settings import SpaceSettings
from train.publish.target import Target
from train.site.build import LARGE_BYTES, content_bytes, site_files
from train.site.description import Source

_OURS = ("sdk", "app_file", "custom_headers")
# An isolated page may use several threads: https://web.dev/articles/coop-coep
_HEADERS = {
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "cross-origin",
}


def check_static_settings(space: str | None, settings: SpaceSettings) -> None:
    """Raise `SettingsError` for settings that a static Space does not have; `space` is its name, if one was given."""
    if not space:
        raise SettingsError("--sdk static needs a Space: name it with --space.")
    if settings.hardware or settings.sleep_seconds or settings.token:
        raise SettingsError(
            "--hardware, --sleep and --space-token are for Gradio Spaces: a static one runs in the visitor's browser. "
            "Leave them out."
        )


def push_static_space(
    target: Target, bundle: Path, source: Source, *, replace: bool = False, dry_run: bool = False
) -> Pushed:
    """Make or update a static Space that holds a model and the page for it.

    Args:
        target: The Space, with its settings.
        bundle: The directory that was published.
        source: Where, and at which commit.
        replace: Write over what somebody else has changed in a Space that a push made.
        dry_run: Change nothing.

    Raises:
        PushError: It may not be written, or somebody else's work would be lost.
        HubUnreachableError: The Hub gives no usable response; push again later.
        RuntimeFetchError: The libraries of the page cannot be fetched.
    """
    target, _ = serving(target, source)
    space = target.repository
    files = site_files(bundle, source)
    size = len(content_bytes(files["model/model.bin"]))
    if size > LARGE_BYTES:
        print(
            f"The model is {size / 1e6:.0f} MB, which every visitor of “{space}” fetches once. Train with "
            "--quantize, or with a smaller network, for phones and slow connections.",
            file=sys.stderr,
        )
    files[CARD] = _readme(space, source, load_bundle(bundle).presentation).encode()
    return write_space(target, files, _OURS, replace=replace, dry_run=dry_run)


def _readme(space: str, source: Source, presentation: Presentation) -> str:
    title, short = presentation.title or space.partition("/")[2], presentation.description
    settings: dict[str, object] = {
        "title": title,
        "emoji": "👀",
        "colorFrom": "blue",
        "colorTo": "yellow",
        "sdk": "static",
        "app_file": "index.html",
        "short_description": short if 0 < len(short) <= LONGEST_SHORT_DESCRIPTION else "Classifies photos and videos",
        "tags": ["image-classification", "vistazo"],
        "models": [source.repository],
        "custom_headers": _HEADERS,
    }
    return f"""---
{yaml_of(settings)}---

# {plain(title)}

{BEGIN}

{plain(short)}

A page that runs the model [{source.repository}](https://huggingface.co/{source.repository}), at commit \
`{source.commit}`, in the visitor's browser: no image and no video leaves the device. It was written by \
`vistazo push --space --sdk static`, which also updates it.

{END}
"""
