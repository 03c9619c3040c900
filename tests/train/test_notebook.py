"""The notebook for Colab runs from top to bottom on a small folder of images, zipped or not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.images import COLOURS, hashes, write_class

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples" / "train_your_own.ipynb"


def cells() -> list[dict]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def test_the_notebook_is_stored_without_outputs() -> None:
    code = [cell for cell in cells() if cell["cell_type"] == "code"]

    assert len(code) >= 6
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.mark.parametrize("zipped", [False, True])
def test_the_cells_run_in_order(zipped: bool, tmp_path: Path) -> None:
    data = tmp_path / "flowers"
    for label, colour in list(COLOURS.items())[:2]:
        write_class(data / label, colour, 8)
    before = hashes(data)
    given = data
    if zipped:
        given = Path(shutil.make_archive(str(tmp_path / "images"), "zip", tmp_path, "flowers"))
    program = "\n".join("".join(cell["source"]) for cell in cells() if cell["cell_type"] == "code")
    settings = {
        "VISTAZO_DATA": str(given),
        "VISTAZO_BUNDLE": str(tmp_path / "bundle"),
        "VISTAZO_OPTIONS": "--recipe small --size 32 --epochs 2 --batch-size 8",
    }

    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=NOTEBOOK.parent,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "Accuracy: " in result.stdout
    assert (tmp_path / "bundle" / "model.tflite").is_file()
    assert hashes(data) == before
