"""The served network returns calibrated probabilities, in any thread, or refuses to start."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.classifier import Classifier, top_labels
from model.errors import BundleError
from model.verdict import probabilities_of
from tests.support.fitting import without_statistics
from tests.support.images import scene
from train.export.bundle import write_manifest

LOGITS = arrays(
    np.float32, st.tuples(st.integers(1, 4), st.integers(2, 6)), elements=st.floats(-(2.0**100), 2.0**100, width=32)
)


def put_network(bundle: Path, answer: Callable[[tf.Tensor], tf.Tensor], signature: str = "predict") -> None:
    """Replace the bundle's network, on purpose, by a function of images."""
    module = tf.Module()
    image = tf.TensorSpec((None, 32, 32, 3), tf.uint8, name="image")
    module.answer = tf.function(lambda image: {"logits": answer(tf.cast(image, tf.float32))}, [image])
    saved = bundle.parent / "saved"
    tf.saved_model.save(module, saved, signatures={signature: module.answer})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved), signature_keys=[signature])
    (bundle / "model.tflite").write_bytes(converter.convert())
    without_statistics(bundle)


def mean_colour(image: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(image, (1, 2))


@given(LOGITS, st.floats(0.01, 100))
def test_softmax_adds_up_to_one_and_keeps_the_order(logits: np.ndarray, temperature: float) -> None:
    probabilities = probabilities_of(logits, temperature)

    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities >= 0).all()
    best = np.take_along_axis(probabilities, logits.argmax(axis=1)[:, None], axis=1)
    np.testing.assert_array_equal(best[:, 0], probabilities.max(axis=1))


@given(LOGITS, st.floats(0.01, 100))
def test_sigmoids_lie_between_nought_and_one(logits: np.ndarray, temperature: float) -> None:
    probabilities = probabilities_of(logits, temperature, multi_label=True)

    assert ((probabilities >= 0) & (probabilities <= 1)).all()


def test_softmax_and_sigmoid_equal_keras_s_own() -> None:
    logits = np.random.default_rng(1).normal(0, 3, (5, 7)).astype(np.float32)

    np.testing.assert_allclose(probabilities_of(logits, 1.7), keras.ops.softmax(logits / 1.7), atol=1e-6)
    np.testing.assert_allclose(
        probabilities_of(logits, 1.7, multi_label=True), keras.ops.sigmoid(logits / 1.7), atol=1e-6
    )


def test_a_higher_temperature_makes_answers_less_certain() -> None:
    tops = [probabilities_of(np.array([2.0, 1.0, -1.0]), t).max() for t in (0.5, 1, 2, 10)]

    assert tops == sorted(tops, reverse=True)


def test_the_likeliest_labels_come_first_and_ties_in_class_order() -> None:
    ranking = top_labels(np.array([0.1, 0.3, 0.3, 0.3], np.float32), ["a", "b", "c", "d"], 3)

    assert [label for label, _ in ranking] == ["b", "c", "d"]
    assert len(top_labels(np.array([0.5, 0.5]), ["a", "b"], 99)) == 2


def test_the_bundle_s_temperature_is_applied(copied_bundle: Path) -> None:
    classifier = Classifier.load(without_statistics(copied_bundle))
    image = scene(32, 32)

    expected = probabilities_of(classifier.logits(image), classifier.bundle.temperature)

    assert classifier.bundle.temperature != 1
    np.testing.assert_allclose(classifier.classify(image), expected, atol=1e-6)


def test_the_tiny_network_has_learnt_its_colours(colour_bundle: Path) -> None:
    classifier = Classifier.load(colour_bundle)

    for label, colour in (("2 green", (40, 180, 60)), ("10 red", (200, 40, 40)), ("Blue", (40, 60, 200))):
        image = np.full((50, 70, 3), colour, np.uint8)
        assert top_labels(classifier.classify(image), classifier.bundle.labels, 1)[0][0] == label


def test_many_threads_get_the_answers_that_one_gets(colour_bundle: Path) -> None:
    classifier = Classifier.load(colour_bundle, threads=1)
    images = [scene(40, 30, seed) for seed in range(24)]
    alone = [classifier.classify(image) for image in images]

    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(classifier.classify, images * 3))

    np.testing.assert_array_equal(together, alone * 3)


def test_answers_are_copies_that_later_answers_do_not_change(colour_bundle: Path) -> None:
    classifier = Classifier.load(colour_bundle)
    first = classifier.logits(scene(32, 32, 1))
    before = first.copy()

    classifier.logits(np.zeros((32, 32, 3), np.uint8))

    np.testing.assert_array_equal(first, before)


def test_a_network_made_elsewhere_is_run(copied_bundle: Path) -> None:
    """So the networks below are refused for what they are, not for where they come from."""
    put_network(copied_bundle, mean_colour)

    logits = Classifier.load(copied_bundle).logits(np.full((32, 32, 3), (10, 20, 30), np.uint8))

    np.testing.assert_allclose(logits, [10, 20, 30], rtol=1e-5)


def test_a_network_that_answers_nan_is_refused(copied_bundle: Path) -> None:
    put_network(copied_bundle, lambda image: tf.math.log(mean_colour(image) - 200))

    with pytest.raises(BundleError, match="not a number"):
        Classifier.load(copied_bundle)


def test_a_network_that_answers_nan_to_some_images_only_is_refused_for_those(copied_bundle: Path) -> None:
    put_network(copied_bundle, lambda image: tf.math.log(mean_colour(image) - 100))
    classifier = Classifier.load(copied_bundle)

    assert np.isfinite(classifier.classify(np.full((32, 32, 3), 200, np.uint8))).all()
    for answer in (classifier.classify, classifier.predict_frame):
        with pytest.raises(BundleError, match="not a number"):
            answer(np.full((32, 32, 3), 50, np.uint8))


def test_a_network_without_the_predict_signature_is_refused(copied_bundle: Path) -> None:
    put_network(copied_bundle, mean_colour, signature="other")

    with pytest.raises(BundleError, match="signature"):
        Classifier.load(copied_bundle)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"no network at all" * 100, bytes(8) + b"TFL3" + bytes(5000)])
def test_a_file_that_is_no_network_is_refused(content: bytes, copied_bundle: Path) -> None:
    (copied_bundle / "model.tflite").write_bytes(content)
    write_manifest(copied_bundle)

    with pytest.raises(BundleError, match="LiteRT"):
        Classifier.load(copied_bundle)
