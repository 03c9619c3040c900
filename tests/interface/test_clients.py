"""The client programs in `examples/clients` against the running app."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.serving import EXAMPLES, ROOT, ServedApp

CLIENTS = EXAMPLES / "clients"
IMAGE = EXAMPLES / "images" / "brazil.jpg"
CLIP = EXAMPLES / "clips" / "three-flags.mp4"


@pytest.fixture(scope="module")
def url(served_app: ServedApp) -> str:
    return served_app.url


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_client(url: str, tmp_path: Path) -> None:
    out = run(sys.executable, CLIENTS / "client.py", url, IMAGE, CLIP, cwd=tmp_path)

    first, *others = out.splitlines()
    assert re.fullmatch(r"0\.\d{3} Brazil", first) and len(others) >= 8
    assert "why “Brazil”: " in out
    assert re.search(r"^0\.0 s to \d\.\d s: \w+", out, re.MULTILINE)


@pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason="needs Node.js and npm")
def test_the_javascript_client(url: str, tmp_path: Path) -> None:
    shutil.copy(CLIENTS / "client.mjs", tmp_path)
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "@gradio/client"]
    if subprocess.run(install, cwd=tmp_path, capture_output=True, timeout=300, check=False).returncode != 0:
        pytest.skip("npm cannot install @gradio/client here")

    out = run("node", "client.mjs", url, IMAGE, cwd=tmp_path)

    assert re.fullmatch(r"0\.\d{3} Brazil", out.splitlines()[0])
    assert len(out.splitlines()) == 5


def test_the_python_lines_of_the_guide_run(url: str, tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
    (block,) = (b for b in re.findall(r"```python\n(.*?)```", guide, re.DOTALL) if "gradio_client" in b)
    shutil.copy(IMAGE, tmp_path / "photo.jpg")
    shutil.copy(CLIP, tmp_path / "clip.mp4")
    program = block.replace("http://127.0.0.1:7860", url.rstrip("/")) + "\nprint(segments['data'][0][0], len(files))"

    label, count = run(sys.executable, "-c", program, cwd=tmp_path).split()[-2:]

    assert label and count == "4"
