"""What a fit writes for the page: texts, and small copies of test images that the served network classifies rightly."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from PIL import Image

from model.bundle import load_bundle
from model.classifier import Classifier
from model.errors import SettingsError
from model.hub.resolve import EMBEDDED
from model.verdict import Classification
from train.data.folders import Example
from train.export.bundle import write_manifest
from train.export.presentation import PresentationOptions, write_presentation

LABELS = ("no light", "Dark", "Très clair")
LEVELS = {"no light": 0, "Dark": 100, "Très clair": 240}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    shutil.copytree(EMBEDDED, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = dict(enumerate(LABELS))
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in LABELS), encoding="utf-8")
    for path in folder.glob("labels.*.txt"):
        path.unlink()
    write_manifest(folder)
    return folder


def classification(image: np.ndarray) -> Classification:
    """Return the label whose brightness is nearest, for certain: the darkest one means that nothing is there."""
    distances = np.abs(np.array(list(LEVELS.values())) - image.mean())
    best = int(distances.argmin())
    probabilities = np.full(3, 0.05, np.float32)
    probabilities[best] = 0.9 - distances.min() / 1000
    return Classification(probabilities, "none" if best == 0 else "sure", is_unknown=False)


def write(bundle: Path, levels: list[tuple[str, int]], options: PresentationOptions) -> None:
    """Write images of such labels and brightness, and the presentation made of them."""
    folder = bundle.parent / "data"
    folder.mkdir()
    tested, found = [], []
    for number, (label, level) in enumerate(levels):
        image = Image.new("RGB", (1200, 900), (level,) * 3)
        exif = image.getexif()
        exif[0x010E] = "taken at home"
        image.save(folder / f"{number}.jpg", exif=exif)
        tested.append(Example(folder / f"{number}.jpg", label))
        found.append(classification(np.asarray(image)))
    fake = SimpleNamespace(bundle=dataclasses.replace(load_bundle(bundle)), predict=classification)
    write_presentation(bundle, cast(Classifier, fake), tested, found, options)


def test_one_image_a_label_is_kept_small_and_without_its_metadata(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    levels = [("no light", 0), ("Dark", 130), ("Dark", 101), ("Très clair", 240), ("Dark", 240)]
    write(bundle, levels, PresentationOptions())

    found = load_bundle(bundle).presentation
    assert (found.title, found.description) == (
        "Dark and Très clair",
        "Recognises Dark and Très clair in photos and videos",
    )
    shown = [(example.path.name, example.label) for example in found.examples]
    assert shown == [("dark.jpg", "Dark"), ("tres-clair.jpg", "Très clair"), ("no-light.jpg", "no light")]
    assert {f"examples/{name}" for name, _ in shown} <= set(json.loads((bundle / "manifest.json").read_text())["files"])
    content = found.examples[0].path.read_bytes()
    image = Image.open(io.BytesIO(content))
    assert image.size == (640, 480) and not image.getexif() and b"taken at home" not in content
    assert np.asarray(image).mean() == pytest.approx(101, abs=2), "the surest one"
    said = capsys.readouterr().err
    assert (
        said.startswith("The bundle holds 3 test images as examples (examples/), which `")
        and " push` publishes." in said
    )


def test_without_example_images_there_are_texts_only(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(bundle, [("Dark", 100)], PresentationOptions("Day", "Tells day from night", example_images=False))

    found = load_bundle(bundle).presentation
    assert (found.title, found.description, found.examples) == ("Day", "Tells day from night", ())
    assert not (bundle / "examples").exists() and capsys.readouterr().err == ""


def test_wrongly_classified_and_unreadable_images_are_no_examples(bundle: Path) -> None:
    write(bundle, [("Dark", 240), ("Très clair", 0)], PresentationOptions())
    assert load_bundle(bundle).presentation.examples == ()


@pytest.mark.parametrize("title", ["", " Pets", "x" * 81, "two\nlines"])
def test_a_title_that_no_page_could_show_is_refused(title: str) -> None:
    with pytest.raises(SettingsError, match="--title should be 1 to 80 printable characters"):
        PresentationOptions(title)
