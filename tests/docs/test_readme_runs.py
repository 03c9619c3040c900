"""README's commands run as printed: cloned from a copy, weights that are there already, a local Hub."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fake_hub.client import Client
from tests.fake_hub.server import Hub
from tests.fake_hub.writing import TOKEN
from tests.support.documents import blocks
from tests.support.images import write_colours
from tests.support.serving import ROOT, answers, environment, free_port, wait_until

pytestmark = pytest.mark.nightly

WEIGHTS = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
ADDRESS = "https://github.com/OWNER/vistazo"


def lines(word: str) -> list[str]:
    """The commands of README's block that has a word in it."""
    (block,) = (text for _, text in blocks(ROOT / "README.md", "bash") if word in text)
    return block.strip().splitlines()


@pytest.fixture(scope="module")
def keras_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keras's folder with the weights that `fit` would download: random ones, in the place of ImageNet's."""
    import h5py
    import keras
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    folder = tmp_path_factory.mktemp("keras")
    (folder / "models").mkdir()
    network = keras.applications.MobileNetV2((224, 224, 3), alpha=0.35, include_top=False, weights=None)
    with h5py.File(folder / "models" / WEIGHTS, "w") as file:
        save_weights_to_hdf5_group(file, network)
    return folder


def test_the_repository_is_cloned_as_readme_says(tmp_path: Path) -> None:
    clone, change, start = lines("git clone")
    settings = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{ROOT.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
    }

    script = "\n".join(("set -e", clone, change, f"bash -n {start.removeprefix('bash ')}", "test -f app.py"))
    result = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=os.environ | settings, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr


def test_a_model_of_ones_own_is_trained_served_and_published_as_readme_says(
    hub: Hub, client: Client, keras_home: Path, tmp_path: Path
) -> None:
    install, *commands = lines("vistazo fit")
    assert install == 'uv tool install ".[train]"'  # .github/workflows/check.yml installs from a checkout
    fit, serve, push = commands
    write_colours(tmp_path / "my_images", per_class=8)
    program = tmp_path / "bin" / "vistazo"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "vistazo.py"}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    port = str(free_port())
    variables = environment(
        tmp_path,
        **hub.environment(client.home, HF_TOKEN=TOKEN, KERAS_HOME=str(keras_home), GRADIO_SERVER_PORT=port),
        PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}",
    )

    def run(command: str) -> None:
        result = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr

    run(fit)
    with subprocess.Popen(["bash", "-c", f"exec {serve}"], cwd=tmp_path, env=variables) as process:
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/") or process.poll() is not None)
            assert process.poll() is None
        finally:
            process.terminate()
    run(push.replace("you/", "somebody/"))
    assert hub.requests("/commit/")
