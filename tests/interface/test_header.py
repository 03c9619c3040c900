"""The head of the page says what the model recognises, in the bundle's own words where it has some."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from interface.header import description, header_html, model_title, model_titles, source_titles
from model.bundle import CONFIG, MANIFEST
from model.classifier import Classifier
from model.hub.resolve import EMBEDDED, ModelSource
from model.loading import LoadedModel
from model.presentation import Presentation, default_description, default_title


@pytest.fixture(scope="module")
def embedded() -> LoadedModel:
    return LoadedModel(Classifier.load(EMBEDDED), ModelSource(EMBEDDED))


def changed(target: Path, **texts: object) -> LoadedModel:
    """Load a copy of the embedded bundle, in a directory of its own, with other texts about itself."""
    shutil.copytree(EMBEDDED, target)
    config = json.loads((target / CONFIG).read_text(encoding="utf-8"))
    config["vistazo"] |= texts
    (target / CONFIG).write_text(json.dumps(config), encoding="utf-8")
    manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    content = (target / CONFIG).read_bytes()
    manifest["files"][CONFIG] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (target / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return LoadedModel(Classifier.load(target), ModelSource(target))


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Recognises 97 national flags in photos and videos."),
        ("es", "Reconoce 97 banderas nacionales en fotos y vídeos."),
        ("fr", "Reconnaît 97 drapeaux nationaux dans vos photos et vos vidéos."),
    ],
)
def test_the_embedded_model_says_what_it_recognises(embedded: LoadedModel, language: str, sentence: str) -> None:
    head = header_html(embedded, language)
    assert sentence in head
    assert head.count("<li>") == 8 and "97" in head
    assert f'hreflang="{language}" aria-current' in head
    assert "no flag" not in head


def test_a_bundle_speaks_for_itself(tmp_path: Path) -> None:
    model = changed(tmp_path / "mine", title="My <b>cats</b>", description="Tells my cats apart.")
    assert (model_title(model, "en"), description(model, "es")) == ("My <b>cats</b>", "Tells my cats apart.")
    assert "<b>cats" not in header_html(model, "en")


def test_a_bundle_without_texts_gets_its_name_and_a_count(tmp_path: Path) -> None:
    model = changed(tmp_path / "my_cats")
    assert model_title(model, "en") == "my_cats"
    assert description(model, "en") == "Recognises 97 different things in photos and videos."


def test_texts_made_of_the_labels_follow_the_language(embedded: LoadedModel) -> None:
    labels, names = ("cat", "dog", "no pet"), ("gato", "perro", "ninguna mascota")
    presentation = Presentation(default_title(labels), default_description(labels))
    bundle = replace(embedded.classifier.bundle, labels=labels, translations={"es": names}, presentation=presentation)
    classifier = cast(Classifier, SimpleNamespace(bundle=bundle))
    model = LoadedModel(classifier, ModelSource(Path("pets")))
    assert (model_title(model, "en"), model_title(model, "es")) == ("Cat and dog", "Gato y perro")
    assert description(model, "es") == "Reconoce gato y perro en fotos y vídeos."


def test_a_repository_has_a_link_and_a_licence(embedded: LoadedModel) -> None:
    source = ModelSource(EMBEDDED, repository="somebody/flags", commit="0" * 40, licence="<b>mit")
    model = LoadedModel(embedded.classifier, source)
    assert model_title(model, "en") == "flags"
    assert 'href="https://huggingface.co/somebody/flags"' in header_html(model, "en")
    assert "Licence: &lt;b&gt;mit" in header_html(model, "en")
    assert "huggingface" not in header_html(embedded, "en") and "Apache-2.0" in header_html(embedded, "en")


@pytest.mark.parametrize(
    ("sources", "titles", "names"),
    [
        ([ModelSource(Path("a/one")), ModelSource(Path("a/two"))], ["Pets (one)", "Pets (two)"], ["one", "two"]),
        ([ModelSource(Path("a/b")), ModelSource(Path("c/b"))], ["Pets (1)", "Pets (2)"], ["b (1)", "b (2)"]),
        (
            [ModelSource(Path("x"), "me/one", commit="c0"), ModelSource(Path("y"), "me/two", commit="c1")],
            ["Pets (me/one)", "Pets (me/two)"],
            ["me/one, commit c0", "me/two, commit c1"],
        ),
        (
            [ModelSource(Path("x"), "me/pets", commit="c0"), ModelSource(Path("y"), "me/pets", commit="c1")],
            ["Pets (me/pets, commit c0)", "Pets (me/pets, commit c1)"],
            ["me/pets, commit c0", "me/pets, commit c1"],
        ),
    ],
)
def test_two_models_of_one_title_are_told_apart_by_where_they_come_from(
    embedded: LoadedModel, sources: list[ModelSource], titles: list[str], names: list[str]
) -> None:
    bundle = replace(embedded.classifier.bundle, presentation=Presentation("Pets"))
    models = [LoadedModel(cast(Classifier, SimpleNamespace(bundle=bundle)), source) for source in sources]
    assert model_titles(models, "en") == titles
    assert source_titles(models, "en") == names
    assert model_titles([embedded, models[0]], "en") == ["Flag spotter", "Pets"]
