"""`python -m train explain`: contact sheets of what the network responds to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.bundle import load_bundle
from model.preprocessing import prepare, read_image
from model.verdict import VERDICTS
from tests.support.fitting import Fitted
from train.__main__ import main
from train.explain import blocks
from train.export.bundle import write_json, write_manifest


def images(fitted: Fitted) -> list[Path]:
    return sorted(path for path in fitted.data.rglob("*.png") if "not an image" not in path.name)[:2]


def rename_labels(bundle: Path, names: dict[str, str]) -> None:
    """Give the labels of a bundle other names."""
    config = json.loads((bundle / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = {place: names[label] for place, label in config["id2label"].items()}
    config["label2id"] = {names[label]: place for label, place in config["label2id"].items()}
    config["vistazo"].pop("examples")
    write_json(bundle / "config.json", config)
    (bundle / "labels.txt").write_text("".join(f"{label}\n" for label in config["label2id"]), encoding="utf-8")
    write_manifest(bundle)


def test_two_sheets_an_image_and_the_label_that_is_explained_whatever_its_characters(
    colour_fit: Fitted,
    copied_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rename_labels(copied_bundle, {"2 green": "A$_$", "10 red": "B$_$", "Blue": "蓝$_$"})
    monkeypatch.setattr("train.explain.CHANNELS", 3)  # each is drawn alike, slowly
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "clip.mp4").touch()  # is left out
    paths = [Path(shutil.copy(path, photos / f"{number}.png")) for number, path in enumerate(images(colour_fit))]
    one, *_ = paths
    command = ["explain", str(copied_bundle), str(one), str(photos), "--out", str(tmp_path / "sheets"), "--json"]
    status = main(command)
    explanations = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert status == 0
    assert [explanation["path"] for explanation in explanations] == [str(path) for path in paths]  # each once
    labels = load_bundle(copied_bundle).labels
    for explanation in explanations:
        assert explanation["verdict"] in VERDICTS
        assert explanation["label"] in labels and 0 < explanation["probability"] <= 1
        assert len(explanation["sheets"]) == 2
        for sheet in explanation["sheets"]:
            with Image.open(sheet) as pil_image:
                assert min(pil_image.size) > 100
                assert len(pil_image.convert("RGB").getcolors(2**24) or []) > 20  # something is drawn


@pytest.mark.parametrize(
    "fixture",
    ["colour_fit", *(pytest.param(name, marks=pytest.mark.nightly) for name in ("grey_fit", "mobilenet_fit"))],
)
def test_every_block_of_every_architecture_depends_on_the_image(fixture: str, request: pytest.FixtureRequest) -> None:
    import keras

    fitted: Fitted = request.getfixturevalue(fixture)
    bundle = load_bundle(fitted.bundle)
    image = prepare(read_image(next(fitted.data.rglob("*.png"))), bundle.input)
    found = blocks(keras.saving.load_model(bundle.directory), image, 0)
    sizes = [block.saliency.shape for block in found]
    assert len(found) >= 3 and sizes == sorted(sizes, reverse=True)
    for block in found:
        assert block.activation.shape[:2] == block.saliency.shape
        assert np.isfinite(block.saliency).all() and block.saliency.max() > 0


def test_a_label_that_the_model_lacks(colour_fit: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["explain", str(colour_fit.bundle), str(images(colour_fit)[0]), "--out", str(tmp_path)]
    assert main([*arguments, "--label", "Atlantis"]) == 2
    assert "has no label “Atlantis”" in capsys.readouterr().err


def test_a_bundle_without_keras_files(copied_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copied_bundle / "model.weights.h5").unlink()
    manifest = copied_bundle / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["files"].pop("model.weights.h5")
    manifest.write_text(json.dumps(content), encoding="utf-8")
    Image.new("RGB", (40, 40)).save(tmp_path / "image.png")
    assert main(["explain", str(copied_bundle), str(tmp_path / "image.png"), "--out", str(tmp_path)]) == 2
    assert "has no Keras model" in capsys.readouterr().err
