"""The page about the model: all of it from the bundle, and never more than text."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from interface.i18n.language import LANGUAGES, decimal, say
from interface.tabs import about
from interface.tabs.about import model_page
from model.bundle import MANIFEST, METRICS, load_bundle
from model.classifier import Classifier
from model.errors import DecodingError
from model.hub.resolve import EMBEDDED, ModelSource
from model.loading import LoadedModel


@pytest.fixture
def changed(colour_bundle: Path, tmp_path: Path) -> Callable[[object], LoadedModel]:
    """Load a copy of a bundle whose metrics are others."""

    def load(metrics: object) -> LoadedModel:
        bundle = Path(shutil.copytree(colour_bundle, tmp_path / "<b>bundle"))
        (bundle / METRICS).write_text(json.dumps(metrics), encoding="utf-8")
        manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
        manifest["files"] = {name: entry for name, entry in manifest["files"].items() if name != METRICS}
        (bundle / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        return LoadedModel(Classifier.load(bundle), ModelSource(bundle))

    return load


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_embedded_model_is_described_in_every_language(language: str) -> None:
    page = model_page(LoadedModel(Classifier.load(EMBEDDED), ModelSource(EMBEDDED)), language)
    metrics = json.loads((EMBEDDED / METRICS).read_text(encoding="utf-8"))
    assert decimal(language, metrics["accuracy"], 3) in page and decimal(language, metrics["n"]) in page
    right, count = (decimal(language, number) for number in (round(metrics["accuracy"] * metrics["n"]), metrics["n"]))
    sentence = {"en": f"Right for {right} of {count} images", "es": f"Acierta {right} de {count}"}
    assert sentence.get(language, f"Juste pour {right}") in page
    matrix = np.array(metrics["confusion_matrix"])
    truth, predicted = divmod(int((matrix - np.diag(matrix.diagonal())).argmax()), len(matrix))
    names = load_bundle(EMBEDDED).labels_in(language)
    for name in (names[truth], names[predicted]):
        assert page.index(name) < page.index(say(language, "details")), "what is confused comes before the details"
    for text in ("limit_probability_alone", "about_threshold", "coverage"):
        assert say(language, text) not in page, "it has statistics"
    headings = {
        "en": "Labels with the lowest F1",
        "es": "Etiquetas con el F1 más bajo",
        "fr": "Étiquettes au F1 le plus faible",
    }
    assert headings[language] in page


@pytest.mark.parametrize(
    ("language", "labels", "sentence", "count"),
    [
        ("en", ("cat", "dog", "no_pet"), "It knows 2 labels and “no pet”, and nothing else. It can", "2 and “no pet”"),
        ("es", ("cat", "dog", "no pet"), "Conoce 2 etiquetas y «no pet», y nada más. Puede", "2 y «no pet»"),
        (
            "fr",
            ("cat", "dog", "no pet"),
            "Il connaît 2 étiquettes et «\u00a0no pet\u00a0», et rien d’autre. Il peut",
            "2 et «\u00a0no pet\u00a0»",
        ),
        ("en", ("cat", "no cat"), "It knows one label and “no cat”, and nothing else. It can", "1 and “no cat”"),
        ("en", ("cat", "dog"), "It knows its 2 labels and nothing else. It can", "2"),
    ],
)
def test_a_label_that_names_nothing_is_not_counted(
    changed: Callable[[object], LoadedModel], language: str, labels: tuple[str, ...], sentence: str, count: str
) -> None:
    model = changed({})
    model.classifier.bundle = replace(model.classifier.bundle, labels=labels, translations={})
    page = model_page(model, language)
    assert sentence in page
    assert f'<th scope="row">{say(language, "about_labels")}</th><td>{count}</td>' in page


def test_text_from_a_bundle_is_escaped(changed: Callable[[object], LoadedModel]) -> None:
    evil = "<img src=x onerror=alert(1)>"
    row = {"precision": 1, "recall": 1, "f1": 0.5, "support": 3}
    page = model_page(changed({"n": evil, "split": evil, "accuracy": evil, "per_class": {evil: row}}), "en")
    assert "<img" not in page and "&lt;img" in page
    assert "<b>bundle" not in page


def test_shares_are_named_only_where_images_were_kept_for_a_split(changed: Callable[[object], LoadedModel]) -> None:
    model = changed({"split": "test", "n": 9, "accuracy": 1.0})
    assert say("en", "about_split") in model_page(model, "en")
    by_folds = replace(model.classifier.bundle, metrics={"split": "folds", "n": 1849, "accuracy": 1.0})
    model.classifier.bundle = by_folds
    page = model_page(model, "en")
    assert say("en", "about_split") not in page
    assert say("en", "evaluated_by_folds", count="1,849") in page


def test_limits_are_said_in_plain_words(changed: Callable[[object], LoadedModel]) -> None:
    rows = {
        label: {"recall": recall, "support": 9} for label, recall in (("2 green", 0.4), ("10 red", 1), ("Blue", 0.7))
    }
    metrics = {"split": "validation", "n": 9, "accuracy": 0.3, "majority_accuracy": 0.4, "per_class": rows}
    page = model_page(changed(metrics), "en")
    assert "recognises: 2 green (40%), Blue (70%)." in page
    assert "no better than always naming the most common label, which is right for 40%" in page
    assert "Its settings were chosen on these images" in page
    assert say("en", "limit_probability_alone") not in page, "it has statistics"


@pytest.mark.parametrize(
    "metrics",
    [
        {},
        {"accuracy": None, "accuracy_interval": [1], "per_class": []},
        {"unknown": {"coverage": 10**400, "accuracy_answered": 10**400}},
        {"accuracy": 10**400, "accuracy_interval": [float("nan"), -(10**400)]},
        {
            "accuracy": 0.5,
            "accuracy_interval": ["a", None],
            "per_class": {"a": 3, "b": {}, "c": {"f1": "x", "support": 1}},
            "confusion_matrix": [[1, 2], [3]],
        },
        {"accuracy": 0.5, "n": 10**400, "confusion_matrix": [["a"] * 3] * 3},
        {"accuracy": 0.5, "n": 3, "confusion_matrix": [[0.5] * 3] * 3, "per_class": {"a": {"recall": 7, "support": 1}}},
    ],
)
def test_odd_metrics_are_no_reason_to_fail(
    changed: Callable[[object], LoadedModel], metrics: dict[str, object]
) -> None:
    model = changed(metrics)
    for statistics in (model.classifier.bundle.statistics, None):
        model.classifier.bundle = replace(model.classifier.bundle, statistics=statistics)
        assert 'class="vz-model"' in model_page(model, "en")


def test_the_threshold_is_shown_where_the_probability_alone_decides(changed: Callable[[object], LoadedModel]) -> None:
    model = changed({"n": 9, "accuracy": 1.0, "unknown": {"coverage": 0.9, "accuracy_answered": 1.0}})
    assert say("en", "coverage") not in model_page(model, "en")
    model.classifier.bundle = replace(model.classifier.bundle, statistics=None, unknown_threshold=0.4)
    page = model_page(model, "en")
    assert say("en", "about_threshold") in page and say("en", "coverage") in page


def test_validation_images_that_chose_nothing_are_not_said_to_have_chosen(
    changed: Callable[[object], LoadedModel],
) -> None:
    page = model_page(changed({"split": "validation", "n": 9, "accuracy": 0.3, "folds": 5}), "en")
    assert "Its settings were chosen" not in page and say("en", "measured_test") in page


@pytest.mark.parametrize(
    ("interval", "said"),
    [([0.934, 0.9973], "93.4% to 99.7%"), ([0.786, 0.909], "79% to 91%"), ([0.94, 1.0], "94% to 100%")],
)
def test_how_far_the_score_can_be_off_is_said_in_numbers(
    interval: list[float], said: str, changed: Callable[[object], LoadedModel]
) -> None:
    page = model_page(changed({"n": 9, "accuracy": 0.95, "accuracy_interval": interval}), "en")
    assert f"it would be {said}." in page


def test_plots_are_decoded_where_a_decoder_that_dies_harms_nothing(tmp_path: Path) -> None:
    for name in ("classes.png", "roc_curves.png"):
        (tmp_path / name).write_bytes(b"any")

    def decode(_: object, path: Path, side: int) -> np.ndarray:
        if path.stem == "classes":
            raise DecodingError("it takes too much memory")
        return np.zeros((side, 1, 3), np.uint8)

    decoders: Any = SimpleNamespace(call=decode)
    assert [name for _, name in about._plots(tmp_path, decoders)] == ["roc_curves"]
