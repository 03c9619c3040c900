"""Training and serving agree: the same file, the same probabilities, whichever way it goes in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from model.__main__ import main as predict_command
from model.bundle import load_bundle
from model.classifier import Classifier
from model.preprocessing import prepare, read_image
from tests.support.cases import rotating
from tests.support.fitting import without_statistics
from tests.support.images import IMAGE_KINDS, write_clip

TOLERANCE = 1e-3


@pytest.fixture(scope="module", params=["colour_bundle", "grey_bundle"])
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle without statistics, which would flatten the probabilities of images far from all training images."""
    fitted = request.getfixturevalue(request.param)
    return without_statistics(Path(shutil.copytree(fitted, tmp_path_factory.mktemp("agreement") / "bundle")))


@pytest.fixture(scope="module")
def keras_model(bundle: Path) -> keras.Model:
    return keras.saving.load_model(bundle)


def by_keras(model: keras.Model, bundle: Path, image: np.ndarray) -> np.ndarray:
    loaded = load_bundle(bundle)
    logits = np.asarray(model.predict_on_batch(prepare(image, loaded.input)[np.newaxis]))[0].astype(np.float64)
    powers = np.exp(logits / loaded.temperature - (logits / loaded.temperature).max())
    return powers / powers.sum()


def by_command(bundle: Path, path: Path, capsys: pytest.CaptureFixture[str]) -> dict:
    capsys.readouterr()
    labels = load_bundle(bundle).labels
    assert predict_command(["predict", str(path), "--json", "--model", str(bundle), "--top", str(len(labels))]) == 0
    return json.loads(capsys.readouterr().out)


def in_class_order(predictions: list[dict], bundle: Path) -> np.ndarray:
    values = {entry["label"]: entry["probability"] for entry in predictions}
    return np.array([values[label] for label in load_bundle(bundle).labels])


@pytest.mark.parametrize(
    ("kind", "bundle"), rotating(list(IMAGE_KINDS), ["colour_bundle", "grey_bundle"]), indirect=["bundle"]
)
def test_keras_the_command_and_a_lossless_clip_give_the_same_probabilities(
    kind: str, bundle: Path, keras_model: keras.Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = IMAGE_KINDS[kind](tmp_path)
    image = read_image(path)
    expected = by_keras(keras_model, bundle, image)

    image_answer = by_command(bundle, path, capsys)
    clip_answer = by_command(bundle, write_clip(tmp_path / "clip.mkv", [image]), capsys)

    assert image_answer["kind"] == "image"
    assert clip_answer["kind"] == "video"
    assert len(clip_answer["frames"]) == 1
    for predictions in (
        image_answer["predictions"],
        clip_answer["frames"][0]["predictions"],
        clip_answer["aggregate"]["predictions"],
    ):
        np.testing.assert_allclose(in_class_order(predictions, bundle), expected, atol=TOLERANCE)


def test_the_tiny_networks_answer_differently_for_different_images(
    bundle: Path, keras_model: keras.Model, tmp_path: Path
) -> None:
    """Otherwise the agreement above would show nothing."""
    classifier = Classifier.load(bundle)
    answers = [classifier.classify(read_image(make(tmp_path))) for make in IMAGE_KINDS.values()]

    assert np.ptp(np.array(answers), axis=0).max() > 10 * TOLERANCE


def test_a_batch_in_keras_and_single_images_served_give_the_same_logits(bundle: Path, keras_model: keras.Model) -> None:
    spec = load_bundle(bundle).input
    images = np.random.default_rng(2).integers(0, 256, (5, spec.height, spec.width, 3), dtype=np.uint8)
    if spec.colour_mode == "grey":
        images = images[..., :1].repeat(3, axis=-1)
    classifier = Classifier.load(bundle)

    served = [classifier.logits(image) for image in images]

    np.testing.assert_allclose(served, keras_model.predict_on_batch(images), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("suffix", ["mkv", "avi"])
def test_every_frame_of_a_lossless_clip_decodes_to_the_very_pixels(suffix: str, tmp_path: Path) -> None:
    from model.video.reader import read_frames

    images = list(np.random.default_rng(0).integers(0, 256, (4, 30, 48, 3), dtype=np.uint8))
    clip = write_clip(tmp_path / f"clip.{suffix}", images)

    np.testing.assert_array_equal([frame.image for frame in read_frames(clip)], images)


def test_an_upright_image_and_its_exif_rotated_twin_get_one_answer(colour_bundle: Path, tmp_path: Path) -> None:
    turned = IMAGE_KINDS["EXIF-rotated"](tmp_path)
    upright = tmp_path / "upright.png"
    with Image.open(turned) as pil_image:
        pil_image.load()
        pil_image.transpose(Image.Transpose.ROTATE_270).save(upright)
    classifier = Classifier.load(colour_bundle)

    one, other = (classifier.classify(read_image(path)) for path in (turned, upright))

    np.testing.assert_allclose(one, other, atol=1e-6)
