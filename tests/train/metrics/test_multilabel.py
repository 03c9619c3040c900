"""Multi-label images: folders named cat+dog, a threshold for each label, metrics at these thresholds."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.bundle import load_bundle
from model.classifier import Classifier, predicted_labels
from model.errors import BundleError
from model.preprocessing import prepare, read_image
from tests.support.fitting import Fitted, fit
from tests.support.training import TINY, list_examples
from train.__main__ import main
from train.data.folders import Example, all_labels
from train.data.targets import multi_hot
from train.export.bundle import write_manifest
from train.metrics.calibration import calibrate_multilabel
from train.metrics.multilabel import multilabel_metrics

LABELS = ("cat", "dog")
OPTIONS = ["--convolutions", "8", "--epochs", "40", "--learning-rate", "5e-3", "--no-flip", "--colour-shift", "0"]
OPTIONS += ["--random-erasing-prob", "0", "--translate", "0"]


def test_a_folder_name_with_a_plus_carries_several_labels(tmp_path: Path) -> None:
    for name in ("cat", "dog+cat", "dog + fox"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(b"")

    examples = list_examples(tmp_path, multi_label=True)

    assert [example.labels for example in examples] == [("cat",), ("dog", "fox"), ("dog", "cat")]
    assert all_labels(examples) == ["cat", "dog", "fox"]
    assert all_labels(list_examples(tmp_path)) == ["cat", "dog + fox", "dog+cat"]


def test_targets_hold_a_one_for_every_label() -> None:
    examples = [Example(Path("a"), "cat"), Example(Path("b"), "dog", ("cat",))]

    np.testing.assert_array_equal(multi_hot(examples, {"cat": 0, "dog": 1}, 3), [[1, 0, 0], [1, 1, 0]])


def test_thresholds_are_those_of_the_highest_f1_on_validation() -> None:
    logits = np.array([[-3, 2], [-2, 1], [0, -1], [1, 3]], float)
    targets = np.array([[0, 1], [1, 0], [1, 0], [1, 1]], float)

    calibration = calibrate_multilabel(logits, targets)

    assert calibration.thresholds is not None
    probabilities = 1 / (1 + np.exp(-logits / calibration.temperature))
    np.testing.assert_array_equal(probabilities >= calibration.thresholds, targets > 0)
    assert calibrate_multilabel(logits[:0], targets[:0]).thresholds == (0.5, 0.5)


def test_metrics_count_whole_images_and_single_labels() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.7], [0.2, 0.1], [0.6, 0.9]])
    targets = np.array([[1, 0], [1, 1], [0, 0], [0, 1]], float)

    metrics = multilabel_metrics(probabilities, targets, LABELS, (0.5, 0.5))

    assert metrics["accuracy"] == 0.75
    assert metrics["per_class"]["cat"] == {"precision": 0.666667, "recall": 1, "f1": 0.8, "support": 2}
    assert metrics["per_class"]["dog"]["f1"] == 1
    assert metrics["confusion_matrix"] == [[2, 1], [2, 2]]
    assert metrics["label_counts"] == {
        "cat": {"found": 2, "missed": 0, "wrong": 1},
        "dog": {"found": 2, "missed": 0, "wrong": 0},
    }
    assert metrics["thresholds"] == {"cat": 0.5, "dog": 0.5}
    assert (
        metrics["curves"]["per_class"]["dog"]["average_precision"] == metrics["curves"]["per_class"]["dog"]["roc_auc"]
    )
    assert metrics["mean_average_precision"] == metrics["curves"]["macro"]["average_precision"]
    stricter = multilabel_metrics(probabilities, targets, LABELS, (0.7, 0.5))
    assert stricter["accuracy"] == 1


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """The left half is red or grey, the right half is blue or grey."""
    folder = tmp_path_factory.mktemp("several")
    rng = np.random.default_rng(1)
    for name in ("blue", "red", "red+blue"):
        (folder / "data" / name).mkdir(parents=True)
        for index in range(18):
            image = rng.integers(90, 130, (32, 32, 3))
            if "red" in name:
                image[:, :16] = np.add(rng.integers(0, 60, (32, 16, 3)), [190, 0, 0])
            if "blue" in name:
                image[:, 16:] = np.add(rng.integers(0, 60, (32, 16, 3)), [0, 0, 190])
            Image.fromarray(image.astype(np.uint8)).save(folder / "data" / name / f"{index}.png")
    return fit(folder / "data", folder / "bundle", "--multi-label", *TINY, *OPTIONS)


def test_a_fit_with_several_labels_finds_all_that_an_image_shows(several: Fitted) -> None:
    classifier = Classifier.load(several.bundle)
    bundle = classifier.bundle
    assert bundle.labels == ("blue", "red")
    assert bundle.multi_label
    assert bundle.thresholds is not None and len(bundle.thresholds) == 2

    right = 0
    for name, expected in (("blue", {"blue"}), ("red", {"red"}), ("red+blue", {"red", "blue"})):
        for path in sorted((several.data / name).glob("*.png")):
            right += (
                set(predicted_labels(classifier.predict(prepare(read_image(path), bundle.input)), bundle)) == expected
            )

    assert right >= 46  # of 54, training images among them
    metrics = json.loads(several.out.splitlines()[-1])
    assert {"n", "accuracy", "top5_accuracy", "macro_f1", "ece", "loss"} <= set(metrics)


def test_a_bundle_with_several_labels_is_evaluated_on_folders_with_several(
    several: Fitted, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["evaluate", str(several.bundle), str(several.data), "--out", str(tmp_path / "out"), "--json"]) == 0

    metrics = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert metrics["n"] == 54
    assert metrics["accuracy"] > 0.8
    assert "ece_before" in metrics
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    with (tmp_path / "out" / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["truth"] for row in rows} == {"blue", "red", "blue+red"}
    assert np.mean([row["predicted"] == row["truth"] for row in rows]) == pytest.approx(metrics["accuracy"], abs=1e-6)
    assert 'data-cell="0-found"' in page
    assert page.count("data:image/jpeg;base64,") >= 12


@pytest.mark.parametrize("thresholds", [[0.5], [0.5, 2], "half", [0.5, None]])
def test_thresholds_that_do_not_fit_the_labels_are_refused(several: Fitted, thresholds: object, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(several.bundle, tmp_path / "copy"))
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    config["vistazo"]["thresholds"] = thresholds
    (copy / "config.json").write_text(json.dumps(config), encoding="utf-8")
    write_manifest(copy)

    with pytest.raises(BundleError, match="thresholds should be 2 numbers"):
        load_bundle(copy)
