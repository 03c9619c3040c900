"""Write how a bundle presents its model: title, description and example images; `model/presentation.py` reads them."""

from __future__ import annotations

import io
import json
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from model.bundle import CONFIG
from model.classifier import Classifier
from model.command_names import command
from model.errors import ImageError, SettingsError
from model.labels import is_background_label
from model.preprocessing import prepare, read_image, shown_image
from model.presentation import (
    EXAMPLES,
    MAX_DESCRIPTION_LENGTH,
    MAX_EXAMPLES,
    MAX_TITLE_LENGTH,
    default_description,
    default_title,
    is_presentable,
)
from model.verdict import Classification
from train.data.data_set import count_of
from train.data.folders import Example
from train.export.bundle import write_json, write_manifest

_SIDE = 640  # pixels of the longer side of an example image
_QUALITY = 85
_TRIED = 5  # images a label


@dataclass(frozen=True)
class PresentationOptions:
    """How a model should be presented.

    Attributes:
        title: Its name for people; None for one made of its labels.
        description: One sentence of what it recognises; None for one made of its labels.
        example_images: Whether test images become the bundle's examples.

    Raises:
        SettingsError: A text is empty, too long, or has characters that are not printed.
    """

    title: str | None = None
    description: str | None = None
    example_images: bool = True

    def __post_init__(self) -> None:
        for option, text, longest in (
            ("--title", self.title, MAX_TITLE_LENGTH),
            ("--description", self.description, MAX_DESCRIPTION_LENGTH),
        ):
            if text is not None and not is_presentable(text, longest):
                raise SettingsError(
                    f"{option} should be 1 to {longest} printable characters. Received: {text[:40]!r} "
                    f"({len(text)} characters)."
                )


def write_presentation(
    directory: Path,
    classifier: Classifier,
    tested: Sequence[Example],
    classifications: Sequence[Classification],
    options: PresentationOptions,
) -> None:
    """Write title, description and example images into a bundle, and its manifest.

    Args:
        directory: The bundle's directory.
        classifier: The served network.
        tested: The files of the images that it was evaluated on.
        classifications: Its predictions for them.
        options: What was asked for.
    """
    labels = classifier.bundle.labels
    found = _examples(classifier, tested, classifications) if options.example_images else ()
    listed: list[dict[str, str]] = []
    for label, content in found:
        name = f"{_slug(label) or 'label'}.jpg"
        if any(entry["file"] == f"{EXAMPLES}/{name}" for entry in listed):
            name = f"{_slug(label) or 'label'}-{len(listed) + 1}.jpg"
        (directory / EXAMPLES).mkdir(exist_ok=True)
        (directory / EXAMPLES / name).write_bytes(content)
        listed.append({"file": f"{EXAMPLES}/{name}", "label": label})
    config = json.loads((directory / CONFIG).read_text(encoding="utf-8"))
    config["vistazo"] |= {
        "title": options.title or default_title(labels),
        "description": options.description or default_description(labels),
        **({"examples": listed} if listed else {}),
    }
    write_json(directory / CONFIG, config)
    write_manifest(directory)
    if listed:
        images = count_of(len(listed), "test image")
        print(
            f"The bundle holds {images} as examples ({EXAMPLES}/), which `{command('push')}` publishes. "
            "--no-example-images leaves them out.",
            file=sys.stderr,
        )


def _examples(
    classifier: Classifier, tested: Sequence[Example], classifications: Sequence[Classification]
) -> Iterator[tuple[str, bytes]]:
    """Yield a label and a JPEG without metadata for up to `MAX_EXAMPLES` labels, spread over all of them."""
    rows: dict[str, list[int]] = {}
    for row, (example, found) in enumerate(zip(tested, classifications, strict=True)):
        label = classifier.bundle.labels[int(found.probabilities.argmax())]
        if example.labels == (label,) and _is_convincing(found, label):
            rows.setdefault(label, []).append(row)
    # What means that nothing is there comes last, and only where there is room.
    labels = [label for label in classifier.bundle.labels if label in rows]
    known = [label for label in labels if not is_background_label(label)]
    count = min(MAX_EXAMPLES, len(known))
    spread = [known[place * len(known) // count] for place in range(count)]
    spare = [label for label in labels if label not in spread]
    written = 0
    for label in spread + sorted(spare, key=is_background_label):
        if written == MAX_EXAMPLES:
            return
        surest = sorted(rows[label], key=lambda row: -float(classifications[row].probabilities.max()))
        for row in surest[:_TRIED]:
            if content := _small_copy(classifier, tested[row].path, label):
                yield label, content
                written += 1
                break


def _is_convincing(found: Classification, label: str) -> bool:
    return not found.is_unknown and found.verdict == ("none" if is_background_label(label) else "sure")


def _small_copy(classifier: Classifier, path: Path, label: str) -> bytes | None:
    """Return a small JPEG of an image; None where it cannot be read, or the copy is classified otherwise."""
    try:
        image = shown_image(path, _SIDE)
    except ImageError:
        return None
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "jpeg", quality=_QUALITY, optimize=True)  # of pixels alone: no EXIF
    bundle = classifier.bundle
    copy = read_image(buffer.getvalue(), bundle.input.ample_side)
    found = classifier.predict(prepare(copy, bundle.input))
    right = bundle.labels[int(np.argmax(found.probabilities))] == label and _is_convincing(found, label)
    return buffer.getvalue() if right else None


def _slug(label: str) -> str:
    """Return a label as part of a file name: “Côte d'Ivoire” is “cote-d-ivoire”; empty for other scripts."""
    ascii_only = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:50].strip("-")
