"""The same seed gives the same batches, whatever the number of threads."""

from __future__ import annotations

import hashlib
import time

import keras
import numpy as np
import pytest

from train.data.batches import LabelledImages, PlainBatches, TrainingBatches, expected_draws
from train.settings import Settings

COUNT = 22
IMAGES = np.random.default_rng(0).integers(0, 256, (COUNT, 20, 20, 3), dtype=np.uint8)
CLASSES = np.arange(COUNT)


def batches(seed: int = 1, first_epoch: int = 0, side: int = 20) -> TrainingBatches:
    settings = Settings(batch_size=4, seed=seed)
    return TrainingBatches(LabelledImages(IMAGES, CLASSES), settings, (side, side), grey=False, first_epoch=first_epoch)


class Recorded(TrainingBatches):
    """Records its batches, of which every third is delayed so that threads finish out of order."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self.seen: list[tuple[int, str]] = []

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        time.sleep(0.01 * (index % 3 == 0))
        images, classes = super().__getitem__(index)
        self.seen.append((index, hashlib.sha256(images.tobytes() + classes.tobytes()).hexdigest()))
        return images, classes


def everything(data: keras.utils.PyDataset) -> list[np.ndarray]:
    return [data[index][0] for index in range(len(data))]


def test_every_image_comes_once_an_epoch_with_its_class() -> None:
    data = batches()

    assert len(data) == 6
    assert [len(data[index][1]) for index in range(6)] == [4, 4, 4, 4, 4, 2]
    assert sorted(np.concatenate([data[index][1] for index in range(6)])) == list(range(COUNT))


def test_the_same_seed_gives_the_same_batches_in_any_order_of_asking() -> None:
    forwards, data = everything(batches()), batches()

    for index in (5, 0, 3, 3, 1):
        np.testing.assert_array_equal(data[index][0], forwards[index])


def test_another_seed_or_epoch_gives_other_batches() -> None:
    data = batches()
    first = everything(data)
    data.on_epoch_end()

    assert (data[0][0] != first[0]).any()
    assert (batches(seed=2)[0][0] != first[0]).any()


def test_a_later_phase_goes_on_where_the_earlier_one_stopped() -> None:
    data = batches()
    data.on_epoch_end()
    data.on_epoch_end()

    np.testing.assert_array_equal(batches(first_epoch=2)[3][0], data[3][0])


def fitted(workers: int) -> tuple[set[tuple[int, str]], list[np.ndarray]]:
    """Return the batches that Keras received in three epochs, and the weights after them."""
    data = Recorded(
        LabelledImages(IMAGES, np.eye(COUNT, dtype=np.float32)[CLASSES]),
        Settings(batch_size=4, seed=9),
        (20, 20),
        grey=False,
    )
    data.workers = workers
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Input((20, 20, 3)), keras.layers.Flatten(), keras.layers.Dense(COUNT)])
    model.compile(keras.optimizers.SGD(1e-6), "mse")
    model.fit(data, epochs=3, verbose=0, shuffle=False)
    return set(data.seen), model.get_weights()


def test_keras_learns_the_same_from_the_same_batches_whatever_the_number_of_threads() -> None:
    seen, weights = fitted(workers=1)

    assert len(seen) >= 3 * 6
    assert np.isfinite(weights[0]).all()
    more_seen, more_weights = fitted(workers=4)
    assert more_seen == seen
    for one, other in zip(weights, more_weights, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)


def test_validation_batches_are_the_images_in_order() -> None:
    data = PlainBatches(LabelledImages(IMAGES, CLASSES), (20, 20), batch_size=8)

    assert len(data) == 3
    np.testing.assert_array_equal(np.concatenate(everything(data)), IMAGES)
    np.testing.assert_array_equal(np.concatenate([data[i][1] for i in range(3)]), CLASSES)
    assert PlainBatches(LabelledImages(IMAGES, CLASSES), (12, 10), COUNT)[0][0].shape == (COUNT, 10, 12, 3)
    assert len(PlainBatches(LabelledImages(IMAGES[:0], CLASSES[:0]), (20, 20))) == 0


UNEVEN = np.eye(3, dtype=np.float32)[np.repeat([0, 1, 2], [16, 4, 2])]


@pytest.mark.parametrize(("balance", "shares"), [(0, [16, 4, 2]), (0.5, [4, 2, 2**0.5]), (1, [1, 1, 1])])
def test_balance_draws_rare_classes_more_often(balance: float, shares: list[float]) -> None:
    expected = expected_draws(UNEVEN, balance)

    np.testing.assert_allclose(expected @ UNEVEN, np.array(shares) * 22 / sum(shares), rtol=1e-5)
    np.testing.assert_allclose(expected.mean(), 1, rtol=1e-5)


def test_a_balanced_epoch_has_the_expected_number_of_each_class() -> None:
    data = TrainingBatches(
        LabelledImages(IMAGES, UNEVEN), Settings(batch_size=4, class_balance=1), (20, 20), grey=False
    )

    counts = sum(data[index][1].sum(axis=0) for index in range(len(data)))

    assert sum(counts) == COUNT
    assert abs(counts - COUNT / 3).max() <= 2


def test_of_an_image_with_several_labels_the_rarest_counts() -> None:
    targets = np.array([[1, 0], [1, 0], [1, 0], [1, 1], [0, 0]], np.float32)

    expected = expected_draws(targets, 1)

    np.testing.assert_allclose(expected[3] / expected[0], 4, rtol=1e-5)


def test_mixed_batches_are_the_same_for_the_same_seed() -> None:
    settings = Settings(batch_size=4, mixup_cutmix_prob=1)
    one, other = (TrainingBatches(LabelledImages(IMAGES, UNEVEN), settings, (20, 20), grey=False) for _ in range(2))

    for index in range(len(one)):
        np.testing.assert_array_equal(one[index][0], other[index][0])
        np.testing.assert_allclose(one[index][1].sum(axis=1), 1, rtol=1e-5)


def test_a_small_data_set_is_passed_several_times_an_epoch() -> None:
    settings = Settings(batch_size=4, min_steps_per_epoch=14)
    data = TrainingBatches(LabelledImages(IMAGES, CLASSES), settings, (20, 20), grey=False)

    counts = np.bincount(np.concatenate([data[index][1] for index in range(len(data))]))

    assert len(data) >= 14
    assert set(counts) == {3}
