"""Several images at once: one row an image, whatever it is."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from interface.tabs import batch
from interface.tabs.batch import columns
from model.classifier import Classifier, top_labels
from model.preprocessing import read_image
from model.sandbox.pool import DecoderPool
from tests.support.images import IMAGE_KINDS


@pytest.fixture
def classifier(colour_bundle: Path) -> Classifier:
    return Classifier.load(colour_bundle)


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


class Here(DecoderPool):
    """Decodes in this process."""

    def call(self, task: Any, source: Any, *arguments: Any) -> Any:
        return task(source, *arguments)


def read(classifier: Classifier, payload: Sequence[Mapping[str, Any]]) -> tuple[list, list, str | None]:
    files = batch._named_files(payload, "en")
    tiles, table, file = list(batch._results(classifier, Here(100), files, "en"))[-1]
    assert table["headers"] == columns()
    return tiles, table["data"], file


def test_every_image_gets_a_tile_and_a_row(classifier: Classifier, uploads: Path) -> None:
    paths = [make(uploads) for make in IMAGE_KINDS.values()]
    tiles, rows, file = read(classifier, [{"path": str(p), "orig_name": f"my {p.name}"} for p in paths])
    assert len(tiles) == len(rows) == len(paths)
    for path, row, (tile, caption) in zip(paths, rows, tiles, strict=True):
        (label, probability), *_ = top_labels(classifier.classify(read_image(path)), classifier.bundle.labels)
        assert row[0] == f"my {path.name}"
        assert row[1:3] == [label, pytest.approx(probability, abs=1e-3)]
        assert caption in (f"{label} {probability:.0%}", "none of these")
        assert tile.dtype == np.uint8 and max(tile.shape[:2]) <= 320
    assert file is not None
    with Path(file).open(encoding="utf-8", newline="") as opened:
        header, *lines = csv.reader(opened)
    assert header == columns()
    assert [line[0] for line in lines] == [row[0] for row in rows]
    assert {len(line) for line in lines} == {len(header)}


def test_a_file_that_is_no_image_gets_a_row_that_says_so(classifier: Classifier, uploads: Path) -> None:
    (uploads / "notes.txt").write_text("not an image")
    image = next(iter(IMAGE_KINDS.values()))(uploads)
    tiles, rows, _ = read(classifier, [{"path": str(uploads / "notes.txt")}, {"path": str(image)}])
    assert len(tiles) == 1
    assert rows[0][1:-1] == [""] * (len(columns()) - 2)
    assert "is not an image that can be read" in str(rows[0][-1])
    assert rows[1][1] in classifier.bundle.labels


def test_too_many_images_are_refused_before_any_is_read(uploads: Path) -> None:
    with pytest.raises(Exception, match="At most 200 images"):
        batch._named_files([{"path": str(uploads / "x.png")}] * 201, "en")


@pytest.mark.parametrize("payload", [None, [], [{}], [None], ["x"], [{"path": "/etc/passwd"}]])
def test_files_that_were_not_uploaded_are_refused(uploads: Path, payload: object) -> None:
    with pytest.raises(gr.Error):
        batch._named_files(payload, "en")
