"""Several images at once: one row an image, whatever it is."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from PIL import Image

from interface.confidence import Level
from interface.i18n.language import LANGUAGES
from interface.tabs import batch
from interface.tabs.batch import Entry, columns, page_headings
from model.bundle import Bundle
from model.classifier import Classifier, top_labels
from model.preprocessing import InputSpec, read_image
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
    """Decodes in this process, and counts."""

    calls = 0

    def call(self, task: Any, source: Any, *arguments: Any) -> Any:
        self.calls += 1
        return task(source, *arguments)


def entries(classifier: Classifier, payload: Sequence[Mapping[str, Any]]) -> list[Entry]:
    files = batch._named_files(payload, "en")
    found, done = list(batch._entries(classifier, Here(100), files, "en"))[-1]
    assert done
    return found


def read(classifier: Classifier, payload: Sequence[Mapping[str, Any]]) -> tuple[list, list, str | None]:
    tiles, table, file = batch.batch_results(entries(classifier, payload), True, classifier.bundle, "en")
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
        assert max(read_image(tile).shape[:2]) <= 320
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
    assert rows[0][1:-2] == [""] * (len(columns()) - 3)
    assert "is not an image that can be read" in str(rows[0][-2]) and rows[0][-1] == ""
    assert rows[1][1] in classifier.bundle.labels


def test_an_image_is_decoded_once_and_its_thumbnail_written_once_however_often_the_page_is_updated(
    classifier: Classifier, uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_SECONDS_BETWEEN", 0)
    paths = [make(uploads) for make in list(IMAGE_KINDS.values())[:3]]
    (uploads / "notes.txt").write_text("not an image")
    decoders = Here(100)
    saved: list[Path] = []
    save = Image.Image.save

    def noted(image: Image.Image, path: Path, **options: Any) -> None:
        saved.append(path)
        save(image, path, **options)

    monkeypatch.setattr(Image.Image, "save", noted)

    updates = list(batch._entries(classifier, decoders, [(p, p.name) for p in [*paths, uploads / "notes.txt"]], "en"))

    assert len(updates) == 5
    assert decoders.calls == len(saved) == len(set(saved)) == 4
    assert [entry.thumbnail for entry in updates[-1][0]] == saved
    assert all(path.is_file() and uploads in path.parents for path in saved), "where old files are deleted"


def test_what_is_left_when_the_time_of_a_request_is_over_is_counted_and_not_read(
    classifier: Classifier, uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [IMAGE_KINDS["rgb"](uploads)] * 3
    minutes = iter(range(0, 600, 20))  # each look at the clock is twenty minutes later
    monkeypatch.setattr(batch, "time", SimpleNamespace(monotonic=lambda: 60.0 * next(minutes)))
    first, *left = entries(classifier, [{"path": str(path)} for path in paths])
    assert (
        first.ranking
        and [entry.reason for entry in left]
        == ["The request reached its time limit: 2 images were left out. Classify them again."] * 2
    )


def bundle() -> Bundle:
    return Bundle(Path("b"), ("Cat", "Dog"), InputSpec(32, 32), False, 1.0, 0.5)


def test_with_several_labels_an_image_all_from_their_thresholds_on_are_named(
    classifier: Classifier, uploads: Path
) -> None:
    payload = [{"path": str(IMAGE_KINDS["rgb"](uploads)), "orig_name": "one.png"}]
    for thresholds, names in (((0.0, 1.1, 0.0), ["2 green", "Blue"]), ((1.1, 1.1, 1.1), [])):
        several = replace(classifier.bundle, multi_label=True, thresholds=thresholds, statistics=None)

        (entry,) = entries(Classifier(several), payload)

        assert sorted(label for label, _ in entry.shown) == names
        assert entry.level == ("very" if names else "none")
        caption = batch._caption(entry, several, "en", doubt=True)
        assert re.fullmatch(r"\S.* \d+%, \S.* \d+%" if names else "(?i:none of these)", caption)
        assert all(name in batch._counts([entry], "en") for name in names)


TILE = Path("tile.jpg")


def read_image_as(name: str, level: Level, *ranking: tuple[str, float]) -> Entry:
    return Entry(name, TILE, ranking, ranking[: level != "none"], level)


FOUND = [
    read_image_as("a.jpg", "very", ("Cat", 0.987), ("Dog", 0.013)),
    read_image_as("b.jpg", "unsure", ("Cat", 0.55), ("Dog", 0.45)),
    read_image_as("c.jpg", "none", ("Dog", 0.4), ("Cat", 0.3)),
    Entry("d.txt", TILE, reason="“d.txt” is not an image."),
    read_image_as("e.jpg", "very", ("Cat", 0.91), ("Dog", 0.09)),
]


def test_a_label_that_means_nothing_is_there_is_named_without_its_low_probability() -> None:
    likely = (("no_flag", 0.09), ("Cat", 0.05))
    entry = Entry("a.jpg", TILE, likely, likely[:1], "none", "none")

    assert batch._caption(entry, bundle(), "en", doubt=True) == "no flag"
    assert batch._row(entry, bundle(), "en")[-1] == ""
    assert "no flag" in batch._counts([entry], "en") and "None of these" not in batch._counts([entry], "en")


def test_the_page_counts_what_is_sure_and_what_is_not() -> None:
    counts = batch._counts(FOUND, "en")
    shown = " ".join(re.sub(r"<[^>]*>", " ", counts).split())
    assert shown == "5 images: Cat 2 Not sure 1 None of these 1 Could not be read 1"
    assert re.findall(r'data-places="([\d ]+)" title="(\d+%)"', counts) == [
        ("0 4", "40%"),
        ("1", "20%"),
        ("2", "20%"),
        ("3", "20%"),
    ]
    assert "<b>x" not in batch._counts([read_image_as("a", "very", ("<b>x", 0.9))], "en")


def test_the_page_shows_a_tile_for_every_file_with_doubt_or_the_reason_in_its_caption() -> None:
    captions = [batch._page_tile(entry, bundle(), "en")[1] for entry in FOUND]
    assert captions == [
        "Cat 99%\na.jpg",
        "Cat? 55%\nb.jpg",
        "none of these\nc.jpg",
        "“d.txt” is not an image.",
        "Cat 91%\ne.jpg",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_table_has_percentages(language: str) -> None:
    table = batch._page_table(FOUND, bundle(), language)
    assert table["headers"] == page_headings(language)
    assert table["headers"][3].endswith("1 (%)")
    assert table["data"][0][:6] == ["a.jpg", "", "Cat", 98.7, "Dog", 1.3]
    assert table["data"][3][1] == "“d.txt” is not an image."
    nearly = read_image_as("f.jpg", "very", ("Cat", 0.99996), ("Dog", 0.00004))
    assert batch._page_table([nearly], bundle(), language)["data"][0][3] == 99.9, "not quite all"


def test_too_many_images_are_refused_before_any_is_read(uploads: Path) -> None:
    with pytest.raises(Exception, match="At most 200 images"):
        batch._named_files([{"path": str(uploads / "x.png")}] * 201, "en")


@pytest.mark.parametrize("payload", [None, [], [{}], [None], ["x"], [{"path": "/etc/passwd"}]])
def test_files_that_were_not_uploaded_are_refused(uploads: Path, payload: object) -> None:
    with pytest.raises(gr.Error):
        batch._named_files(payload, "en")
