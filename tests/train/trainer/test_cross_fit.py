"""A small data set is fitted by folds: metrics from predictions out of fold, the network from all images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from model.preprocessing import InputSpec
from model.statistics import normalised
from tests.support.training import brightness_images
from train.data.batches import LabelledImages
from train.data.folds import make_folds
from train.network.architectures import FEATURES, LOGITS, build, pooled_units
from train.network.linear_probe import predicted_features
from train.settings import Settings
from train.trainer.cross_fit import AVERAGE, FINE_TUNED, REGRESSION, cross_fit, winner
from train.trainer.division import by_folds, by_validation
from train.trainer.loop import predict_logits
from train.trainer.run import TrainingRun
from train.trainer.tail import Tail

LABELS = ("dark", "light")


def none_of(images: LabelledImages) -> LabelledImages:
    """Return no images of the same kind."""
    return LabelledImages(images.images[:0], images.targets[:0])


def settings_of(weights: Path, **changes: Any) -> Settings:
    """Return the settings of a training of the last layers of a small network."""
    return Settings(architecture="mobilenet_v2", weights=str(weights), size=32, probe=True, **changes)


def losses_of(tuned: list[float], average: list[float]) -> dict[str, np.ndarray]:
    """Return the losses of ten images, which the regression predicts with a loss of 1."""
    return {REGRESSION: np.ones(10), FINE_TUNED: np.array(tuned), AVERAGE: np.array(average)}


@pytest.mark.parametrize(
    ("tuned", "average", "kept"),
    [
        ([0.9] * 10, [1.0] * 10, FINE_TUNED),
        ([0.9] * 10, [0.8] * 10, AVERAGE),
        ([1.1] * 10, [1.0] * 10, REGRESSION),
        ([0.0] + [1.1] * 9, [1.0] * 10, FINE_TUNED),  # better on average, by one image
        ([1.0] * 10, [1.0] * 10, REGRESSION),
    ],
)
def test_fine_tuning_is_kept_where_its_mean_loss_is_lower(tuned: list[float], average: list[float], kept: str) -> None:
    assert winner(losses_of(tuned, average)) == kept


@pytest.fixture(scope="module")
def fitted(backbone_weights: Path) -> tuple[LabelledImages, list]:
    images = brightness_images([0, 1] * 10, 2, seed=3)
    settings = settings_of(backbone_weights, epochs=1, batch_size=8)
    folds = make_folds(images.targets, np.arange(20), 2, 1, LABELS)
    return images, list(
        cross_fit(TrainingRun(settings, InputSpec(32, 32), 2, images, none_of(images)), by_folds(folds))
    )


def test_the_regression_comes_first_with_the_predictions_out_of_fold(fitted: tuple[LabelledImages, list]) -> None:
    images, networks = fitted

    assert networks[0].name == REGRESSION
    assert networks[0].out_of_fold.logits.shape == (20, 2)
    assert (networks[0].out_of_fold.logits.argmax(axis=1) == images.targets.argmax(axis=1)).mean() > 0.8
    assert (networks[0].out_of_fold.distances >= 0).all()
    assert networks[0].out_of_fold.folds == 2


def test_the_network_is_trained_on_all_images(fitted: tuple[LabelledImages, list]) -> None:
    images, networks = fitted
    model = networks[-1].model

    assert np.abs(model.get_layer(LOGITS).get_weights()[0]).sum() > 0
    assert (predict_logits(model, images.images).argmax(axis=1) == images.targets.argmax(axis=1)).mean() > 0.8


@pytest.mark.parametrize("refit", [True, False])
def test_of_a_large_data_set_the_validation_images_judge(refit: bool, backbone_weights: Path) -> None:
    train, validation = brightness_images([0, 1] * 6, 2, seed=3), brightness_images([0, 1] * 4, 2, seed=4)
    settings = settings_of(
        backbone_weights,
        epochs=4,
        batch_size=8,
        finetune_learning_rate=1e-3,
    )
    run = TrainingRun(settings, InputSpec(32, 32), 2, train, validation)
    division = by_validation(run, refit=refit)

    assert len(division.rows) == (20 if refit else 12)
    for network in cross_fit(run, division):
        assert network.out_of_fold.targets.tolist() == validation.targets.tolist()
        # The network of the bundle is the one that was measured, unless it has learned from these images as well.
        served = predict_logits(network.model, validation.images)
        assert np.allclose(network.out_of_fold.logits, served, atol=0.05) == (not refit)


def test_labels_of_which_an_image_has_any_number_are_fitted_in_the_same_way(backbone_weights: Path) -> None:
    rng = np.random.default_rng(3)
    targets = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 6, np.float32)
    # The first label is a light image, the second a red one.
    colours = np.where(targets[:, :1] > 0, 200, 90) + np.array([40, -40, -40]) * targets[:, 1:]
    images = np.clip(colours[:, None, None] + rng.normal(0, 5, (24, 32, 32, 3)), 0, 255).astype(np.uint8)
    settings = settings_of(
        backbone_weights,
        epochs=2,
        batch_size=8,
        multi_label=True,
        colour_shift=0,
        brightness_contrast=0,
    )
    run = TrainingRun(
        settings, InputSpec(32, 32), 2, LabelledImages(images, targets), LabelledImages(images[:0], targets[:0])
    )

    folds = make_folds(targets, np.arange(24), 3, 1, LABELS)
    networks = list(cross_fit(run, by_folds(folds)))

    for network in networks:
        unseen = network.out_of_fold
        assert all((unseen.fold_of[other] == number).all() for number, (_, other) in enumerate(folds))
        assert unseen.targets.tolist() == targets.tolist()
        assert ((unseen.logits > 0) == (targets > 0)).mean() > 0.8
        assert ((predict_logits(network.model, images) > 0) == (targets > 0)).mean() > 0.8


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_every_training_of_the_last_layers_moves_their_weights(schedule: str, backbone_weights: Path) -> None:
    images = brightness_images([0, 1] * 4, 2, seed=3)
    settings = settings_of(
        backbone_weights,
        epochs=2,
        batch_size=4,
        schedule=schedule,
    )
    model = build(settings, InputSpec(32, 32), 2)
    tail = Tail(model, TrainingRun(settings, InputSpec(32, 32), 2, images, none_of(images)))

    for _ in range(2):
        before = model.get_layer(LOGITS).get_weights()[0]
        tail.train(np.arange(8))
        assert np.abs(model.get_layer(LOGITS).get_weights()[0] - before).max() > 0


def test_the_learning_rate_ends_at_zero_however_many_images_are_trained_on(backbone_weights: Path) -> None:
    images = brightness_images([0, 1] * 8, 2, seed=3)
    settings = settings_of(backbone_weights, epochs=2, batch_size=4, min_steps_per_epoch=1)
    tail = Tail(
        build(settings, InputSpec(32, 32), 2), TrainingRun(settings, InputSpec(32, 32), 2, images, none_of(images))
    )

    for rows in (8, 16, 4):
        tail.train(np.arange(rows))

        steps = int(tail._tail.optimizer.iterations)
        assert steps == 4  # two epochs of the first eight images
        assert float(tail._tail.optimizer.learning_rate) == pytest.approx(0, abs=1e-9)


def test_more_layers_are_trained_on_few_images_than_on_many(
    backbone_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = brightness_images([0, 1] * 4, 2, seed=3)
    settings = settings_of(backbone_weights)

    def trained_widths() -> set[int]:
        model = build(settings, InputSpec(32, 32), 2)
        Tail(model, TrainingRun(settings, InputSpec(32, 32), 2, images, none_of(images)))
        return {layer.output.shape[1] for layer in model.layers if layer.trainable_weights and layer.output.ndim == 4}

    assert trained_widths() == {1, 2}
    monkeypatch.setattr("train.trainer.tail._FEW_IMAGES", 4)
    assert trained_widths() == {1}


def test_beside_the_features_of_tuned_layers_stand_those_of_the_pretrained_ones(backbone_weights: Path) -> None:
    images = brightness_images([0, 1] * 4, 2, seed=3)
    settings = settings_of(backbone_weights, epochs=2, batch_size=4)
    model = build(settings, InputSpec(32, 32), 2)
    before = predicted_features(
        keras.Model(model.inputs, pooled_units(model.get_layer(FEATURES).output)), images.images
    )
    tail = Tail(model, TrainingRun(settings, InputSpec(32, 32), 2, images, none_of(images)))

    tail.train(np.arange(8))

    weights = (0.8, 0.2)
    found = normalised(predicted_features(tail.reference_model(weights), images.images))
    tuned, pretrained = tail.references(np.arange(8), tuned=True)
    expected = np.hstack([0.8**0.5 * tuned, 0.2**0.5 * pretrained])
    np.testing.assert_allclose(found, expected, atol=1e-3)  # of activations stored as float16
    np.testing.assert_allclose(pretrained, before, atol=1e-3)
    assert np.abs(tuned - before).max() > 0.01
