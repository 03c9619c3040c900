"""Models of other programs are named for what they are, with commands that run as they are printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from model.bundle import load_bundle
from model.command_names import command
from model.errors import OtherModelError
from model.other_models import Place, identify_model
from tests.support.serving import ROOT
from train.__main__ import _parser

COMMIT = "c" * 40
REPOSITORY = Place("somebody/flags", COMMIT)
VIT = {"architectures": ["ViTForImageClassification"], "model_type": "vit", "id2label": {"0": "a", "1": "b"}}
KINDS: list[tuple[list[str], dict[str, Any], str]] = [
    (
        ["config.json", "model.safetensors", "tf_model.h5"],
        VIT,
        "image classifier (ViTForImageClassification, 2 labels)",
    ),
    (["config.json", "pytorch_model.bin"], {"architectures": ["BertForMaskedLM"]}, "a transformers model (BertForM"),
    (["config.json"], {"model_type": "resnet", "architectures": "x"}, "a transformers model (resnet)"),
    (["config.json", "model.safetensors"], {"architecture": "resnet50", "num_classes": 9}, "a timm model (resnet50)"),
    (["model.pkl", "pyproject.toml"], {}, "a fastai model (model.pkl)"),
    (["onnx/model.onnx", "README.md"], {}, "an ONNX model (onnx/model.onnx)"),
    (["best.pt"], {}, "PyTorch weights (best.pt)"),
    (["pytorch_model.bin"], {}, "PyTorch weights (pytorch_model.bin)"),
    (["model.xml", "model.bin"], {}, "weights of another program (model.bin)"),
    (["model.safetensors"], {}, "weights in safetensors (model.safetensors)"),
    (["model.tflite", "labels.txt"], {}, "a LiteRT file (model.tflite) without a bundle"),
    (["saved_model.pb", "variables/variables.index"], {}, "a SavedModel, which may contain code"),
    (["exported/saved_model.pb"], {}, "a SavedModel, which may contain code"),
    (["model_index.json", "unet/diffusion_pytorch_model.bin"], {}, "a diffusers pipeline"),
    (["adapter_config.json", "adapter_model.safetensors"], {}, "an adapter (PEFT)"),
    (["q4.gguf"], {}, "a language model in GGUF (q4.gguf)"),
    (["model.joblib"], {}, "a pickle (model.joblib)"),
    (["config.json", "model.weights.h5"], {"module": "keras_hub.src.models", "class_name": "ViT"}, "a KerasHub preset"),
    (["model.h5"], {}, "a Keras model (model.h5)"),
    (["model.keras", "labels.txt"], {}, "a Keras model (model.keras)"),
    (["a.keras", "b.keras", "labels.txt"], {}, "a Keras model (a.keras)"),
    (["deep er/model.h5", "deep er/architecture.json"], {}, "a Keras model (deep er/model.h5)"),
    (["config.json", "model.weights.h5"], {"module": "keras", "vistazo": {}}, "a Keras model (model.weights.h5)"),
]
PLACES = [REPOSITORY, Place("my models/flags")]


def commands(text: str) -> list[list[str]]:
    """The command lines between backticks, split as a shell splits them."""
    found = [part for quoted in re.findall(r"`([^`]+)`", text) for part in quoted.split(" && ")]
    return [shlex.split(line) for line in found if line.startswith(("python -m train", "hf "))]


@pytest.mark.parametrize("place", PLACES, ids=["repository", "directory"])
@pytest.mark.parametrize(("files", "config", "what"), KINDS, ids=lambda value: str(value)[:40])
def test_a_model_is_named_and_its_commands_run_as_printed(
    files: list[str], config: dict[str, Any], what: str, place: Place
) -> None:
    other = identify_model(place, files, config)
    assert other and what in other.what
    sentence = f"“{place.name}” holds {other.what}: {other.advice}."
    assert len(re.findall(r"\. [A-Z]", sentence)) == 0, "one sentence"
    printed = commands(other.advice)
    assert printed
    for line in printed:
        if line[0] == "hf":
            assert line[:3] == ["hf", "download", place.name] and "--local-dir" in line
            continue
        options = _parser().parse_args(line[3:])
        if options.command == "convert":
            assert (options.scale is None) == ("vistazo" in config or "model.tflite" in files)
            assert options.out == Path("my_bundle")


@pytest.mark.parametrize(
    ("files", "line"),
    [
        (["model.keras", "labels.txt"], "convert somebody/flags@{commit} --scale 0..1 --out my_bundle"),
        (["m.h5"], "convert somebody/flags@{commit} --scale 0..1 --labels labels.txt --out my_bundle"),
        (
            ["a.keras", "b.keras", "labels.txt"],
            "hf download somebody/flags a.keras labels.txt --revision {commit} --local-dir flags && python -m train "
            "convert flags/a.keras --scale 0..1 --out my_bundle",
        ),
        (["model.tflite", "labels.txt"], "convert somebody/flags@{commit} --out my_bundle` (where it takes floating"),
    ],
)
def test_a_model_that_can_be_converted_comes_with_the_command_for_its_files(files: list[str], line: str) -> None:
    other = identify_model(REPOSITORY, files, {})
    assert other and other.is_convertible and line.format(commit=COMMIT) in other.advice


@pytest.mark.parametrize("files", [[], ["README.md"], ["config.json", "data.csv"]])
def test_what_is_no_model_is_not_called_one(files: list[str]) -> None:
    assert identify_model(REPOSITORY, files, {}) is None


def test_names_from_a_repository_cannot_break_a_message() -> None:
    other = identify_model(REPOSITORY, ["config.json"], {"architectures": ["a`b\n\x1b[31m" + "x" * 200], "id2label": 1})
    assert other and "`" not in other.what and other.what.isprintable() and len(other.what) < 150


@pytest.mark.parametrize("name", ["model.onnx", "model.tflite", "saved_model.pb", "old model.h5"])
def test_a_directory_with_another_model_says_so_as_well(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(
        OtherModelError,
        match=r"holds no bundle \(config.json is missing\) but an? .*: .*`python -m train (convert|fit) ",
    ):
        load_bundle(tmp_path)


def test_commands_have_the_name_of_the_program_that_prints_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for program, printed in (
        ("/somewhere/bin/vistazo", "vistazo"),
        ("vistazo.py", "python -m train"),
        ("/somewhere/train/__main__.py", "python -m train"),
    ):
        monkeypatch.setattr("sys.argv", [program])
        assert command("convert", "x") == f"{printed} convert x"
    assert command("serve", "--model", "x") == "python app.py --model x"


def test_who_started_with_a_script_reads_commands_of_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.argv", ["vistazo.py"])
    monkeypatch.setattr("sys.prefix", str(ROOT / ".venv"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert command("serve", "--model", "x") == "bash scripts/serve --model x"
    assert command("evaluate", "x", "y") == "bash scripts/train evaluate x y"
    monkeypatch.setenv("VIRTUAL_ENV", str(ROOT / ".venv"))
    assert command("evaluate", "x", "y") == "python -m train evaluate x y"
