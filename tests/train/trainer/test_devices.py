"""On several devices, of one host or of several, training gives the weights that it gives on one."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from model.errors import SettingsError
from model.preprocessing import InputSpec
from tests.support.fitting import QUICK
from tests.support.images import COLOURS, write_class
from tests.support.serving import ROOT
from tests.support.training import TINY
from train.data.batches import BatchShare, LabelledImages, TrainingBatches
from train.network.architectures import build
from train.network.linear_probe import pooled_features
from train.settings import Settings
from train.trainer.checkpoint import progress_directory
from train.trainer.devices import has_bfloat16
from train.trainer.hosts import ADDRESSES, HOST, HOSTS, is_first_host, join_hosts

needs_jax = pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="JAX is not installed")
TWO_DEVICES = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}

# Trains with the settings given, on one device and on two; then on two, interrupted after an epoch, and on one to the
# end. Prints the largest differences of the weights.
TRAINING = """
import ast, sys, tempfile
from pathlib import Path
import jax, numpy as np
from model.preprocessing import InputSpec
from tests.support.training import brightness_images
from train.data.batches import LabelledImages
from train.settings import Settings
from train.trainer.checkpoint import ProgressFile
from train.trainer.loop import fit
from train.trainer.run import TrainingRun
usual = {"size": 16, "batch_size": 8, "seed": 3, "optimizer": "sgd", "learning_rate": 0.003}
settings = Settings(**usual, **ast.literal_eval(sys.argv[1]))
images = brightness_images([0, 1, 2] * 7, 3, side=16, noise=20)
nothing = LabelledImages(images.images[:0], images.targets[:0])  # without validation the last epoch is kept
devices = jax.devices()
def stop(row):
    raise KeyboardInterrupt
def weights(count, file=None, on_epoch=None):
    jax.local_devices = lambda: devices[:count]
    run = TrainingRun(settings, InputSpec(16, 16), 3, images, nothing, file, on_epoch=on_epoch)
    return fit(run).model.get_weights()
def difference(ones, others):
    return max(np.abs(one - other).max() for one, other in zip(ones, others, strict=True))
one = weights(1)
print(difference(one, weights(2)))
if settings.epochs > 1:
    with tempfile.TemporaryDirectory() as directory:
        file = ProgressFile(Path(directory) / "bundle", {})
        assert difference(one, weights(2, file, stop)) > 1e-4
        print(difference(one, weights(1, file)))
