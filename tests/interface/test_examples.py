"""The examples of a page: the bundle's, as copies that were made here, with names in the visitor's language."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image

from interface.examples import Examples, copied, example_names, examples_of
from interface.server.storage import UploadStorage
from model.bundle import load_bundle
from model.classifier import Classifier
from model.hub.resolve import EMBEDDED, ModelSource
from model.loading import LoadedModel
from model.presentation import Example, Presentation
from model.sandbox.pool import DecoderPool


class InThisProcess:
    """A stand-in for the sandbox."""

    def call(self, function: Callable[..., Any], source: Path, *arguments: Any) -> Any:
        return function(source, *arguments)


DECODERS = cast(DecoderPool, InThisProcess())


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UploadStorage:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return UploadStorage(5)


def model_with(examples: list[Example], directory: Path, **source: Any) -> LoadedModel:
    bundle = dataclasses.replace(
        load_bundle(EMBEDDED), directory=directory, presentation=Presentation("", "", (*examples,))
    )
    return LoadedModel(cast(Classifier, SimpleNamespace(bundle=bundle)), ModelSource(directory, **source))


def test_a_bundles_examples_are_decoded_and_written_anew(tmp_path: Path, storage: UploadStorage) -> None:
    folder = tmp_path / "bundle" / "examples"
    folder.mkdir(parents=True)
    Image.new("RGB", (2000, 1000), "green").save(folder / "brazil.jpg", comment=b"a secret")
    (folder / "canada.jpg").write_bytes(b"no image")
    model = model_with(
        [Example(folder / "brazil.jpg", "Brazil"), Example(folder / "canada.jpg", "Canada")], folder.parent
    )

    (image,) = (found := examples_of(model, DECODERS, storage)).images

    assert image.name == "brazil.jpg" and storage.folder in image.parents
    assert Image.open(image).size == (1024, 512) and b"a secret" not in image.read_bytes()
    assert example_names(model, found, "es") == {"brazil": "Brasil"}
    assert copied(image, storage).read_bytes() == image.read_bytes()


def test_what_lies_beside_a_bundle_is_offered_unless_it_comes_from_the_hub(
    tmp_path: Path, storage: UploadStorage
) -> None:
    folder = tmp_path / "examples"
    folder.mkdir()
    Image.new("RGB", (20, 10)).save(folder / "mine.png")
    assert [path.name for path in examples_of(model_with([], tmp_path), DECODERS, storage).images] == ["mine.jpg"]
    published = model_with([], tmp_path, repository="somebody/flags")
    assert examples_of(published, DECODERS, storage) == Examples()


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ("South Africa", "Poland, upside down", "three flags")),
        ("fr", ("Afrique du Sud", "Pologne, à l’envers", "trois drapeaux")),
    ],
)
def test_the_embedded_models_examples_have_names(storage: UploadStorage, language: str, names: tuple[str, ...]) -> None:
    bundle = load_bundle(EMBEDDED)
    model = LoadedModel(cast(Classifier, SimpleNamespace(bundle=bundle)), ModelSource(EMBEDDED))
    examples = examples_of(model, DECODERS, storage)
    found = example_names(model, examples, language)
    assert found.keys() == {path.stem for path in (*examples.images, *examples.clips)}
    assert (found["south-africa"], found["poland-upside-down"], found["three-flags"]) == names
