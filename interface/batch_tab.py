"""The tab for several pictures: a gallery, a table and a CSV file of their labels."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from interface.results import result_folder
from interface.uploads import errors_shown, uploaded_file
from model.classifier import Classifier, top_labels
from model.errors import SettingsError, VistazoError
from model.preprocessing import InputSpec, prepare, read_picture

TOP = 3
MOST = 200  # pictures at once: about as many as a visitor looks at, and a bound for the server
_THUMBNAIL_SIDE = 320
_SECONDS_BETWEEN = 1.0

_NO_PICTURES = "There are no pictures yet. Choose some first."
_NONE_OF_THESE = "none of these"

Row = list[str | float]
Tile = tuple[np.ndarray, str]
BatchAnswer = tuple[list[Tile], list[Row], str | None]


def add_batch_tab(classifier: Classifier) -> None:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
    """

    def predict_images(pictures: Sequence[Mapping[str, Any]] | None) -> Iterator[BatchAnswer]:
        """Read pictures; answers with thumbnails, one row a picture, and at the end all rows as a CSV file."""
        with errors_shown():
            yield from _answers(classifier, _named_files(pictures))

    pictures = gr.File(label="Pictures", file_count="multiple", height=180, elem_id="pictures")
    with gr.Row():
        button = gr.Button("Read the pictures", variant="primary", elem_id="read-pictures")
        stop = gr.Button("Stop", elem_id="stop-pictures")
    gallery = gr.Gallery(
        label="Pictures with their likeliest labels",
        columns=5,
        height="auto",
        interactive=False,
        object_fit="contain",
        buttons=["fullscreen"],
        elem_id="gallery",
    )
    table = gr.Dataframe(
        label="Likeliest labels",
        headers=columns(),
        datatype=["str", "str"] + ["number", "str"] * (TOP - 1) + ["number", "str"],  # type: ignore[arg-type]
        interactive=False,
        buttons=["copy", "fullscreen"],
        max_height=420,
        elem_id="rows",
    )
    file = gr.File(label="Table as CSV", interactive=False, elem_id="rows-csv")
    reading = button.click(
        predict_images,
        pictures,
        [gallery, table, file],
        api_name="predict_images",
        preprocess=False,
        concurrency_id="pictures",
        show_progress="minimal",
        show_progress_on=gallery,
    )
    stop.click(None, cancels=[reading], api_visibility="private")


def columns() -> list[str]:
    """Return the columns of the table and the CSV file."""
    return ["file", *(name for rank in range(1, TOP + 1) for name in (f"label_{rank}", f"probability_{rank}")), "note"]


def _named_files(payload: object) -> list[tuple[Path, str]]:
    """Return the uploaded files with the names that their owner gave them."""
    if not payload:
        raise gr.Error(_NO_PICTURES, print_exception=False)
    if not isinstance(payload, list):
        payload = [payload]
    if len(payload) > MOST:
        raise SettingsError(f"At most {MOST} pictures can be read at once. Received: {len(payload)}.")
    files = []
    for entry in payload:
        file = entry if isinstance(entry, Mapping) else {}
        path = uploaded_file(file, _NO_PICTURES)
        files.append((path, str(file.get("orig_name") or path.name)[:200]))
    return files


def _answers(classifier: Classifier, files: Sequence[tuple[Path, str]]) -> Iterator[BatchAnswer]:
    """Yield what is known so far about once a second, and at the end everything."""
    tiles: list[Tile] = []
    rows: list[Row] = []
    next_answer = time.monotonic() + _SECONDS_BETWEEN
    for path, name in files:
        tile, row = _read(classifier, path, name)
        tiles += [tile] if tile else []
        rows.append(row)
        if time.monotonic() >= next_answer:
            yield list(tiles), list(rows), None
            next_answer = time.monotonic() + _SECONDS_BETWEEN
    yield tiles, rows, _write_csv(rows)


def _read(classifier: Classifier, path: Path, name: str) -> tuple[Tile | None, Row]:
    """Return a picture's thumbnail with its caption, and its row; a file that is no picture gets a row that says so."""
    bundle = classifier.bundle
    try:
        picture = read_picture(path, bundle.input.ample_side)
    except VistazoError as error:
        return None, [name, *[""] * (2 * TOP), str(error)]
    ranking = top_labels(classifier.classify(picture), bundle.labels, TOP)
    (label, probability), *_ = ranking
    unsure = bundle.unknown_threshold is not None and probability < bundle.unknown_threshold
    cells: Row = [cell for label, share in ranking for cell in (label, round(share, 4))]
    cells += [""] * (2 * TOP - len(cells))  # a model may have two labels only
    caption = _NONE_OF_THESE if unsure else f"{label} {probability:.0%}"
    return (_thumbnail(picture), caption), [name, *cells, _NONE_OF_THESE if unsure else ""]


def _thumbnail(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = min(1.0, _THUMBNAIL_SIDE / max(width, height))
    return prepare(picture, InputSpec(max(1, round(width * scale)), max(1, round(height * scale))))


def _write_csv(rows: Sequence[Row]) -> str:
    """Write the table where Gradio's clean-up finds it, and return its path."""
    path = result_folder() / "vistazo.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns())
        writer.writerows(rows)
    return str(path)
