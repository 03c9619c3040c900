"""Models that other programs wrote: what they are, and what can be done with them.

Only the names of the files and config.json are looked at; no model is opened. The files by which each library is known
are those that it writes itself: `save_pretrained` of transformers, timm and diffusers, `push_to_hub_fastai`, and so on.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from model.command_names import command

# Files with labels that `vistazo convert` reads, the first one found.
LABEL_FILES = ("labels.txt", "label_encoder.npy", "classes.npy", "class_indices.json", "labels.json", "classes.txt")
KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")
LITERT_SUFFIX = ".tflite"
# Suffixes, what such a file is, and what to do with it.
_FORMATS = (
    ((".onnx",), "an ONNX model ({}), which Vistazo does not run", "use it with ONNX Runtime"),
    ((".gguf",), "a language model in GGUF ({})", "name a repository with a bundle"),
    (
        (".pt", ".pth", ".ckpt", "pytorch_model.bin"),
        "PyTorch weights ({}), which may contain code and are never opened here",
        "use them with the program that wrote them",
    ),
    (  # of PyTorch in several parts, OpenVINO, TensorFlow.js and others
        (".bin",),
        "weights of another program ({}), which are never opened here",
        "use them with the program that wrote them",
    ),
    (
        (".safetensors",),
        "weights in safetensors ({}) without the network that they belong to",
        "use them with the program that wrote them",
    ),
    (
        (".pkl", ".pickle", ".joblib", ".skops"),
        "a pickle ({}), which may contain code and is never opened here",
        "use it with the program that wrote it",
    ),
)
_MAX_WORD = 60
# Scales differ; any of them makes a command that runs, and the sentence names the others.
_SCALE = "--scale 0..1"
_SCALES = "or the other --scale that its images had: -1..1, 0..255, caffe, torch"
# A file with 8-bit inputs and one of Teachable Machine say it themselves.
_SCALE_OF_FLOATS = (
    "where it takes floating-point numbers, with the --scale that its images had: 0..1, -1..1, caffe, torch"
)


@dataclass(frozen=True)
class OtherModel:
    """A model that is not a bundle.

    Attributes:
        what: What it is, with an article, for the middle of a sentence.
        advice: What to do, for the end of that sentence; its commands run as they are printed.
        is_convertible: Whether `vistazo convert` can try to make a bundle of it.
    """

    what: str
    advice: str
    is_convertible: bool = False


@dataclass(frozen=True)
class Place:
    """Where a model is.

    Attributes:
        name: "user/name", or the path of a directory.
        commit: The full commit hash; None for a directory.
    """

    name: str
    commit: str | None = None


def identify_model(place: Place, names: Collection[str], config: Mapping[str, Any]) -> OtherModel | None:
    """Say what a repository or directory without a bundle holds.

    Args:
        place: Where it is.
        names: Paths of its files.
        config: The content of its config.json; empty where there is none that can be read.

    Returns:
        The model, or None where there is none that is known.
    """
    files = sorted(names)
    return (
        _by_config(place, files, config) or _by_marker(files) or _convertible(place, files, config) or _by_suffix(files)
    )


def _by_config(place: Place, files: list[str], config: Mapping[str, Any]) -> OtherModel | None:
    module = config.get("module")
    if isinstance(module, str) and module.partition(".")[0] in ("keras_hub", "keras_nlp", "keras_cv"):
        what = f"a KerasHub preset ({_word(config.get('class_name'))})"
        return OtherModel(what, f"use it with KerasHub, or {_train()}")
    architectures = config.get("architectures")
    named = [text for text in architectures if isinstance(text, str)] if isinstance(architectures, list) else []
    if "model_type" in config or named:
        described = _word(named[0] if named else config.get("model_type"))
        if any("ImageClassification" in text for text in named):
            labels = config.get("id2label")
            count = f", {len(labels):,} labels" if isinstance(labels, dict) else ""
            what = f"a transformers image classifier ({described}{count}), which Vistazo does not run"
            return OtherModel(
                what,
                f'use it with `transformers.pipeline("image-classification", {json.dumps(place.name)})`, or {_train()}',
            )
        return OtherModel(
            f"a transformers model ({described}), which is not an image classifier that Vistazo runs",
            f"name a repository with a bundle, or {_train()}",
        )
    if isinstance(config.get("architecture"), str) and ("pretrained_cfg" in config or "num_classes" in config):
        source = f"hf-hub:{place.name}" if place.commit else f"local-dir:{place.name}"
        what = f"a timm model ({_word(config['architecture'])}), which Vistazo does not run"
        return OtherModel(
            what, f"use it with `timm.create_model({json.dumps(source)}, pretrained=True)`, or {_train()}"
        )
    return None


def _by_marker(files: list[str]) -> OtherModel | None:
    there = set(files)
    if "model_index.json" in there:
        return OtherModel("a diffusers pipeline, which makes images instead of reading them", _train())
    if "adapter_config.json" in there:
        return OtherModel("an adapter (PEFT) for another model", f"name a repository with a bundle, or {_train()}")
    pickled = _first(files, (".pkl",))
    if pickled and ("pyproject.toml" in there or pickled == "export.pkl"):
        return OtherModel(
            f"a fastai model ({_word(pickled)}), a pickle, which may contain code and is never opened here",
            f"use it with fastai, or {_train()}",
        )
    return None


def _convertible(place: Place, files: list[str], config: Mapping[str, Any]) -> OtherModel | None:
    stored = convertible_files(files)
    if not stored:
        return None
    root = [name for name in stored if "/" not in name]
    in_keras_format = "config.json" in files and "model.weights.h5" in files
    chosen = "model.weights.h5" if in_keras_format else next(iter(root or stored))
    folder = chosen.rpartition("/")[0]
    beside = {name.rpartition("/")[2]: name for name in files if name.rpartition("/")[0] == folder}
    has_labels = any(name in beside for name in LABEL_FILES) or "id2label" in config
    is_litert = chosen.lower().endswith(LITERT_SUFFIX)
    # Networks that `vistazo fit` wrote scale images themselves.
    scale = [] if "vistazo" in config or is_litert else [_SCALE]
    labels = [] if has_labels else ["--labels", "labels.txt"]
    first = ""
    if in_keras_format or len(root) == 1:
        model = f"{place.name}@{place.commit}" if place.commit else place.name
    elif place.commit:
        local = place.name.rpartition("/")[2]
        model = f"{local}/{chosen}"
        fetched = [chosen, *(beside[name] for name in ("architecture.json", *LABEL_FILES) if name in beside)]
        first = shlex.join(["hf", "download", place.name, *fetched, "--revision", place.commit, "--local-dir", local])
        first += " && "
    else:
        model = f"{place.name}/{chosen}"
    write = "" if has_labels else "write its labels into labels.txt, one a line in the order of its outputs, and "
    run = first + command("convert", shlex.quote(model), *scale, *labels, "--out", "my_bundle")
    more = f" ({_SCALES})" if scale else f" ({_SCALE_OF_FLOATS})" if is_litert else ""
    what = f"a Keras model ({_word(chosen)}), which is never opened here"
    if is_litert:
        what = f"a LiteRT file ({_word(chosen)}) without a bundle around it"
    return OtherModel(what, f"{write}run `{run}`{more}", is_convertible=True)


def convertible_files(names: Collection[str]) -> list[str]:
    """Return the files that `vistazo convert` can make a bundle of, those alone that it prefers."""
    files = sorted(names)
    return _all(files, (".keras",)) or _all(files, KERAS_SUFFIXES) or _all(files, (LITERT_SUFFIX,))


def _by_suffix(files: list[str]) -> OtherModel | None:
    converted = command("convert", "model.keras", _SCALE, "--out", "my_bundle")
    if any(name.rpartition("/")[2] == "saved_model.pb" for name in files):
        return OtherModel(
            "a SavedModel, which may contain code and is never opened here",
            "save it as model.keras with the program that wrote it, write its labels into labels.txt beside it, and "
            f"run `{converted}` ({_SCALES})",
        )
    for suffixes, what, use in _FORMATS:
        if found := _first(files, suffixes):
            return OtherModel(what.format(_word(found)), f"{use}, or {_train()}")
    return None


def _train() -> str:
    return f"train a bundle on images of your own with `{command('fit', 'my_images', '--out', 'my_bundle')}`"


def _all(files: list[str], suffixes: tuple[str, ...]) -> list[str]:
    return [name for name in files if name.lower().endswith(suffixes)]


def _first(files: list[str], suffixes: tuple[str, ...]) -> str | None:
    return next(iter(_all(files, suffixes)), None)


def _word(text: object) -> str:
    """Return the beginning of a text from an untrusted repository, for a message."""
    words = "".join(character for character in str(text)[:_MAX_WORD] if character.isprintable() and character != "`")
    return words or "unknown"
