"""A bundle is untrusted data: complete and consistent, or refused in one sentence."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.bundle import SERVING_FILES, TOP_5, Bundle, load_bundle
from model.classifier import Classifier
from model.errors import BundleError, ModelNotFoundError
from model.labels import MAX_LABEL_LENGTH, clean_label
from model.preprocessing import InputSpec
from train.export.bundle import write_manifest


def bundle_with(labels: int) -> Bundle:
    names = tuple(f"label {number}" for number in range(labels))
    return Bundle(Path("bundle"), names, InputSpec(32, 32), False, 1.0, None, metrics={"accuracy": 0.5, TOP_5: 1.0})


@pytest.mark.parametrize(("labels", "shown"), [(5, {"accuracy": 0.5}), (6, {"accuracy": 0.5, TOP_5: 1.0})])
def test_top_5_accuracy_is_shown_from_six_labels_on(labels: int, shown: dict[str, float]) -> None:
    assert bundle_with(labels).shown_metrics() == shown
    assert bundle_with(labels).shown_metrics({TOP_5: 0.9}) == {key: 0.9 for key in shown if key == TOP_5}


def test_the_accuracy_of_several_labels_is_called_exact_match() -> None:
    several = dataclasses.replace(bundle_with(6), multi_label=True, unknown_threshold=None)
    assert several.shown_metrics() == {"exact_match": 0.5, TOP_5: 1.0}


def change_json(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def write_text_and_manifest(bundle: Path, name: str, text: str) -> None:
    """Change a file on purpose: the manifest agrees with it."""
    (bundle / name).write_text(text, encoding="utf-8")
    write_manifest(bundle)


def write_labels(bundle: Path, labels: list[Any]) -> None:
    change_json(bundle / "config.json", lambda c: c.update(id2label={str(i): label for i, label in enumerate(labels)}))
    text = "".join(f"{label}\n" for label in labels)
    (bundle / "labels.txt").write_bytes(text.encode("utf-8", "surrogatepass"))
    write_manifest(bundle)


def refusal(bundle: Path) -> str:
    with pytest.raises(BundleError) as caught:
        Classifier.load(bundle)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


def test_a_bundle_says_what_training_wrote(colour_bundle: Path) -> None:
    bundle = load_bundle(colour_bundle)

    assert bundle.labels == ("2 green", "10 red", "Blue")
    assert (bundle.input.width, bundle.input.height) == (32, 32)
    assert bundle.input.colour_mode == "rgb"
    assert bundle.settings["epochs"] == 8
    assert 0.1 <= bundle.temperature <= 10
    assert bundle.metrics["split"] == "test"


@pytest.mark.parametrize("name", SERVING_FILES)
def test_each_missing_serving_file_is_named(name: str, copied_bundle: Path) -> None:
    (copied_bundle / name).unlink()

    assert name in refusal(copied_bundle)


def test_the_files_that_only_people_and_keras_read_may_be_missing(copied_bundle: Path) -> None:
    for name in ("README.md", "metrics.json", "model.weights.h5", "metadata.json"):
        (copied_bundle / name).unlink()

    assert Classifier.load(copied_bundle).bundle.metrics == {}


def test_a_keras_model_without_the_served_network_is_recognised(copied_bundle: Path) -> None:
    (copied_bundle / "model.tflite").unlink()

    assert "Keras" in refusal(copied_bundle)


@pytest.mark.parametrize("name", ["config.json", "labels.txt", "model.tflite", "model.weights.h5", "README.md"])
def test_a_file_of_another_content_does_not_match_the_manifest(name: str, copied_bundle: Path) -> None:
    content = bytearray((copied_bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied_bundle / name).write_bytes(content)

    message = refusal(copied_bundle)

    assert "manifest" in message
    assert name in message


@pytest.mark.parametrize("name", SERVING_FILES)
def test_each_serving_file_cut_short_is_refused(name: str, copied_bundle: Path) -> None:
    content = (copied_bundle / name).read_bytes()
    (copied_bundle / name).write_bytes(content[: len(content) // 2])

    assert name in refusal(copied_bundle)


@pytest.mark.parametrize(
    "name",
    [
        "../outside.txt",
        "report/../../outside.txt",
        "/etc/hostname",
        "x" * 5000,
        "é" * 200,
        "a/" * 3000 + "a",
        "a\0b",
        "\ud800",
    ],
)
def test_a_manifest_cannot_name_files_elsewhere_or_impossible_ones(name: str, copied_bundle: Path) -> None:
    (copied_bundle.parent / "outside.txt").write_text("secret", encoding="utf-8")
    change_json(copied_bundle / "manifest.json", lambda m: m["files"].update({name: {"size": 6, "sha256": "0"}}))

    assert "secret" not in refusal(copied_bundle)


def test_a_bundle_may_be_given_by_a_path_with_dots_in_it(
    colour_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert load_bundle(Path(os.path.relpath(colour_bundle))).labels == load_bundle(colour_bundle).labels


@pytest.mark.parametrize("name", ["config.json", "labels.txt", "model.tflite"])
def test_a_manifest_that_leaves_out_a_serving_file_is_refused(name: str, copied_bundle: Path) -> None:
    change_json(copied_bundle / "manifest.json", lambda m: m["files"].pop(name))

    assert name in refusal(copied_bundle)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"id2label": ' + "9" * 5000 + "}",
        '{"files": ' + "9" * 5000 + "}",
    ],
    ids=["empty", "cut", "list", "null", "string", "open lists", "open objects", "deep", "digits", "digits in files"],
)
@pytest.mark.parametrize("name", ["config.json", "manifest.json", "metrics.json"])
def test_json_that_is_no_object_or_a_bomb_is_refused(name: str, text: str, copied_bundle: Path) -> None:
    (copied_bundle / name).write_text(text, encoding="utf-8")
    if name != "manifest.json":
        write_manifest(copied_bundle)

    assert name in refusal(copied_bundle)


@pytest.mark.parametrize("depth", [200, 500, 800, 900, 940, 960, 980])
@pytest.mark.parametrize("place", ["id2label", "format_version", "temperature", "input", "colour_mode"])
def test_values_nested_as_deep_as_json_allows_are_refused(depth: int, place: str, copied_bundle: Path) -> None:
    config = json.loads((copied_bundle / "config.json").read_text(encoding="utf-8"))
    if place == "id2label":
        config["id2label"]["1"] = "DEEP"
    elif place == "colour_mode":
        config["vistazo"]["input"]["colour_mode"] = "DEEP"
    else:
        config["vistazo"][place] = "DEEP"
    text = json.dumps(config).replace('"DEEP"', "[" * depth + "]" * depth)
    write_text_and_manifest(copied_bundle, "config.json", text)

    assert refusal(copied_bundle)


def test_a_config_larger_than_any_config_is_refused_unread(copied_bundle: Path) -> None:
    with (copied_bundle / "config.json").open("r+b") as file:
        file.truncate(17 * 2**20)
    write_manifest(copied_bundle)

    assert "16 MiB" in refusal(copied_bundle)


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (["a", "a", "b"], "twice"),
        (["a", "", "b"], "entry 1"),
        (["a", " ", "b"], "entry 1"),
        (["a", "b ", "c"], "entry 1"),
        (["a", "b\u202egpj", "c"], "entry 1"),
        (["a", "b\u2066c", "d"], "entry 1"),
        (["a", "b\nc", "d"], "entry 1"),
        (["a", "\ud800", "d"], "entry 1"),
        (["a", "x" * (MAX_LABEL_LENGTH + 1), "d"], "entry 1"),
        (["a", 7, "d"], "entry 1"),
        (["a", None, "d"], "entry 1"),
        (["a"], "two labels"),
        ([], "two labels"),
    ],
)
def test_labels_that_are_empty_doubled_or_deceive_the_eye_are_refused(
    labels: list[Any], reason: str, copied_bundle: Path
) -> None:
    write_labels(copied_bundle, labels)

    assert reason in refusal(copied_bundle)


@pytest.mark.parametrize("labels", [["a", "b"], ["a", "b", "c", "d"]])
def test_a_network_with_another_number_of_outputs_than_labels_is_refused(
    labels: list[str], copied_bundle: Path
) -> None:
    write_labels(copied_bundle, labels)

    assert f"3 outputs for {len(labels)} labels" in refusal(copied_bundle)


def test_labels_txt_and_id2label_have_to_agree(copied_bundle: Path) -> None:
    write_text_and_manifest(copied_bundle, "labels.txt", "2 green\nBlue\n10 red\n")

    assert "disagree" in refusal(copied_bundle)


@pytest.mark.parametrize("keys", [["0", "1", "x"], ["0", "2", "3"], ["1", "2", "3"], ["00", "1", "2"]])
def test_id2label_has_to_count_from_nought_without_gaps(keys: list[str], copied_bundle: Path) -> None:
    change_json(copied_bundle / "config.json", lambda c: c.update(id2label=dict(zip(keys, "abc", strict=True))))
    write_manifest(copied_bundle)

    assert "id2label entry" in refusal(copied_bundle)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format_version", 3),
        ("format_version", True),
        ("format_version", None),
        ("format_version", "1"),
        ("temperature", 0),
        ("temperature", -1),
        ("temperature", "1"),
        ("temperature", True),
        ("temperature", float("nan")),
        ("temperature", float("inf")),
        ("temperature", 10**400),
        ("unknown_threshold", 1.5),
        ("unknown_threshold", -(10**400)),
        ("unknown_threshold", [0.5]),
        ("multi_label", "false"),
        ("input", None),
        ("input", {"width": 32, "height": 32}),
        ("input", {"width": 32, "height": 32, "colour_mode": "cmyk", "resize_rule": "stretch"}),
        ("input", {"width": 32, "height": 32, "colour_mode": "rgb", "resize_rule": ["stretch"]}),
        ("input", {"width": 4, "height": 32, "colour_mode": "rgb", "resize_rule": "stretch"}),
        ("input", {"width": 32, "height": 10**9, "colour_mode": "rgb", "resize_rule": "stretch"}),
        ("input", {"width": 32.0, "height": 32, "colour_mode": "rgb", "resize_rule": "stretch"}),
        ("input", {"width": True, "height": 32, "colour_mode": "rgb", "resize_rule": "stretch"}),
    ],
)
def test_settings_that_cannot_work_are_refused(name: str, value: Any, copied_bundle: Path) -> None:
    change_json(copied_bundle / "config.json", lambda c: c["vistazo"].update({name: value}))
    write_manifest(copied_bundle)

    message = refusal(copied_bundle)

    assert "config.json" in message or "format version" in message


def test_a_config_without_our_object_is_refused(copied_bundle: Path) -> None:
    change_json(copied_bundle / "config.json", lambda c: c.pop("vistazo"))
    write_manifest(copied_bundle)

    assert "vistazo" in refusal(copied_bundle)


def test_a_directory_that_does_not_exist_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="no directory"):
        load_bundle(tmp_path / "nothing")


@given(labels=st.lists(st.text(min_size=1, max_size=130), min_size=0, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_id2label_is_either_taken_as_it_is_or_refused(labels: list[str], copied_bundle: Path) -> None:
    write_labels(copied_bundle, labels)
    usable = (
        len(labels) > 1
        and len(set(labels)) == len(labels)
        and all(label and clean_label(label) == label for label in labels)
    )

    if usable:
        assert load_bundle(copied_bundle).labels == tuple(labels)
    else:
        with pytest.raises(BundleError):
            load_bundle(copied_bundle)
