"""README's commands run as printed, with a copy in the place of the repository and a Hub of the tests'."""

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

ADDRESS = "https://github.com/OWNER/vistazo"


def lines(word: str) -> list[str]:
    """The commands of README's block that has a word in it."""
    (block,) = (text for _, text in blocks(ROOT / "README.md", "bash") if word in text)
    return block.strip().splitlines()


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
    hub: Hub, client: Client, tmp_path: Path
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
        **hub.environment(client.home, HF_TOKEN=TOKEN, GRADIO_SERVER_PORT=port),
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
