"""The Batch tab: several images in; a gallery, a table and a CSV file of their labels out."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from interface.i18n.language import ENGLISH, say, text, translated
from interface.server.request_guard import RequestGuard
from interface.server.results import result_folder
from interface.server.uploads import shown_name, uploaded_file
from model.classifier import Classifier, top_labels
from model.errors import SettingsError, VistazoError
from model.limits import limits
from model.preprocessing import prepared_image, shown_image
from model.sandbox.pool import DecoderPool
from model.video.export import escape_formula

TOP = 3
_THUMBNAIL_SIDE = 320
_SECONDS_BETWEEN = 1.0

Row = list[str | float]
Tile = tuple[np.ndarray, str]
Table = dict[str, list]
BatchResults = tuple[list[Tile], Table, str | None]


def add_batch_tab(classifier: Classifier, decoders: DecoderPool, guard: RequestGuard) -> gr.Dataframe:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
        decoders: Decode the uploads.
        guard: Serves the requests.

    Returns:
        The table, whose headings have the visitor's language.
    """

    def predict_images(
        images: Sequence[Mapping[str, Any]] | None, request: gr.Request | None = None
    ) -> Iterator[BatchResults]:
        """Classify images; returns thumbnails, one row per image, and at the end all rows as a CSV file."""
        with guard.handle(request, "predict_images") as language:
            yield from _results(classifier, decoders, _named_files(images, language), language)

    images = gr.File(label=text("images"), file_count="multiple", height=180, elem_id="images")
    with gr.Row():
        button = gr.Button(text("read_images"), variant="primary", elem_id="read-images")
        stop = gr.Button(text("stop"), elem_id="stop-images")
    gallery = gr.Gallery(
        label=text("gallery"),
        columns=5,
        height="auto",
        interactive=False,
        object_fit="contain",
        buttons=["fullscreen"],
        elem_id="gallery",
    )
    table = gr.Dataframe(
        label=text("rows"),
        headers=headings(ENGLISH),
        datatype=["str", "str"] + ["number", "str"] * (TOP - 1) + ["number", "str"],  # type: ignore[arg-type]
        interactive=False,
        buttons=["copy", "fullscreen"],
        max_height=420,
        elem_id="rows",
    )
    file = gr.File(label=text("rows_csv"), interactive=False, elem_id="rows-csv")
    reading = button.click(
        predict_images,
        images,
        [gallery, table, file],
        api_name="predict_images",
        preprocess=False,
        concurrency_id="images",
        show_progress="minimal",
        show_progress_on=gallery,
    )
    stop.click(None, cancels=[reading], api_visibility="private")
    return table


def columns() -> list[str]:
    """Return the columns of the CSV file."""
    return ["file", *(name for rank in range(1, TOP + 1) for name in (f"label_{rank}", f"probability_{rank}")), "note"]


def headings(language: str) -> list[str]:
    """Return the headings of the table in a language."""
    if language == ENGLISH:  # as in the file
        return columns()
    label, probability = say(language, "column_label"), say(language, "column_probability")
    ranks = (f"{name} {rank}" for rank in range(1, TOP + 1) for name in (label, probability))
    return [say(language, "column_file"), *ranks, say(language, "column_note")]


def _named_files(payload: object, language: str) -> list[tuple[Path, str]]:
    """Return the uploaded files with their original names."""
    if not payload:
        raise gr.Error(say(language, "no_images"), print_exception=False)
    if not isinstance(payload, list):
        payload = [payload]
    most = limits().images
    if len(payload) > most:
        raise SettingsError(say(language, "too_many_images", most=most, count=len(payload)))
    files = []
    for entry in payload:
        file = entry if isinstance(entry, Mapping) else {}
        path = uploaded_file(file, "no_images", language)
        files.append((path, shown_name(file, path)))
    return files


def _results(
    classifier: Classifier, decoders: DecoderPool, files: Sequence[tuple[Path, str]], language: str
) -> Iterator[BatchResults]:
    """Yield partial results about once a second, and at the end all of them with the CSV file."""
    tiles: list[Tile] = []
    rows: list[Row] = []
    next_update = time.monotonic() + _SECONDS_BETWEEN
    for path, name in files:
        tile, row = _classify(classifier, decoders, path, name, language)
        tiles += [tile] if tile else []
        rows.append(row)
        if time.monotonic() >= next_update:
            yield list(tiles), _table(rows, language), None
            next_update = time.monotonic() + _SECONDS_BETWEEN
    yield tiles, _table(rows, language), _write_csv(rows)


def _table(rows: Sequence[Row], language: str) -> Table:
    return {"headers": headings(language), "data": list(rows)}


def _classify(
    classifier: Classifier, decoders: DecoderPool, path: Path, name: str, language: str
) -> tuple[Tile | None, Row]:
    """Return an image's thumbnail with its caption, and its row; for a file that is no image the row only."""
    bundle = classifier.bundle
    try:
        prepared = decoders.call(prepared_image, path, bundle.input)
        thumbnail = decoders.call(shown_image, path, _THUMBNAIL_SIDE)
    except VistazoError as error:
        return None, [name, *[""] * (2 * TOP), translated(error, language)]
    ranking = top_labels(classifier.classify_prepared(prepared), bundle.labels_in(language), TOP)
    (label, probability), *_ = ranking
    unsure = bundle.unknown_threshold is not None and probability < bundle.unknown_threshold
    cells: Row = [cell for label, share in ranking for cell in (label, round(share, 4))]
    cells += [""] * (2 * TOP - len(cells))  # a model may have two labels only
    none = say(language, "none_of_these")
    caption = none if unsure else f"{label} {probability:.0%}"
    return (thumbnail, caption), [name, *cells, none if unsure else ""]


def _write_csv(rows: Sequence[Row]) -> str:
    """Write the table where Gradio's clean-up finds it, and return its path."""
    path = result_folder() / "vistazo.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns())
        writer.writerows([escape_formula(cell) for cell in row] for row in rows)
    return str(path)
