"""The example images and clips that the page offers."""

from __future__ import annotations

import logging
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from PIL import Image

from interface.header import is_embedded
from interface.i18n.language import say
from interface.server.storage import UploadStorage
from model.errors import VistazoError
from model.loading import LoadedModel
from model.preprocessing import IMAGE_SUFFIXES, shown_image
from model.presentation import readable
from model.sandbox.pool import DecoderPool

_OWN = Path(__file__).resolve().parent.parent / "examples"
_SIDE = 1024
# The examples of the embedded model that show something else than one label.
_OTHERS = {
    "poland-upside-down": "example_upside_down",
    "three-flags": "example_three_flags",
    "four-flags": "example_four_flags",
}
_log = logging.getLogger("vistazo")


@dataclass(frozen=True)
class Examples:
    """What the page offers for a first try.

    Attributes:
        images: Image files.
        clips: Video files.
    """

    images: tuple[Path, ...] = ()
    clips: tuple[Path, ...] = ()


def examples_of(model: LoadedModel, decoders: DecoderPool, files: UploadStorage) -> Examples:
    """Return the examples of a model: its bundle's, or the app's for the embedded one.

    Args:
        model: The model and where it comes from.
        decoders: Decode the images of a bundle, which are untrusted files: visitors get copies that were made here.
        files: Where the copies are kept.
    """
    if is_embedded(model):
        return Examples(_listed(_OWN / "images"), tuple(sorted((_OWN / "clips").glob("*.mp4"))))
    bundle = model.classifier.bundle
    folder = bundle.directory / "examples"
    paths = [example.path for example in bundle.presentation.examples]
    if model.source.repository is None:  # what people have put beside their own bundle is theirs to show
        paths = paths or list(_listed(folder))
    copies = (_copy(path, decoders, files) for path in paths)
    return Examples(tuple(copy for copy in copies if copy), tuple(sorted(folder.glob("*.mp4"))))


def example_names(model: LoadedModel, examples: Examples, language: str) -> dict[str, str]:
    """Return what the examples show, by the names of their files without suffix, in a language."""
    bundle = model.classifier.bundle
    shown = {example.path.stem: example.label for example in bundle.presentation.examples}
    if is_embedded(model):
        shown = {re.sub(r"[^a-z0-9]+", "-", label.lower()): label for label in bundle.labels}
    names = {}
    for path in (*examples.images, *examples.clips):
        if path.stem in shown:
            names[path.stem] = readable(bundle.label_in(shown[path.stem], language))
        elif is_embedded(model) and path.stem in _OTHERS:
            names[path.stem] = say(language, _OTHERS[path.stem])
    return names


def copied(path: Path, files: UploadStorage) -> Path:
    """Copy an example to where uploads are, from where alone the page may show it before anybody chooses it."""
    files.folder.mkdir(parents=True, exist_ok=True)
    copy = Path(mkdtemp(dir=files.folder)) / path.name
    shutil.copyfile(path, copy)
    files.keep([str(copy), str(copy.parent)])
    return copy


def _listed(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.glob("*") if path.suffix.lower() in IMAGE_SUFFIXES))


def _copy(path: Path, decoders: DecoderPool, files: UploadStorage) -> Path | None:
    """Decode an image and write it where uploads are; None where it cannot be decoded."""
    try:
        image = decoders.call(shown_image, path, _SIDE)
    except VistazoError:
        _log.warning("an example image of the model cannot be decoded")
        return None
    files.folder.mkdir(parents=True, exist_ok=True)
    copy = Path(mkdtemp(dir=files.folder)) / f"{path.stem}.jpg"  # under its name, which links may hold
    Image.fromarray(image).save(copy, quality=90)
    files.keep([str(copy), str(copy.parent)])
    return copy
