"""The heat that says why: what the served network computes, laid over the part of the image it saw."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from model.classifier import Classifier
from model.errors import BundleError
from model.grad_cam import explain, overlay
from model.preprocessing import InputSpec, prepare
from tests.support.fitting import Fitted
from tests.support.grad_cam import grad_cam
from tests.support.images import scene


@pytest.fixture(
    scope="module", params=["colour_fit", "grey_fit", pytest.param("mobilenet_fit", marks=pytest.mark.nightly)]
)
def bundle(request: pytest.FixtureRequest) -> Path:
    fitted: Fitted = request.getfixturevalue(request.param)
    return fitted.bundle


def test_the_heat_is_keras_s_grad_cam_with_its_strongest_place_at_one(bundle: Path) -> None:
    classifier, model = Classifier.load(bundle), keras.saving.load_model(bundle)
    image = scene(60, 50)
    for label in range(len(classifier.bundle.labels)):
        explanation = explain(classifier, image, label)
        expected = grad_cam(model, prepare(image, classifier.bundle.input), label)[0]
        np.testing.assert_allclose(explanation.heat * expected.max(), expected, atol=1e-3)
        if expected.max() > 0:
            assert explanation.heat.max() == 1


def test_the_probabilities_are_those_of_a_prediction(bundle: Path) -> None:
    classifier = Classifier.load(bundle)
    image = scene(60, 50)
    np.testing.assert_allclose(explain(classifier, image).probabilities, classifier.classify(image), atol=1e-5)


def test_without_a_label_the_likeliest_is_explained(bundle: Path) -> None:
    classifier = Classifier.load(bundle)
    assert explain(classifier, scene(60, 50)).label == classifier.classify(scene(60, 50)).argmax()


def test_a_label_that_does_not_exist_is_refused(bundle: Path) -> None:
    classifier = Classifier.load(bundle)
    for label in (-1, len(classifier.bundle.labels)):
        with pytest.raises(BundleError, match="labels"):
            explain(classifier, scene(60, 50), label)


@pytest.mark.parametrize("rule", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("size", [(300, 200), (200, 300), (240, 240), (7, 5)])
def test_no_heat_leaves_the_image_as_it_is(size: tuple[int, int], rule: str) -> None:
    image = scene(*size)
    spec = InputSpec(64, 64, resize_rule=rule)  # type: ignore[arg-type]
    np.testing.assert_array_equal(overlay(image, np.zeros((4, 4), np.float32), spec), image)


def test_heat_lies_where_the_network_saw_it() -> None:
    """A quarter of the network's input, mapped back through each way of fitting a wide image to it."""
    image = np.full((200, 400, 3), 100, np.uint8)
    heat = np.zeros((8, 8), np.float32)
    heat[:4, :4] = 1
    changed = {
        rule: (overlay(image, heat, InputSpec(64, 64, resize_rule=rule)) != image).any(axis=-1)  # type: ignore[arg-type]
        for rule in ("stretch", "crop", "pad")
    }
    assert changed["stretch"][50, 100] and not changed["stretch"][50, 300] and not changed["stretch"][150, 100]
    # The centre square was seen: 100 to 300.
    assert changed["crop"][50, 150] and not changed["crop"][50, 50] and not changed["crop"][50, 250]
    # The image lies in the middle of the input, with grey above and below.
    assert changed["pad"][50, 100] and not changed["pad"][150, 100] and not changed["pad"][50, 300]
