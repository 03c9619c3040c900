"""Several objects in one image are detected where they are."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from examples.several import several_flags
from model.classifier import Classifier
from model.hub.resolve import EMBEDDED
from model.labels import is_background_label
from model.localization import locate, overlaps, windows
from model.preprocessing import InputSpec
from model.verdict import SURE_FROM, Classification, Verdict

COLOURS = np.array([[200, 30, 30], [30, 30, 200], [128, 128, 128]], float)
LABELS = ("red", "blue", "no colour")


class ByColour:
    """A stand-in for a network: the nearer a window's mean is to a label's colour, the surer.

    With `knows_nothing`, every window is unlike the training images.
    """

    def __init__(self, thresholds: tuple[float, ...] | None = None, *, knows_nothing: bool = False) -> None:
        self.bundle = SimpleNamespace(labels=LABELS, input=InputSpec(64, 64), thresholds=thresholds)
        self._knows_nothing = knows_nothing

    def predict(self, prepared: np.ndarray) -> Classification:
        distances = np.abs(COLOURS - prepared.reshape(-1, 3).mean(axis=0)).sum(axis=1)
        closeness = np.exp(-distances / 40)
        if self.bundle.thresholds is None:
            closeness /= closeness.sum()
        verdict: Verdict = "none" if self._knows_nothing else "sure" if closeness.max() >= SURE_FROM else "unsure"
        return Classification(closeness.astype(np.float32), verdict, self._knows_nothing)


def scene() -> np.ndarray:
    """A grey image with a red object at the left and a blue one at the right."""
    image = np.full((300, 600, 3), 128, np.uint8)
    image[60:240, 40:260] = COLOURS[0]
    image[80:260, 340:560] = COLOURS[1]
    return image


@pytest.mark.parametrize("thresholds", [None, (0.5, 0.5, 0.5)])
def test_two_objects_are_detected_where_they_are(thresholds: tuple[float, ...] | None) -> None:
    found = locate(ByColour(thresholds), scene())  # type: ignore[arg-type]
    assert {LABELS[detection.label] for detection in found} == {"blue", "red"}
    truth = {"red": (40, 60, 260, 240), "blue": (340, 80, 560, 260)}
    for label, box in truth.items():
        boxes = np.array([detection.box for detection in found if LABELS[detection.label] == label], float)
        assert overlaps(np.array(box), boxes).max() > 0.3
        assert all(box[0] - 100 < left and right < box[2] + 100 for left, _, right, _ in boxes)


@pytest.mark.parametrize("thresholds", [None, (0.5, 0.5, 0.5)])
def test_what_is_unlike_the_training_images_is_not_detected(thresholds: tuple[float, ...] | None) -> None:
    assert locate(ByColour(thresholds, knows_nothing=True), scene()) == []  # type: ignore[arg-type]


def test_without_an_object_nothing_is_detected() -> None:
    assert locate(ByColour(), np.full((80, 90, 3), 128, np.uint8)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 500), (640, 480)])
def test_windows_lie_in_the_image_and_cover_it(width: int, height: int) -> None:
    covered = np.zeros((height, width), bool)
    for left, top, right, bottom in windows(width, height):
        assert 0 <= left < right <= width and 0 <= top < bottom <= height
        covered[top:bottom, left:right] = True
    assert covered.all()


@pytest.mark.parametrize("label", ["no flag", "No_Flag", "background", "none", "other", "without glasses"])
def test_names_that_stand_for_the_background(label: str) -> None:
    assert is_background_label(label)


@pytest.mark.parametrize("label", ["Norway", "North Macedonia", "otherwise", "nothing else matters", "nose"])
def test_names_that_stand_for_an_object(label: str) -> None:
    assert not is_background_label(label)


def test_flags_in_one_image_are_found() -> None:
    """Not a test of the model's quality: most of a few clear flags should be found, and little else."""
    classifier = Classifier.load(EMBEDDED)
    right = wrong = wanted = 0
    for seed in range(4):
        labels = [["France", "Japan"], ["Brazil", "Sweden"], ["Canada", "Germany"], ["Portugal", "Nigeria"]][seed]
        image, truth = several_flags(labels, np.random.default_rng([7, seed]))
        names = {classifier.bundle.labels[detection.label] for detection in locate(classifier, image)}
        right, wrong, wanted = right + len(names & set(labels)), wrong + len(names - set(labels)), wanted + len(truth)
    assert right >= wanted / 2
    assert wrong <= wanted / 2
