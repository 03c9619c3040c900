"""The published model card, and the code in it."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model.bundle import load_bundle
from model.hub.resolve import EMBEDDED
from tests.fake_hub.pushing import (
    REPOSITORY,
    SPACE,
    Push,
    published,
    result,
)
from tests.fake_hub.server import Hub
from tests.support.serving import EXAMPLES, ROOT, environment
from train.commands import site
from train.export.card_text import read_card, told_by, told_space
from train.export.model_card import Publication, model_card
from train.settings import PRETRAINED


def test_the_published_card_states_the_metrics(hub: Hub, push: Push) -> None:
    from huggingface_hub import ModelCard, ModelCardData

    result(push("--license", "apache-2.0", "--dataset-name", "national flags"))

    data = ModelCard(published(hub)["README.md"].decode()).data
    assert isinstance(data, ModelCardData)
    metrics = json.loads((EMBEDDED / "metrics.json").read_text(encoding="utf-8"))
    assert (data.library_name, data.pipeline_tag, data.license) == ("keras", "image-classification", "apache-2.0")
    assert {r.metric_name: r.metric_value for r in data.eval_results or []}["Accuracy"] == metrics["accuracy"]
    assert {r.dataset_name for r in data.eval_results or []} == {"national flags"}


def test_the_card_describes_the_model_and_its_limits(hub: Hub, push: Push) -> None:
    result(push("--license", "apache-2.0", "--dataset-name", "national flags"))
    card = published(hub)["README.md"].decode()

    for words in (
        "Trained on: national flags.",
        "kept for validation",  # the split
        "| Brazil | ",  # results of each class
        "calibrated with temperature",
        "## Limits",
        "“none of these”",
        "Licence: apache-2.0.",
        "names in other languages as well: es, fr.",
    ):
        assert words in card
    (image,) = re.findall(r"!\[Confusion matrix\]\((.+?)\)", card)
    assert published(hub)[image].startswith(b"\x89PNG")


def test_the_card_of_the_embedded_model_is_as_it_would_be_written_now() -> None:
    card = model_card(load_bundle(EMBEDDED))

    assert (EMBEDDED / "README.md").read_text(encoding="utf-8") == card
    assert "begin of what `vistazo push` writes" in card


def test_a_card_without_a_licence_says_so(hub: Hub, push: Push) -> None:
    result(push())
    assert "No licence is named: ask the author" in published(hub)["README.md"].decode()


def test_the_card_names_data_set_base_model_languages_plots_and_space(tmp_path: Path) -> None:
    bundle = load_bundle(EMBEDDED)
    settings = {**bundle.settings, "architecture": "mobilenet_v2", "weights": "imagenet"}
    (tmp_path / "report").mkdir()
    for name in ("reliability", "training_curves", "histograms"):
        (tmp_path / "report" / f"{name}.png").write_bytes(b"")
    card = model_card(
        dataclasses.replace(bundle, settings=settings, directory=tmp_path),
        Publication("a/flags", "bundle-0123456789ab", "mit", "datasets/a/photographs", "a/show"),
    )

    metadata = read_card(card).metadata
    assert (metadata["datasets"], metadata["language"]) == (["a/photographs"], ["es", "fr"])
    for words in (
        "Base model: MobileNetV2 with ImageNet weights, of keras.applications (Apache-2.0;",
        "Trained on: [a/photographs](https://huggingface.co/datasets/a/photographs).",
        ".svg)](https://huggingface.co/spaces/a/show)",
        "![Reliability: accuracy against confidence](report/reliability.png)",
        "![Training curves](report/training_curves.png)",
    ):
        assert words in card
    assert "confusion_matrix.png" not in card and "histograms" not in card, "only what is there, and worth seeing"
    assert told_by(card) == ("mit", "datasets/a/photographs") and told_space(card) == "a/show"
    assert "--model a/flags@bundle-0123456789ab" in card


FOLDS = {
    "split": "folds",
    "folds": 5,
    "n": 40,
    "accuracy": 0.9,
    "accuracy_interval": [0.769, 0.96],
    "majority_accuracy": 0.5,
    "regression_accuracy": 0.875,
    "training": {"kept": "fine_tuned"},
}


def test_the_card_of_a_small_set_names_its_folds_the_interval_and_the_regression() -> None:
    card = model_card(load_bundle(EMBEDDED), metrics=FOLDS)
    for words in (
        "40 images in 5 folds: each image was predicted by a network trained without it. The network published here "
        "was then trained on all of them. The 95% confidence interval of the accuracy is 0.769 to 0.960. A regression "
        "on the pretrained features has an accuracy of 0.875. Always predicting the most common label would have an "
        "accuracy of 0.500.\n",
        "| Accuracy | 0.9000 |",
    ):
        assert words in card
    assert "folds split" not in card and "kept for validation" not in card, "all images were trained on"
    (results,) = read_card(card).metadata["model-index"][0]["results"]
    assert results["dataset"]["split"] == "cross-validation, 5 folds"


def test_the_card_names_the_command_for_the_browser() -> None:
    card = model_card(load_bundle(EMBEDDED), Publication("a/flags", "bundle-0123456789ab"))
    (line,) = re.findall("^vistazo site (.+)$", card, re.MULTILINE)
    parser = argparse.ArgumentParser()
    site.add_arguments(parser)
    assert parser.parse_args(shlex.split(line)).bundle == "a/flags@bundle-0123456789ab"


def test_a_regression_that_is_the_model_itself_is_not_compared_with() -> None:
    card = model_card(load_bundle(EMBEDDED), metrics=FOLDS | {"training": {"kept": "regression"}})
    assert "5 folds" in card and "A regression" not in card


def test_the_card_of_a_split_names_it_and_the_interval() -> None:
    metrics = {"split": "test", "n": 40, "accuracy": 0.9, "accuracy_interval": [0.769, 0.96]}
    card = model_card(load_bundle(EMBEDDED), metrics=metrics)
    assert (
        "Evaluated on the test split: 40 images. The 95% confidence interval of the accuracy is 0.769 to 0.960.\n"
        in card
    )
    assert "fold" not in card.partition("## Results")[2].partition("## Limits")[0]


@pytest.mark.parametrize("architecture", PRETRAINED)
def test_every_base_model_with_weights_of_its_own_is_named(architecture: str) -> None:
    embedded = load_bundle(EMBEDDED)
    settings = {**embedded.settings, "architecture": architecture, "weights": "imagenet"}
    card = model_card(dataclasses.replace(embedded, settings=settings))
    assert re.search(rf"^Base model: {architecture.replace('_', '.?')}", card, re.MULTILINE | re.IGNORECASE)
    if architecture != "resnet50":
        assert "(Apache-2.0" in card


def test_a_card_names_the_data_set_that_was_fetched_unless_another_is_named() -> None:
    embedded = load_bundle(EMBEDDED)
    bundle = dataclasses.replace(embedded, settings={**embedded.settings, "dataset": "datasets/a/fetched"})
    assert read_card(model_card(bundle)).metadata["datasets"] == ["a/fetched"]
    named = model_card(bundle, Publication("a/flags", None, "mit", "my photographs"))
    assert "datasets" not in read_card(named).metadata and "my photographs" in named


def test_a_card_that_is_not_published_pins_and_promises_nothing() -> None:
    card = model_card(load_bundle(EMBEDDED))
    assert "Open in Spaces" not in card and "Base model" not in card and "datasets" not in read_card(card).metadata
    assert 'load_model("hf://user/name")' in card and "revision=" not in card


def test_the_code_is_pinned_to_the_version_and_the_badge_stays_as_long_as_the_space(hub: Hub, push: Push) -> None:
    version = result(push("--space", SPACE))["version"]
    card = published(hub)["README.md"].decode()
    assert card.count(version) == 5 and f"https://huggingface.co/spaces/{SPACE})" in card
    assert result(push())["changed"] == []
    del hub.repositories[f"spaces/{SPACE}"]
    assert result(push())["changed"] == ["README.md"]
    assert "Open in Spaces" not in published(hub)["README.md"].decode()


def test_a_data_set_of_the_hub_is_kept_by_later_pushes(hub: Hub, push: Push) -> None:
    result(push("--dataset-name", "https://huggingface.co/datasets/a/photographs"))
    first = published(hub)["README.md"]
    assert b"datasets:\n- a/photographs\n" in first
    assert result(push())["changed"] == [] and published(hub)["README.md"] == first


@pytest.mark.parametrize("way", ["vistazo", pytest.param("keras", marks=pytest.mark.nightly), "litert"])
def test_the_code_in_the_card_classifies_an_image(way: str, hub: Hub, push: Push, tmp_path: Path) -> None:
    result(push())
    code = re.findall(r"```(?:bash|python)\n(.*?)```", published(hub)["README.md"].decode(), re.DOTALL)
    vistazo, keras, litert = code
    assert f"vistazo serve --model {REPOSITORY}" in vistazo  # tests/train/publish/test_space.py runs such an app
    (predict,) = [line for line in vistazo.splitlines() if line.startswith("vistazo predict ")]
    shutil.copy(EXAMPLES / "images" / "brazil.jpg", tmp_path / "image.jpg")
    done = subprocess.run(
        {
            "vistazo": [sys.executable, str(ROOT / "vistazo.py"), *shlex.split(predict)[1:]],
            "keras": [sys.executable, "-c", keras],
            "litert": [sys.executable, "-c", litert],
        }[way],
        cwd=tmp_path,
        env=environment(
            tmp_path,
            **hub.environment(tmp_path / "other"),
            PYTHONPATH=str(ROOT) if way == "vistazo" else "",
            TF_CPP_MIN_LOG_LEVEL="3",
        ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    predicted = done.stdout.strip().splitlines()[-1]
    if way != "vistazo":
        predicted = published(hub)["labels.txt"].decode().splitlines()[int(predicted)]
    assert "Brazil" in predicted


UNKNOWN = {"coverage": 0.9, "withheld_wrong": 3, "withheld_right": 1}
VERDICTS = {
    "sure": {"n": 30, "accuracy": 0.9},
    "unsure": {"n": 10, "accuracy": 0.5},
    "none": {"n": 0, "accuracy": None},
}


def test_the_card_tells_what_its_rule_for_none_of_these_does_with_the_images() -> None:
    metrics = {"split": "test", "n": 40, "accuracy": 0.8, "unknown": UNKNOWN, "verdicts": VERDICTS}
    embedded = load_bundle(EMBEDDED)
    by_distance = model_card(embedded, metrics=metrics)
    assert (
        "The verdict is “sure” for 30 images (most likely label true: 90.0%), “unsure” for 10 images (most likely "
        "label true: 50.0%), and “none of these” for 0 images.\n" in by_distance
    )
    assert "withholds" not in by_distance
    by_probability = model_card(dataclasses.replace(embedded, statistics=None), metrics=metrics)
    assert "threshold for “none of these” withholds 3 wrong and 1 right" in by_probability
    assert "The verdict is" not in by_probability


def test_the_card_of_images_in_groups_says_that_its_interval_goes_by_them() -> None:
    card = model_card(load_bundle(EMBEDDED), metrics=FOLDS | {"groups": 8})
    assert "is 0.769 to 0.960, by 8 groups of images that belong together. A regression" in card
