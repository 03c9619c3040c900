"""Augmentation is random, reproducible and within its limits."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.images import scene
from train.data.augmentation import augment, mix, shrink
from train.settings import Settings

STILL = Settings(
    rotation=0,
    translate=0,
    zoom=0,
    shear=0,
    brightness_contrast=0,
    colour_shift=0,
    random_erasing_prob=0,
    flip=False,
    label_smoothing=0,
)
WILD = Settings(
    rotation=180, translate=0.5, zoom=0.9, shear=0.9, brightness_contrast=0.9, colour_shift=0.9, random_erasing_prob=1
)


def changed(settings: Settings, seed: int = 1, side: int = 32, grey: bool = False, size: int = 32) -> np.ndarray:
    image = scene(size, size)
    if grey:
        image = np.repeat(image[..., :1], 3, axis=-1)
    return augment(image, np.random.default_rng(seed), settings, (side, side), grey=grey)


@given(st.integers(0, 2**32), st.integers(16, 80), st.integers(16, 80), st.booleans())
def test_the_result_has_the_side_asked_for_and_8_bit_colours(seed: int, side: int, size: int, grey: bool) -> None:
    result = changed(WILD, seed, side, grey, size)

    assert result.shape == (side, side, 3)
    assert result.dtype == np.uint8


@given(st.integers(0, 2**32))
def test_grey_stays_grey(seed: int) -> None:
    result = changed(WILD, seed, grey=True)

    np.testing.assert_array_equal(result, result[..., :1].repeat(3, axis=-1))


def test_colours_may_change_when_the_network_sees_them() -> None:
    assert any(np.ptp(changed(WILD, seed, grey=False).astype(int), axis=-1).any() for seed in range(3))


@pytest.mark.parametrize("seed", range(5))
def test_the_same_seed_gives_the_same_image_and_another_seed_another(seed: int) -> None:
    np.testing.assert_array_equal(changed(Settings(), seed), changed(Settings(), seed))
    assert (changed(Settings(), seed) != changed(Settings(), seed + 1)).any()


def test_turned_images_stay_as_sharp_as_those_to_predict() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (96, 96, 3), np.uint8)
    image = cv2.GaussianBlur(noise, (0, 0), 1)
    settings = dataclasses.replace(STILL, rotation=10, translate=0.1)

    turned = [augment(image, np.random.default_rng(seed), settings, (96, 96), grey=False) for seed in range(20)]

    assert np.mean([detail(result) for result in turned]) > 0.95 * detail(image)


def detail(image: np.ndarray) -> float:
    return float(np.abs(cv2.Laplacian(image.astype(np.float32), cv2.CV_32F)).mean())


def test_the_image_given_is_left_alone() -> None:
    image = scene(32, 32)
    before = image.copy()

    for seed in range(5):
        augment(image, np.random.default_rng(seed), WILD, (32, 32), grey=False)

    np.testing.assert_array_equal(image, before)


def test_without_any_change_asked_for_the_image_stays_as_it_is() -> None:
    np.testing.assert_array_equal(changed(STILL), scene(32, 32))


def test_mirroring_is_left_to_right_and_half_of_the_time() -> None:
    results = [changed(dataclasses.replace(STILL, flip=True), seed) for seed in range(60)]
    mirrored = [np.array_equal(result, scene(32, 32)[:, ::-1]) for result in results]
    plain = [np.array_equal(result, scene(32, 32)) for result in results]

    assert all(m or p for m, p in zip(mirrored, plain, strict=True))
    assert 15 < sum(mirrored) < 45


def test_a_smaller_side_shows_the_whole_image() -> None:
    corners = np.zeros((64, 64, 3), np.uint8)
    corners[:32, :32], corners[32:, 32:] = 255, 100

    result = augment(corners, np.random.default_rng(0), STILL, (32, 32), grey=False)

    assert abs(result[:15, :15].astype(int) - 255).max() == 0
    assert abs(result[17:, 17:].astype(int) - 100).max() == 0
    assert result[:15, 17:].max() == 0


def test_light_and_colour_stay_within_their_limits() -> None:
    settings = dataclasses.replace(STILL, brightness_contrast=0.2)
    flat = np.full((32, 32, 3), 128, np.uint8)

    values = [
        augment(flat, np.random.default_rng(seed), settings, (32, 32), grey=False)[0, 0, 0] for seed in range(200)
    ]

    assert 128 - 0.1 * 255 - 1 <= min(values) < 115
    assert 140 < max(values) <= 128 + 0.1 * 255 + 1


def test_the_erased_patch_covers_at_most_a_third_of_each_side() -> None:
    settings = dataclasses.replace(STILL, random_erasing_prob=1)

    for seed in range(40):
        rows, columns = np.nonzero((changed(settings, seed) != scene(32, 32)).any(axis=-1))
        assert len(rows)
        assert np.ptp(rows) < 32 / 3 + 1
        assert np.ptp(columns) < 32 / 3 + 1


def test_shrinking_averages_and_leaves_the_right_size_alone() -> None:
    image = scene(64, 64)

    assert shrink(image, (64, 64)) is image
    assert shrink(image, (32, 32)).shape == (32, 32, 3)
    means = image.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    assert abs(shrink(image, (32, 32)) - means).max() <= 1


def test_a_rectangular_input_is_filled_and_nothing_is_turned_on_its_side() -> None:
    halves = np.zeros((32, 32, 3), np.uint8)
    halves[:, 16:] = 200

    result = augment(halves, np.random.default_rng(0), STILL, (48, 20), grey=False)

    assert result.shape == (20, 48, 3)
    assert result[:, :22].max() == 0
    assert result[:, 26:].min() == 200


PAIR = np.stack([np.zeros((16, 24, 3), np.uint8), np.full((16, 24, 3), 200, np.uint8)])
TARGETS = np.eye(2, dtype=np.float32)


@pytest.mark.parametrize("seed", range(30))
def test_mixed_targets_are_the_share_of_each_image(seed: int) -> None:
    images, targets = mix(PAIR, TARGETS, np.random.default_rng(seed))

    assert images.shape == PAIR.shape
    assert images.dtype == np.uint8
    assert targets.dtype == np.float32
    for image, target in zip(images, targets, strict=True):
        assert abs(image.mean() / 200 - target[1]) < 0.01


def test_both_ways_of_mixing_occur() -> None:
    kinds = {len(np.unique(mix(PAIR, TARGETS, np.random.default_rng(seed))[0][0])) for seed in range(30)}

    assert kinds == {1, 2}  # one even grey, or a patch in the other colour


def test_with_several_labels_a_mixed_image_shows_both() -> None:
    for seed in range(10):
        _, targets = mix(PAIR, TARGETS, np.random.default_rng(seed), union=True)
        assert set(targets.ravel()) <= {0, 1}
        assert (targets >= TARGETS).all()