"""


def on_two_devices(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program on two devices, to its end."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env=os.environ | TWO_DEVICES,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def differences(**settings: object) -> list[float]:
    done = on_two_devices(TRAINING, repr(settings))
    assert "Training on 2 devices, which divide each batch of 8 images." in done.stderr
    return [float(line) for line in done.stdout.splitlines() if line[:1].isdecimal() and "step" not in line]


@needs_jax
def test_two_devices_give_the_weights_of_one_though_the_last_batch_is_odd() -> None:
    assert differences(architecture="plain", convolutions="8", epochs=1, dropout=0.0)[0] < 1e-4


@needs_jax
@pytest.mark.nightly
def test_batch_statistics_and_mixed_images_are_those_of_one_device_and_a_run_goes_on_with_other_devices() -> None:
    at_once, resumed = differences(architecture="small", epochs=2, dropout=0.0, mixup_cutmix_prob=0.5, ema_decay=0.5)

    assert at_once < 1e-4
    assert resumed < 1e-4


def share_of_each(processes: int, devices: int, batch: int, mixup: float) -> list[list[tuple[np.ndarray, np.ndarray]]]:
    """Return the batches of an epoch of 21 images, divided among processes."""
    images = np.random.default_rng(0).integers(0, 256, (21, 12, 12, 3), np.uint8)
    data = LabelledImages(images, np.eye(21, dtype=np.float32))
    settings = Settings(batch_size=batch, mixup_cutmix_prob=mixup)
    found = []
    for process in range(processes):
        share = BatchShare(devices, process, processes)
        batches = TrainingBatches(data, settings, (12, 12), grey=False, share=share)
        found.append([batches[index] for index in range(len(batches))])
    return found


@pytest.mark.parametrize("mixup", [0.0, 0.5])
def test_the_processes_have_together_the_images_of_one_in_the_same_order(mixup: float) -> None:
    (whole,) = share_of_each(1, 1, 8, mixup)
    shares = share_of_each(2, 4, 8, mixup)

    for index, (images, targets) in enumerate(whole):
        both = [np.concatenate([share[index][part] for share in shares]) for part in (0, 1)]
        times = len(both[0]) // len(images)
        assert len(both[0]) % 4 == 0
        assert times == (1 if len(images) == 8 else 4)  # the last batch has five images
        np.testing.assert_array_equal(both[0], np.tile(images, (times, 1, 1, 1)))
        np.testing.assert_array_equal(both[1], np.tile(targets, (times, 1)))


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def start(data: Path, bundle: Path, *options: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "train", "fit", str(data), "--out", str(bundle), *QUICK, *TINY]
    return subprocess.Popen(
        [*command, "--optimizer", "sgd", "--learning-rate", "0.01", "--dropout", "0", *options],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": "jax"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_two_hosts(data: Path, outs: list[Path], *options: str) -> list[subprocess.Popen[str]]:
    usual = {ADDRESSES: f"127.0.0.1:{free_port()}", HOSTS: "2"}
    return [start(data, out, *options, **usual, **{HOST: str(number)}) for number, out in enumerate(outs)]


def weights_of(bundle: Path) -> list[np.ndarray]:
    weights: list[np.ndarray] = keras.saving.load_model(bundle, compile=False).get_weights()
    return weights


@needs_jax
@pytest.mark.nightly
def test_two_hosts_give_the_weights_of_one_go_on_after_one_is_lost_and_the_first_alone_writes(tmp_path: Path) -> None:
    data, alone, outs = tmp_path / "data", tmp_path / "alone", [tmp_path / "first", tmp_path / "second"]
    for label, colour in list(COLOURS.items())[:2]:
        write_class(data / label, colour, 10)
    process = start(data, alone, "--epochs", "20")
    said = process.communicate()
    assert process.returncode == 0, said

    first, second = start_two_hosts(data, outs, "--epochs", "20")
    deadline = time.monotonic() + 300
    while not (progress_directory(outs[0]) / "state.npz").is_file() and time.monotonic() < deadline:
        assert first.poll() is None, first.communicate()
        time.sleep(0.05)
    second.send_signal(signal.SIGKILL)
    second.communicate()
    _, err = first.communicate()
    assert first.returncode != 0
    assert "The training with the other hosts failed" in err

    resumed = start_two_hosts(data, outs, "--epochs", "20", "--resume")
    endings = [process.communicate() for process in resumed]

    assert [process.returncode for process in resumed] == [0, 0], endings
    assert all("Resuming after epoch" in err and "Training on 2 devices of 2 hosts" in err for _, err in endings)
    assert "host 0 writes the bundle" in endings[1][0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alone", "data", "first"]
    for one, other in zip(weights_of(alone), weights_of(outs[0]), strict=True):
        np.testing.assert_allclose(other, one, atol=1e-4)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({ADDRESSES: "10.0.0.1:1234"}, f"{HOST} the number of this one, from 0. Received: {ADDRESSES}=10.0.0.1:1234"),
        ({ADDRESSES: "10.0.0.1", HOSTS: "2", HOST: "0"}, f"Received: {ADDRESSES}=10.0.0.1, "),
        ({ADDRESSES: "10.0.0.1:1234", HOSTS: "two", HOST: "0"}, f"Received: .*{HOSTS}=two"),
        ({ADDRESSES: "10.0.0.1:1234", HOSTS: "2", HOST: "2"}, f"Received: .*{HOST}=2"),
    ],
)
def test_variables_of_hosts_that_do_not_fit_are_refused(
    variables: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=message):
        join_hosts()


def test_several_hosts_need_jax_and_without_the_variables_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    join_hosts()
    assert is_first_host()

    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    monkeypatch.setenv(HOSTS, "2")
    monkeypatch.setenv(HOST, "1")

    assert not is_first_host()
    with pytest.raises(SettingsError, match=r"needs KERAS_BACKEND=jax\. Received: torch"):
        join_hosts()


@pytest.mark.parametrize(
    ("platform", "capability", "has"),
    [
        ("cpu", None, False),
        ("gpu", "7.5", False),
        ("gpu", "8.0", True),
        ("gpu", "12.0", True),
        ("gpu", "gfx90a", False),
    ],
)
def test_bfloat16_is_used_where_the_device_has_it(platform: str, capability: str | None, has: bool) -> None:
    assert has_bfloat16(SimpleNamespace(platform=platform, compute_capability=capability)) is has
    assert has_bfloat16(SimpleNamespace(platform="tpu"))


def test_a_network_in_mixed_precision_keeps_its_weights_its_features_and_its_logits_in_float32() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    settings, spec = Settings(architecture="efficientnet_lite0", weights="imagenet", size=32), InputSpec(32, 32)
    plain = build(settings, spec, 2)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = build(settings, spec, 2)
        mixed.set_weights(plain.get_weights())
        features, expected = pooled_features(mixed, images), pooled_features(plain, images)
    finally:
        keras.config.set_dtype_policy("float32")

    assert mixed.get_layer("features").compute_dtype == "bfloat16"
    assert {weights.dtype for weights in mixed.weights} == {"float32"}
    assert mixed.predict_on_batch(images).dtype == features.dtype == np.float32
    np.testing.assert_allclose(features, expected, atol=0.15, rtol=0.1)


# Trains in mixed precision on a device that is said to have it, and checks the network that comes out.
MIXED = """
import keras, numpy as np
from model.preprocessing import InputSpec
from tests.support.training import brightness_images
from train.settings import Settings
from train.trainer import devices
from train.trainer.loop import fit, predict_logits
from train.trainer.run import TrainingRun
devices.has_bfloat16 = lambda device: True
network = {"architecture": "efficientnet_lite0", "weights": "imagenet", "size": 32}
settings = Settings(probe=True, finetune_layers=20, batch_size=8, epochs=4, **network)
images = brightness_images([0, 1] * 8, 2)
result = fit(TrainingRun(settings, InputSpec(32, 32), 2, images, images))
assert {layer.compute_dtype for layer in result.model.layers} == {"float32"}
assert keras.config.dtype_policy().name == "float32"
assert (predict_logits(result.model, images.images).argmax(axis=1) == images.targets.argmax(axis=1)).all()
"""


@needs_jax
@pytest.mark.nightly
def test_a_training_in_mixed_precision_learns_and_leaves_a_network_in_float32() -> None:
    done = on_two_devices(MIXED)

    assert "Training in mixed precision (bfloat16)." in done.stderr
