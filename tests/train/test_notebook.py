"""The notebook for Colab runs from top to bottom, in a copy of the repository and as Colab runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.images import COLOURS, hashes, write_class
from tests.support.serving import ROOT
from tests.support.training import TINY

NOTEBOOK = ROOT / "examples" / "train_your_own.ipynb"
# Stand-ins for what Jupyter and Colab have; each call is written down in the file that CALLS names.
STAND_INS = {
    "IPython/__init__.py": "version_info = (9, 0)",
    "IPython/display.py": """
import os
def _note(*words):
    with open(os.environ["CALLS"], "a", encoding="utf-8") as file:
        print(*words, file=file)
def HTML(text): return "html " + text
def Image(filename, width): return "image " + filename.replace(os.sep, "/").rpartition("/")[2]
def display(shown): _note("display", shown)
""",
    "google/colab/__init__.py": "",
    "google/colab/files.py": """
import os
from IPython.display import _note
def upload():
    _note("upload")
    return {os.environ["UPLOADED"]: b""}
def download(path): _note("download", path.replace(os.sep, "/").rpartition("/")[2])
""",
    "google/colab/drive.py": """
from IPython.display import _note
def mount(folder): _note("mount", folder)
""",
}


def cells() -> list[dict[str, Any]]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def code(*parts: str) -> str:
    """The code cells, those alone that have one of these words when there are any."""
    sources = ["".join(cell["source"]) for cell in cells() if cell["cell_type"] == "code"]
    return "\n".join(source for source in sources if not parts or any(part in source for part in parts))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder."""
    data = tmp_path_factory.mktemp("notebook") / "flowers"
    for label, colour in list(COLOURS.items())[:2]:
        write_class(data / label, colour, 6)
    return data


@pytest.fixture(scope="module")
def archive(images: Path) -> Path:
    """The data folder as a zip file, in which it is the only folder."""
    return Path(shutil.make_archive(str(images.with_name("images")), "zip", images.parent, images.name))


def run(program: str, folder: Path, stand_ins: Path, **settings: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run cells in a folder; returns the process and what was called of Jupyter and Colab."""
    for name, text in STAND_INS.items():
        path = stand_ins / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    calls = stand_ins / "calls.txt"
    calls.touch()
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(stand_ins), "CALLS": str(calls)} | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    return result, calls.read_text(encoding="utf-8")


def displayed(calls: str, kind: str) -> Sequence[str]:
    return [line.removeprefix(f"display {kind} ") for line in calls.splitlines() if line.startswith(f"display {kind} ")]


def test_the_notebook_is_stored_without_outputs() -> None:
    stored = [cell for cell in cells() if cell["cell_type"] == "code"]

    assert len(stored) >= 6
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in stored)


@pytest.mark.nightly  # a whole fit; the tests below run the cells one by one
def test_the_cells_run_in_order_and_show_plots_mistakes_and_report(images: Path, archive: Path, tmp_path: Path) -> None:
    before = hashes(images)

    result, calls = run(
        code(),
        NOTEBOOK.parent,
        tmp_path / "stand-ins",
        VISTAZO_DATA=str(archive),
        VISTAZO_BUNDLE=str(tmp_path / "bundle"),
        VISTAZO_OPTIONS=" ".join(["--recipe", "small", *TINY]),
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "95% interval: " in result.stdout
    assert {"confusion_matrix.png", "training_curves.png"} <= set(displayed(calls, "image"))
    assert any(line.startswith("<iframe srcdoc=") for line in displayed(calls, "html"))
    assert any("<figure" in line or "No test image is wrong" in line for line in displayed(calls, "html"))
    assert (tmp_path / "bundle" / "model.tflite").is_file()
    assert (tmp_path / "bundle.zip").is_file()
    assert hashes(images) == before


def test_mistakes_are_shown_as_images_with_what_they_are_and_what_the_model_said(tmp_path: Path) -> None:
    report = tmp_path / "bundle" / "report"
    report.mkdir(parents=True)
    content = {"images": [["data:image/jpeg;base64,AAAA", "a<b.jpg"]], "cells": {}, "mistakes": [["0-1", 0, 0.9]]}
    block = f'<script id="images" type="application/json">{json.dumps(content)}</script>'
    (report / "index.html").write_text(f"<html>{block}</html>", encoding="utf-8")
    (tmp_path / "bundle" / "labels.txt").write_text("cat\nd<og\n", encoding="utf-8")
    names = (
        "import json\nfrom pathlib import Path\nfrom IPython.display import HTML, display\nbundle = Path('bundle')\n"
    )

    result, calls = run(names + code("def tile"), tmp_path, tmp_path / "stand-ins")

    assert result.returncode == 0, result.stderr
    (shown,) = displayed(calls, "html")
    assert "cat → d&lt;og 90%" in shown
    assert 'src="data:image/jpeg;base64,AAAA" title="a&lt;b.jpg"' in shown


def test_in_colab_the_repository_is_cloned_and_an_upload_is_asked_for(archive: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "train" / "commands").mkdir(parents=True)
    (source / "train" / "requirements.txt").write_text("", encoding="utf-8")
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "a"],
    ):
        subprocess.run(["git", *command], cwd=source, check=True)
    content = tmp_path / "content"
    content.mkdir()

    result, calls = run(
        code('"git"', "DATA ="),
        content,
        tmp_path / "stand-ins",
        COLAB_RELEASE_TAG="release",
        UPLOADED=str(archive),
        VISTAZO_SOURCE=source.as_uri(),
    )

    assert result.returncode == 0, result.stderr
    assert (content / "vistazo" / "train" / "requirements.txt").is_file()
    assert calls.split() == ["upload"]


def test_a_folder_on_drive_is_mounted_first(tmp_path: Path) -> None:
    settings = {"COLAB_RELEASE_TAG": "release", "VISTAZO_DATA": "/content/drive/MyDrive/nowhere"}

    result, calls = run(code('"git"', "DATA ="), NOTEBOOK.parent, tmp_path, **settings)

    assert "There is no “/content/drive/MyDrive/nowhere”" in result.stderr
    assert calls.split() == ["mount", "/content/drive"]


def test_in_colab_the_bundle_is_downloaded_as_a_zip_file(tmp_path: Path) -> None:
    bundle = tmp_path / "my_bundle"
    bundle.mkdir()
    (bundle / "labels.txt").write_text("a\n", encoding="utf-8")
    names = f"from pathlib import Path\nin_colab = True\nbundle = Path({str(bundle)!r})\n"

    result, calls = run(names + code("make_archive"), tmp_path, tmp_path / "stand-ins")

    assert result.returncode == 0, result.stderr
    assert calls.split() == ["download", "my_bundle.zip"]


@pytest.mark.parametrize(("repository", "pushed"), [("", []), ("a/b", ["push", "--license", "a/b"])])
def test_only_a_named_repository_is_published_to(repository: str, pushed: list[str], tmp_path: Path) -> None:
    names = "import os\nbundle = 'my_bundle'\ndef vistazo(*words): print(*words)\n"

    result, _ = run(names + code("REPOSITORY ="), tmp_path, tmp_path, VISTAZO_REPOSITORY=repository, HF_TOKEN="hf_x")

    assert result.returncode == 0, result.stderr
    assert set(pushed) <= set(result.stdout.split())
    assert bool(result.stdout) == bool(pushed)
