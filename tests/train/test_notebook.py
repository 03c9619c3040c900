"""The notebook for Colab runs from top to bottom on a small folder of images, zipped or not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.images import COLOURS, hashes, write_class
from tests.support.serving import ROOT
from tests.support.training import TINY

NOTEBOOK = ROOT / "examples" / "train_your_own.ipynb"


def cells() -> list[dict[str, Any]]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def test_the_notebook_is_stored_without_outputs() -> None:
    code = [cell for cell in cells() if cell["cell_type"] == "code"]

    assert len(code) >= 6
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


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


def test_the_cells_run_in_order(images: Path, archive: Path, tmp_path: Path) -> None:
    before = hashes(images)
    program = "\n".join("".join(cell["source"]) for cell in cells() if cell["cell_type"] == "code")
    settings = {
        "VISTAZO_DATA": str(archive),
        "VISTAZO_BUNDLE": str(tmp_path / "bundle"),
        "VISTAZO_OPTIONS": " ".join(["--recipe", "small", *TINY]),
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
    assert hashes(images) == before


@pytest.mark.parametrize("kind", ["images", "archive"])
def test_the_data_may_be_a_folder_or_a_zip_file(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISTAZO_DATA", str(request.getfixturevalue(kind)))
    (cell,) = (source for source in ("".join(cell["source"]) for cell in cells()) if "zipfile" in source)
    names: dict[str, Any] = {"os": os, "Path": Path}

    exec(cell, names)

    assert sorted(child.name for child in names["data"].iterdir()) == list(COLOURS)[:2]
