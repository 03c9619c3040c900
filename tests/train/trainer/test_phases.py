"""A run is divided into phases, each with its own trainable layers and learning rates."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from model.preprocessing import InputSpec
from train.network.architectures import LOGITS, build
from train.recipes.registry import RECIPES, load_recipe
from train.settings import Settings
from train.trainer.phases import freeze, optimizer, plan

PRETRAINED = {"architecture": "mobilenet_v2", "weights": "imagenet"}


def test_training_from_scratch_is_one_phase() -> None:
    (phase,) = plan(Settings(epochs=7, size=64))

    assert (phase.epochs, phase.scale, phase.head_only) == (7, 1, False)
    assert phase.first_rate > phase.last_rate == 0


def test_pretrained_weights_get_a_new_head_first_and_lower_rates_afterwards() -> None:
    head, tuning = plan(Settings(**PRETRAINED, epochs=8))  # type: ignore[arg-type]

    assert (head.head_only, tuning.head_only) == (True, False)
    assert (head.epochs, tuning.epochs) == (2, 6)
    assert tuning.first_rate < head.first_rate


def test_a_head_that_starts_from_a_regression_needs_no_epochs_of_its_own() -> None:
    (tuning,) = plan(Settings(**PRETRAINED, probe=True, epochs=8))  # type: ignore[arg-type]

    assert (tuning.head_only, tuning.epochs) == (False, 8)


def test_small_images_come_first() -> None:
    early, full = plan(Settings(progressive_resize=0.5, epochs=10))

    assert (early.scale, full.scale) == (0.5, 1)
    assert early.epochs + full.epochs == 10


@pytest.mark.parametrize("options", [{}, {**PRETRAINED, "probe": True}, PRETRAINED, {"progressive_resize": 0.5}])
def test_training_ends_at_its_own_share_of_the_served_size(options: dict) -> None:
    phases = plan(Settings(training_scale=0.875, epochs=10, **options))

    assert phases[-1].scale == 0.875
    assert all(phase.scale <= 0.875 for phase in phases)


@pytest.mark.parametrize("options", [{"progressive_resize": 0.5}, PRETRAINED])
def test_a_single_epoch_is_a_single_phase(options: dict) -> None:
    assert [phase.epochs for phase in plan(Settings(epochs=1, **options))] == [1]


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_spends_its_epochs(recipe: str) -> None:
    settings = load_recipe(recipe)

    assert settings.recipe == recipe
    assert sum(phase.epochs for phase in plan(settings)) == settings.epochs


@pytest.mark.parametrize(("finetune_layers", "expected"), [(0, 156), (20, 20), (-100, 56)])
def test_tuned_layers_count_from_the_end_or_from_the_start(finetune_layers: int, expected: int) -> None:
    settings = Settings(architecture="mobilenet_v2", size=32, finetune_layers=finetune_layers)
    model = build(settings, InputSpec(32, 32), 2)
    settings = Settings(**PRETRAINED, size=32, finetune_layers=finetune_layers)  # type: ignore[arg-type]
    head, tuning = plan(settings)

    freeze(model, head, settings)
    assert {v.path.split("/")[0] for v in model.trainable_variables} == {LOGITS}

    freeze(model, tuning, settings)
    backbone = model.layers[: [layer.name for layer in model.layers].index("features") + 1]
    trained = [layer for layer in backbone if layer.trainable]
    assert backbone.index(trained[0]) >= len(backbone) - expected
    assert not any(isinstance(layer, keras.layers.BatchNormalization) for layer in trained)


@pytest.mark.parametrize(("name", "kind"), [("adamw", "AdamW"), ("adam", "Adam"), ("sgd", "SGD")])
def test_the_cosine_rises_for_a_while_and_falls_to_the_last_rate(name: str, kind: str) -> None:
    settings = Settings(optimizer=name, epochs=10, learning_rate=0.1, ema_decay=0.9)
    (phase,) = plan(settings)

    built = optimizer(settings, phase, steps=20)
    rates = [float(keras.ops.convert_to_numpy(built._learning_rate(step))) for step in (0, 20, 110, 200)]

    assert type(built).__name__ == kind
    assert built.use_ema
    np.testing.assert_allclose(rates[:2], [0.01, 0.1], rtol=1e-5)
    assert rates[1] > rates[2] > rates[3] >= 0
    np.testing.assert_allclose(rates[3], 0, atol=1e-6)


def test_weight_decay_spares_biases_and_normalisation() -> None:
    settings = Settings(learning_rate=0.1, weight_decay=0.5, schedule="constant")
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2), keras.layers.BatchNormalization()])
    built = optimizer(settings, plan(settings)[0], steps=1)
    built.build(model.trainable_variables)

    before = model.get_weights()
    built.apply([keras.ops.zeros_like(v) for v in model.trainable_variables], model.trainable_variables)

    changed = [not np.allclose(one, other) for one, other in zip(before, model.get_weights(), strict=True)]
    assert changed == [True, False, False, False, False, False]
