"""What the test files share: tiny trained bundles, each fitted once through the command line, and a running app."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.fake_hub.client import client, forking_client, hub, origins  # noqa: F401  (fixtures)
from tests.fake_hub.pulling import commit, pull, start_pull  # noqa: F401
from tests.fake_hub.pushing import command, push, start_push  # noqa: F401
from tests.support.fitting import CORRUPT, Fitted, fit, fitted_once, made_once
from tests.support.groups import GroupScheduling
from tests.support.images import write_colours, write_stripes, write_wide
from tests.support.serving import ServedApp, running_app
from tests.support.training import TINY

# The same examples in every run, however busy the machine is, and nothing kept between runs.
for _tier, _examples in (("default", 30), ("nightly", 150)):
    hypothesis.settings.register_profile(
        f"vistazo-{_tier}", derandomize=True, deadline=None, database=None, max_examples=_examples
    )
hypothesis.settings.load_profile(f"vistazo-{os.environ.get('VISTAZO_TEST_TIER', 'default')}")

# A shell starts what runs in the background with Ctrl-C ignored, and the programs under test would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    """Keep the tests of a file in one worker, which then makes the file's fixtures once."""
    return GroupScheduling(config, log)


# What takes longest begins first, so that no worker has a long group left when the other one is done.
FIRST = ("browser", "train", "interface")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders of `FIRST` before all others; with --no-loadscope-reorder, groups start in this order."""

    def turn(item: pytest.Item) -> int:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        return FIRST.index(folder) if folder in FIRST else len(FIRST)

    items.sort(key=turn)


# What `fit` needs for its closing sentence where nothing was evaluated.
NO_METRICS = {"split": "test", "n": 1, "accuracy": 1.0}


@pytest.fixture(scope="session")
def colour_fit(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """The network “small” on a folder per class, one file in which is not an image; the report has its plots."""

    def make(folder: Path) -> Fitted:
        data = write_colours(folder / "data")
        (data / "Blue" / CORRUPT).write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
        return fit(data, folder / "bundle", "--epochs", "8", plots=True)

    return fitted_once(tmp_path_factory, "colours", make)


@pytest.fixture(scope="session")
def grey_fit(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """The network “small” in two phases on grey images in train, valid and test folders."""

    def make(folder: Path) -> Fitted:
        for seed, (split, count) in enumerate((("train", 10), ("Valid", 3), ("test", 4))):
            write_stripes(folder / "data" / split, count, seed)
        options = ["--epochs", "8", "--progressive-resize", "0.5", "--resize-rule", "pad"]
        return fit(folder / "data", folder / "bundle", *options)

    return fitted_once(tmp_path_factory, "stripes", make)


@pytest.fixture(scope="session")
def backbone_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights file of MobileNetV2 0.35 without the top layer: random, in the place of ImageNet's."""

    def make(folder: Path) -> dict[str, str]:
        import keras

        path = folder / "backbone.weights.h5"
        keras.utils.set_random_seed(5)
        network = keras.applications.MobileNetV2((64, 64, 3), alpha=0.35, include_top=False, weights=None)
        for layer in network.layers:  # or random weights would fade to nothing over fifty layers
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = 0.0
        network(keras.random.uniform((16, 64, 64, 3), -1, 1), training=True)
        network.save_weights(path)
        return {"path": str(path)}

    return Path(made_once(tmp_path_factory, "backbone", make)["path"])


@pytest.fixture(scope="session")
def mobilenet_fit(backbone_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """The recipe “best” on images that should be cropped: MobileNetV2, here from a weights file of its own.

    It trains the head and a second time with the validation images; tracing the gradients of all layers takes longer.
    """

    def make(folder: Path) -> Fitted:
        write_wide(folder / "data", "centre", count=16)
        options = ["--recipe", "best", "--weights", str(backbone_weights), "--epochs", "1", "--size", "64"]
        options += ["--min-steps-per-epoch", "1", "--finetune-layers", "1", "--folds", "0"]
        return fit(folder / "data", folder / "bundle", *options)

    return fitted_once(tmp_path_factory, "mobilenet", make)


@pytest.fixture(scope="session")
def plain_fit(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """A tiny network with all that fit can add: translations, a second fit, TensorBoard's logs and 8-bit numbers."""

    def make(folder: Path) -> Fitted:
        data = write_colours(folder / "data", per_class=8)
        translations = "Blue = azul\n10 red = rojo\n2_Green = verde\n"
        (data / "labels.es.txt").write_text(translations, encoding="utf-8")
        options = [*TINY, "--epochs", "2", "--checkpoint", "last", "--refit", "500", "--quantize"]
        return fit(data, folder / "bundle", *options, "--tensorboard", str(folder / "logs"), plots=True)

    return fitted_once(tmp_path_factory, "plain", make)


@pytest.fixture
def weights_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a fit end with the trained weights: no conversion and no evaluation, which take ten seconds each time."""
    monkeypatch.setattr("train.export.converter.served_network", lambda *arguments: b"not converted")
    monkeypatch.setattr("train.fit.evaluate_bundle", lambda *arguments, **options: NO_METRICS)


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


@pytest.fixture(scope="session")
def served_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    """A running app with the embedded model; a module that uses it is in APP of tests/support/groups.py."""
    folder = tmp_path_factory.mktemp("app")
    with running_app(folder, VISTAZO_MAX_REQUESTS_PER_MINUTE="1000000") as url:
        yield ServedApp(url, folder)
