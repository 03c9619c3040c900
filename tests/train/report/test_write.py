"""The report's page: its sentences for every kind of metrics, untrusted text escaped, nothing fetched."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from train.metrics.classification import classification_metrics
from train.report.page import page as page_of
from train.report.write import write_report

EVIL = ["<script>alert(1)</script>", "\" onmouseover='alert(2)", "plain & simple"]
PROBABILITIES = np.array([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.3, 0.6, 0.1]])
CLASSES = np.array([0, 0, 1, 0])


class Reader(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def metrics() -> dict[str, Any]:
    uncalibrated = PROBABILITIES**2 / (PROBABILITIES**2).sum(axis=1, keepdims=True)
    found = classification_metrics(PROBABILITIES, CLASSES, EVIL, uncalibrated=uncalibrated, threshold=0.65)
    row = {"phase": "training", "epoch": 1, "loss": 1.0, "accuracy": 0.5, "learning_rate": 0.1}
    return {"split": "test", "temperature": 2.0} | found | {"training": {"best_epoch": 1, "history": [row]}}


@pytest.fixture(scope="module")
def page(metrics: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return read(tmp_path_factory.mktemp("page"), metrics)


def read(directory: Path, metrics: dict[str, Any]) -> Reader:
    write_report(directory, metrics, EVIL)
    return Reader((directory / "index.html").read_text(encoding="utf-8"))


def test_labels_are_text_and_never_markup(page: Reader) -> None:
    assert len(page.all("script")) == 2  # the images, and the page's own
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert all(label in page.text for label in EVIL)


def test_nothing_is_fetched(page: Reader) -> None:
    assert all(str(image["src"]).startswith("data:image/png;base64,") for image in page.all("img"))
    assert not page.all("link")
    assert not any("src" in script for script in page.all("script"))
    assert all(str(link["href"]).startswith("#") for link in page.all("a"))
    assert any("default-src 'none'" in str(meta.get("content")) for meta in page.all("meta"))


def test_every_image_says_what_it_shows_and_every_entry_of_the_contents_leads_somewhere(page: Reader) -> None:
    assert len(page.all("img")) == 8
    assert all(len(str(image["alt"])) > 20 for image in page.all("img"))
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert {str(link["href"])[1:] for link in page.all("a")} == {str(s["id"]) for s in page.all("section")}
    assert len(page.all("section")) == 9


def test_the_page_states_the_metrics_in_sentences(page: Reader, metrics: dict[str, Any]) -> None:
    text = re.sub(r"\s+", " ", page.text)

    low, high = metrics["accuracy_interval"]
    assert "It classified 75.0% of 4 images correctly (test split)." in text
    assert f"expect {100 * low:.1f}% to {100 * high:.1f}% (95% confidence interval)" in text
    assert f"is {metrics['ece_before']:.4f} before temperature scaling and {metrics['ece']:.4f} after it." in text
    assert "less than 65.0%, the prediction is “none of these”. Here 2 of 4 images still get a label (50.0%)" in text
    assert "The threshold withholds 1 incorrect and 1 correct predictions." in text
    assert "Labels without an image in this split: plain & simple." in text
    assert "The weights of epoch 1 were kept" in text


@pytest.mark.parametrize("split", ["validation", "train", "whole folder"])
def test_metrics_of_images_that_are_not_independent_are_called_too_optimistic(
    split: str, metrics: dict[str, Any]
) -> None:
    assert "too optimistic" in Reader(page_of(metrics | {"split": split}, EVIL, {}, "")).text


def test_what_competed_with_the_network_is_shown_with_its_loss(metrics: dict[str, Any]) -> None:
    training = {"kept": "average", "losses": {"regression": 0.5, "average": 0.25}, "refit": {"images": 340}}

    text = re.sub(r"\s+", " ", Reader(page_of(metrics | {"training": training}, EVIL, {}, "")).text)

    assert re.search("regression ?0.500 ?average \\(kept\\) ?0.250", text)
    assert "trained again on the 340 images" in text


def test_metrics_of_an_older_bundle_still_make_a_report(metrics: dict[str, Any], tmp_path: Path) -> None:
    names = ("split", "n", "accuracy", "accuracy_interval", "top5_accuracy", "macro_f1", "weighted_f1", "ece", "loss")
    older = {name: metrics[name] for name in (*names, "per_class", "confusion_matrix")}

    page = read(tmp_path, older)

    assert {str(s["id"]) for s in page.all("section")} == {"summary", "matrix", "mistakes", "classes"}
    assert sorted(p.name for p in tmp_path.glob("*.png")) == [
        "classes.png",
        "confusion_matrix.png",
        "confusion_matrix_normalised.png",
    ]


def test_of_very_many_labels_the_most_frequent_confusions_take_the_place_of_the_matrix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The matrix of 3,000 labels has more bytes than a file of a bundle may have, and no browser opens its page."""
    monkeypatch.setattr("train.metrics.classification._MOST_IN_MATRIX", 2)

    found = {"split": "test", "temperature": 1.0} | classification_metrics(PROBABILITIES, CLASSES, EVIL)
    page = read(tmp_path, found)

    assert found["confusions"] == [[0, 1, 1]] and "confusion_matrix" not in found
    assert "too many labels for a table" in page.text
    assert "0-1" in [button.get("data-cell") for button in page.all("button")]
    assert not (tmp_path / "confusion_matrix.png").exists()


def test_validation_images_of_a_training_by_folds_are_held_out(metrics: dict[str, Any]) -> None:
    text = Reader(page_of(metrics | {"split": "validation", "folds": 5}, EVIL, {}, "")).text

    assert "These images were held out" in text and "too optimistic" not in text


def test_an_interval_by_groups_says_so(metrics: dict[str, Any]) -> None:
    text = re.sub(r"\s+", " ", Reader(page_of(metrics | {"groups": 3}, EVIL, {}, "")).text)

    assert "confidence interval, by 3 groups of images that belong together)." in text
