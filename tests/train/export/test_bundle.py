"""A bundle is written completely or not at all, and never replaces a directory that is not a bundle."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import keras
import pytest

from model.bundle import load_bundle, sha256_of
from model.errors import SettingsError
from tests.support.images import hashes
from train.export.bundle import check_target, new_bundle, write_json, write_manifest


def fill(directory: Path) -> None:
    """Write the minimum that counts as a bundle."""
    write_json(directory / "config.json", {"new": True})
    write_manifest(directory)


def test_the_bundle_appears_whole_at_the_end_and_only_then(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "er" / "bundle"

    with new_bundle(target) as directory:
        fill(directory)
        assert not target.exists()
        assert directory.parent == target.parent

    assert sorted(hashes(target)) == ["config.json", "manifest.json"]
    assert [p.name for p in target.parent.iterdir()] == ["bundle"]
    assert target.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_after_any_error_nothing_is_left(error: type[BaseException], tmp_path: Path) -> None:
    with pytest.raises(error), new_bundle(tmp_path / "bundle") as directory:
        fill(directory)
        raise error

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_after_any_error_the_old_bundle_stays(
    error: type[BaseException], copied_bundle: Path, colour_bundle: Path
) -> None:
    with pytest.raises(error), new_bundle(copied_bundle) as directory:
        fill(directory)
        raise error

    assert hashes(copied_bundle) == hashes(colour_bundle)
    assert [p.name for p in copied_bundle.parent.iterdir()] == [copied_bundle.name]


def test_when_the_new_bundle_cannot_take_its_place_the_old_one_comes_back(
    copied_bundle: Path, colour_bundle: Path
) -> None:
    with pytest.raises(FileNotFoundError), new_bundle(copied_bundle) as directory:
        fill(directory)
        shutil.rmtree(directory)  # another program deletes temporary files

    assert hashes(copied_bundle) == hashes(colour_bundle)
    assert [p.name for p in copied_bundle.parent.iterdir()] == [copied_bundle.name]


def test_an_old_bundle_is_replaced_and_leaves_nothing(copied_bundle: Path) -> None:
    with new_bundle(copied_bundle) as directory:
        fill(directory)

    assert sorted(hashes(copied_bundle)) == ["config.json", "manifest.json"]
    assert [p.name for p in copied_bundle.parent.iterdir()] == [copied_bundle.name]


def test_a_file_of_the_old_bundle_that_is_in_use_is_no_error(
    copied_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed = shutil.rmtree

    def in_use(path: Path, ignore_errors: bool = False) -> None:
        if path.suffix == ".old" and not ignore_errors:
            raise OSError("in use")
        removed(path, ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", in_use)
    with new_bundle(copied_bundle) as directory:
        fill(directory)

    assert sorted(hashes(copied_bundle)) == ["config.json", "manifest.json"]


def test_what_killed_runs_left_of_the_same_bundle_is_removed_after_a_day(tmp_path: Path) -> None:
    names = [".bundle.0123abcd.partial", ".bundle.0123abcd.old", ".bundle.4567cdef.partial", ".other.0123abcd.partial"]
    for name in names:
        (tmp_path / name / "report").mkdir(parents=True)
        if "4567cdef" not in name:
            os.utime(tmp_path / name, (0, 0))

    with new_bundle(tmp_path / "bundle") as directory:
        fill(directory)

    assert sorted(path.name for path in tmp_path.iterdir()) == [*names[2:], "bundle"]


def test_a_link_to_a_bundle_stays_a_link(copied_bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(copied_bundle, target_is_directory=True)

    with new_bundle(tmp_path / "link") as directory:
        fill(directory)

    assert (tmp_path / "link").is_symlink()
    assert sorted(hashes(copied_bundle)) == ["config.json", "manifest.json"]


def a_file(folder: Path) -> Path:
    (folder / "target").write_text("mine", encoding="utf-8")
    return folder / "target"


def a_folder_of_mine(folder: Path) -> Path:
    (folder / "target").mkdir()
    (folder / "target" / "thesis.txt").write_text("mine", encoding="utf-8")
    return folder / "target"


def under_a_file(folder: Path) -> Path:
    return a_file(folder) / "bundle"


def deep_under_a_file(folder: Path) -> Path:
    return a_file(folder) / "a" / "b" / "bundle"


def a_bundle_with_a_file_of_mine(folder: Path) -> Path:
    (folder / "target").mkdir()
    fill(folder / "target")
    (folder / "target" / "thesis.txt").write_text("mine", encoding="utf-8")
    return folder / "target"


def a_broken_manifest(folder: Path) -> Path:
    (folder / "target").mkdir()
    (folder / "target" / "config.json").write_text("{}", encoding="utf-8")
    (folder / "target" / "manifest.json").write_text("[]", encoding="utf-8")
    return folder / "target"


@pytest.mark.parametrize(
    "make",
    [
        a_file,
        a_folder_of_mine,
        under_a_file,
        deep_under_a_file,
        a_bundle_with_a_file_of_mine,
        a_broken_manifest,
    ],
)
def test_what_is_no_bundle_is_refused_as_target_and_left_alone(make: Callable[[Path], Path], tmp_path: Path) -> None:
    target = make(tmp_path)
    before = hashes(tmp_path)

    for attempt in (check_target, lambda path: new_bundle(path).__enter__()):
        with pytest.raises(SettingsError, match="target"):
            attempt(target)

    assert hashes(tmp_path) == before


def test_an_empty_directory_a_bundle_and_nothing_at_all_are_good_targets(copied_bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    for target in (tmp_path / "empty", copied_bundle, tmp_path / "new" / "place"):
        check_target(target)
    assert not (tmp_path / "new").exists()


def test_the_manifest_lists_every_other_file_with_size_and_hash(colour_bundle: Path) -> None:
    manifest = json.loads((colour_bundle / "manifest.json").read_text(encoding="utf-8"))

    assert set(manifest["files"]) == set(hashes(colour_bundle)) - {"manifest.json"}
    for name, entry in manifest["files"].items():
        path = colour_bundle / name
        assert entry == {"sha256": sha256_of(path), "size": path.stat().st_size}


def test_a_bundle_has_every_file_of_the_contract(colour_bundle: Path) -> None:
    assert set(hashes(colour_bundle)) == {
        "README.md",
        "config.json",
        "examples/10-red.jpg",
        "examples/2-green.jpg",
        "examples/blue.jpg",
        "labels.txt",
        "manifest.json",
        "metadata.json",
        "metrics.json",
        "model.tflite",
        "model.weights.h5",
        "report/classes.png",
        "report/confusion_matrix.png",
        "report/confusion_matrix_normalised.png",
        "report/histograms.png",
        "report/index.html",
        "report/precision_recall_curves.png",
        "report/predictions.csv",
        "report/reliability.png",
        "report/roc_curves.png",
        "report/training_curves.png",
        "statistics.npz",
    }


def test_keras_loads_the_bundle_in_spite_of_our_additions_to_its_configuration(colour_bundle: Path) -> None:
    model = keras.saving.load_model(colour_bundle)

    assert model.output_shape == (None, len(load_bundle(colour_bundle).labels))
    assert getattr(model, "optimizer", None) is None  # twice the size of the weights, and of no use any more


def test_the_report_needs_no_other_file_and_names_every_label(colour_bundle: Path) -> None:
    page = (colour_bundle / "report" / "index.html").read_text(encoding="utf-8")

    assert all(label in page for label in load_bundle(colour_bundle).labels)
    assert "data:image/png;base64," in page
    assert "://" not in page
    assert "src=" not in page.replace('src="data:image/png;base64,', "")


def test_the_card_begins_with_metadata_that_contains_the_metrics(colour_bundle: Path) -> None:
    card = (colour_bundle / "README.md").read_text(encoding="utf-8")
    _, metadata, text = card.split("---\n", 2)

    assert "model-index:" in metadata
    assert "pipeline_tag: image-classification" in metadata
    assert f"value: {load_bundle(colour_bundle).metrics['accuracy']}" in metadata
    assert "# 2 green, 10 red and Blue" in text
    counts = load_bundle(colour_bundle).metrics["verdicts"]
    assert f"The verdict is “sure” for {counts['sure']['n']} images (" in text
    assert "threshold" not in text, "it has statistics, and no probability alone decides"
    assert "; without temperature scaling it is 0." in text
