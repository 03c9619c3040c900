"""What the test files share: tiny trained bundles, each fitted once through the command line."""

from __future__ import annotations

import contextlib
import io
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from tests.fake_hub.client import client, forking_client, hub, origins  # noqa: F401  (fixtures)
from tests.fake_hub.pulling import commit, pull, start_pull  # noqa: F401
from tests.fake_hub.pushing import command, push, start_push  # noqa: F401
from tests.support.images import COLOURS, hashes, write_class, write_colours, write_stripes

# The same examples in every run, however busy the machine is, and nothing kept between runs.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")

# A shell starts what runs in the background with Ctrl-C ignored, and the programs under test would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

QUICK = ["--recipe", "small", "--size", "32", "--batch-size", "8", "--seed", "3"]
CORRUPT = "not an image.png"


@dataclass(frozen=True)
class Fitted:
    """A finished `train fit`: where it read and wrote, what it printed, and the data's hashes before it."""

    data: Path
    bundle: Path
    out: str
    err: str
    before: dict[str, str]


def fit(data: Path, bundle: Path, *options: str) -> Fitted:
    """Run `train fit` in this process, which pays for TensorFlow's start-up only once."""
    from train.__main__ import main

    before = hashes(data)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["fit", str(data), "--out", str(bundle), *QUICK, *options])
    assert status == 0, err.getvalue()
    return Fitted(data, bundle, out.getvalue(), err.getvalue(), before)


@pytest.fixture(scope="session")
def colour_fit(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """The network “small” on a folder per class, one file in which is not an image."""
    folder = tmp_path_factory.mktemp("colours")
    data = write_colours(folder / "data")
    (data / "Blue" / CORRUPT).write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    return fit(data, folder / "bundle", "--epochs", "8")


@pytest.fixture(scope="session")
def grey_fit(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """The network “small” in two phases on grey images in train, valid and test folders."""
    folder = tmp_path_factory.mktemp("stripes")
    for seed, (part, count) in enumerate((("train", 10), ("Valid", 3), ("test", 4))):
        write_stripes(folder / "data" / part, count, seed)
    return fit(
        folder / "data", folder / "bundle", "--epochs", "8", "--progressive-resize", "0.5", "--resize-rule", "pad"
    )


@pytest.fixture(scope="session")
def backbone_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights file of MobileNetV2 0.35 without the top layer: random, in the place of ImageNet's."""
    import keras

    path = tmp_path_factory.mktemp("weights") / "backbone.weights.h5"
    keras.utils.set_random_seed(5)
    network = keras.applications.MobileNetV2((64, 64, 3), alpha=0.35, include_top=False, weights=None)
    for layer in network.layers:  # or random weights would fade to nothing over fifty layers
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    network(keras.random.uniform((16, 64, 64, 3), -1, 1), training=True)
    network.save_weights(path)
    return path


@pytest.fixture(scope="session")
def mobilenet_fit(backbone_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """The recipe “best”: MobileNetV2, here from a weights file of its own."""
    folder = tmp_path_factory.mktemp("mobilenet")
    for label, colour in list(COLOURS.items())[:2]:
        write_class(folder / "data" / label, colour, 6)
    options = ["--recipe", "best", "--weights", str(backbone_weights), "--epochs", "1", "--size", "64"]
    return fit(folder / "data", folder / "bundle", *options)


@pytest.fixture(scope="session")
def colour_bundle(colour_fit: Fitted) -> Path:
    """A tiny bundle trained on coloured images; read only."""
    return colour_fit.bundle


@pytest.fixture(scope="session")
def grey_bundle(grey_fit: Fitted) -> Path:
    """A tiny bundle trained on grey images; read only."""
    return grey_fit.bundle


@pytest.fixture
def copied_bundle(colour_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the colour bundle, for a test to change."""
    return Path(shutil.copytree(colour_bundle, tmp_path / "copied"))
