"""A network can be trained in any Keras backend; TensorFlow converts it, in another process if necessary."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from model.bundle import load_bundle
from model.classifier import Classifier
from model.errors import SettingsError
from model.preprocessing import InputSpec
from tests.support.fitting import QUICK
from tests.support.images import COLOURS, write_class
from tests.support.serving import ROOT
from train.export.converter import check_converter, served_network
from train.network.architectures import build, reference_model
from train.settings import Settings
from train.trainer.checkpoint import progress_directory

OTHERS = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]


def test_without_tensorflow_training_in_another_backend_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    check_converter()
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(SettingsError, match=r"Training can run on jax, but only TensorFlow .* pip install tensorflow"):
        check_converter()


def test_a_failed_conversion_in_another_process_is_reported_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = tmp_path / "python"
    failing.write_text("#!/bin/sh\necho 'no room for it' >&2\nexit 1\n", encoding="utf-8")
    failing.chmod(0o755)
    model = build(Settings(size=16), InputSpec(16, 16), 2)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(sys, "executable", str(failing))

    with pytest.raises(SettingsError, match=r"could not convert the network for serving: no room for it.* --resume"):
        served_network(model, reference_model(model))


def fit(backend: str, data: Path, bundle: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "train", "fit", str(data), "--out", str(bundle), "--json", *QUICK, *options]
    environment = os.environ | {"KERAS_BACKEND": backend}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.nightly
def test_another_process_converts_with_tensorflow_whatever_the_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(Settings(size=16), InputSpec(16, 16), 2)
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), np.uint8)

    with monkeypatch.context() as patch:
        patch.setattr(keras.backend, "backend", lambda: "jax")
        content = served_network(model, reference_model(model))

    predict = Interpreter(model_content=content).get_signature_runner("predict")
    found = [predict(image=image[np.newaxis]) for image in images]
    for name, network in (("logits", model), ("features", reference_model(model))):
        expected = network.predict_on_batch(images)
        np.testing.assert_allclose(np.concatenate([one[name] for one in found]), expected, atol=1e-3, rtol=1e-3)


@pytest.mark.nightly
@pytest.mark.skipif(not OTHERS, reason="no other backend of Keras is installed")
@pytest.mark.parametrize("backend", OTHERS)
def test_another_backend_trains_goes_on_after_a_kill_and_gives_a_bundle(backend: str, tmp_path: Path) -> None:
    data, bundle = tmp_path / "data", tmp_path / "bundle"
    for label, colour in list(COLOURS.items())[:2]:
        write_class(data / label, colour, 8)
    options = ["--epochs", "6", "--ema-decay", "0.8", "--quantize"]
    process = fit(backend, data, bundle, *options)
    deadline = time.monotonic() + 300
    while not (progress_directory(bundle) / "state.npz").is_file() and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    process = fit(backend, data, bundle, *options, "--resume")
    out, err = process.communicate()

    assert process.returncode == 0, err
    assert "Resuming after epoch" in err
    assert backend in json.loads((bundle / "config.json").read_text())["vistazo"]["versions"]
    classifier = Classifier.load(bundle)
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    ours = np.array([classifier.logits(image) for image in images])
    kept = keras.saving.load_model(bundle).predict_on_batch(images)
    np.testing.assert_allclose(ours, kept, atol=0.3)  # 8-bit
    assert load_bundle(bundle).labels == ("2 green", "10 red")
    assert json.loads(out.splitlines()[-1])["n"] > 0
