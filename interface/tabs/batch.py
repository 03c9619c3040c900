"""The Batch tab: several images in; counts, a gallery, a table and a CSV file of their labels out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import gradio as gr
import numpy as np
from PIL import Image

from interface.confidence import Level, failed_card, level_of
from interface.i18n.language import ENGLISH, decimal, language_of, percent, probability_text, say, text, translated
from interface.rendering import asset, render
from interface.server.request_guard import RequestGuard, reason_of
from interface.server.results import result_folder
from interface.server.uploads import shown_name, uploaded_file
from interface.tabs.events import IN_THE_PAGE
from model.bundle import Bundle
from model.classifier import Classifier, predicted_labels, top_labels
from model.errors import SettingsError, VistazoError
from model.limits import limits
from model.preprocessing import prepared_and_shown
from model.presentation import readable
from model.sandbox.pool import DecoderPool
from model.verdict import Verdict
from model.video.export import csv_encoding, write_csv

TOP = 3
_THUMBNAIL_SIDE = 320
_SECONDS_BETWEEN = 1.0
_MOST_COUNTED = 20

Row = list[str | float]
Tile = tuple[Path, str]
Table = dict[str, list]
BatchResults = tuple[list[Tile], Table, str | None]


@dataclass(frozen=True)
class Entry:
    """What became of one file.

    Attributes:
        name: The file's name.
        thumbnail: A small copy of the image; a sign where the file could not be read.
        ranking: The most likely labels with their probabilities, most likely first.
        shown: What the image is said to show: the first; with several labels an image, all from their thresholds on;
            none of them where it is none of these.
        level: How sure that is.
        verdict: The same as programs get it; empty where the file could not be read.
        reason: Why the file could not be read, in words.
    """

    name: str
    thumbnail: Path
    ranking: tuple[tuple[str, float], ...] = ()
    shown: tuple[tuple[str, float], ...] = ()
    level: Level = "none"
    verdict: Verdict | Literal[""] = ""
    reason: str = ""


def add_batch_tab(classifier: Classifier, decoders: DecoderPool, guard: RequestGuard) -> gr.Dataframe:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
        decoders: Decode the uploads.
        guard: Serves the requests.

    Returns:
        The table, whose headings have the visitor's language.
    """
    bundle = classifier.bundle

    def entries(images: object, language: str) -> Iterator[tuple[list[Entry], bool]]:
        return _entries(classifier, decoders, _named_files(images, language), language)

    def predict_images(
        images: Sequence[Mapping[str, Any]] | None, request: gr.Request | None = None
    ) -> Iterator[BatchResults]:
        """Classify images; returns tiles, a row with a verdict per image, and at the end the rows as a CSV file."""
        with guard.handle(request, "predict_images") as language:
            for found, done in entries(images, language):
                yield batch_results(found, done, bundle, language)

    def show_images(images: Sequence[Mapping[str, Any]] | None, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Do the same for a visitor of the page, who sees counts, and a tile for each file that could not be read."""
        try:
            with guard.handle(request, "predict_images") as language:
                for found, done in entries(images, language):
                    file = write_table(found, bundle, language) if done else None
                    tiles = [_page_tile(entry, bundle, language) for entry in found]
                    yield _counts(found, language), tiles, _page_table(found, bundle, language), file
        except gr.Error as error:
            yield failed_card(reason_of(error), language_of(request)), None, None, None

    images = gr.File(label=text("images"), file_count="multiple", height=180, elem_id="images")
    with gr.Row():
        counts = gr.HTML(text("batch_empty"), elem_id="counts", js_on_load=asset("batch.js"))
        stop = gr.Button(text("stop"), interactive=False, scale=0, min_width=120, elem_id="stop-images")
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
        headers=page_headings(ENGLISH),
        datatype=["str", "str"] + ["str", "number"] * TOP,  # type: ignore[arg-type]
        interactive=False,
        buttons=["copy", "fullscreen"],
        max_height=420,
        elem_id="rows",
    )
    file = gr.File(label=text("rows_csv"), interactive=False, elem_id="rows-csv")
    shared: dict[str, Any] = {"preprocess": False, "concurrency_id": "images"}
    call = gr.Button(visible=False)
    call.click(predict_images, images, [gallery, table, file], api_name="predict_images", **shared)
    results = [counts, gallery, table, file]
    reading = images.upload(lambda: gr.update(interactive=True), None, stop, **IN_THE_PAGE).then(
        show_images,
        images,
        results,
        api_visibility="private",
        show_progress="minimal",
        show_progress_on=counts,
        trigger_mode="always_last",  # else Gradio drops images that are added while others are classified
        **shared,
    )
    ended: dict[str, Any] = {"fn": lambda: gr.update(interactive=False), "inputs": None, "outputs": stop}
    reading.then(**ended, **IN_THE_PAGE)
    stop.click(**ended, cancels=[reading], api_visibility="private")
    images.clear(
        lambda: (text("batch_empty"), None, None, None), None, results, cancels=[reading], api_visibility="private"
    )
    return table


def columns() -> list[str]:
    """Return the columns of the CSV file."""
    ranks = (name for rank in range(1, TOP + 1) for name in (f"label_{rank}", f"probability_{rank}"))
    return ["file", *ranks, "note", "verdict"]


def headings(language: str) -> list[str]:
    """Return the headings of the table in a language."""
    if language == ENGLISH:  # as in the file
        return columns()
    label, probability = say(language, "column_label"), say(language, "column_probability")
    ranks = (f"{name} {rank}" for rank in range(1, TOP + 1) for name in (label, probability))
    return [say(language, "column_file"), *ranks, say(language, "column_note"), say(language, "column_verdict")]


def page_headings(language: str) -> list[str]:
    """Return the headings of the page's table: the note first, which a narrow screen shows, and percentages."""
    label, probability = say(language, "column_label"), say(language, "column_probability")
    ranks = (name for rank in range(1, TOP + 1) for name in (f"{label} {rank}", f"{probability} {rank} (%)"))
    return [say(language, "column_file"), say(language, "column_note"), *ranks]


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


def _entries(
    classifier: Classifier, decoders: DecoderPool, files: Sequence[tuple[Path, str]], language: str
) -> Iterator[tuple[list[Entry], bool]]:
    """Yield what is known about once a second, and at the end of all files; and whether it is the end."""
    found: list[Entry] = []
    folder = result_folder()
    began = time.monotonic()
    next_update, latest = began + _SECONDS_BETWEEN, began + 60.0 * limits().request_minutes
    for number, (path, name) in enumerate(files):
        if time.monotonic() > latest:
            reason = say(language, "images_left_out", count=decimal(language, len(files) - number))
            sign = folder / "left-out.jpg"
            Image.fromarray(_unreadable()).save(sign)
            found += [Entry(name, sign, reason=reason) for _, name in files[number:]]
            break
        found.append(_classify(classifier, decoders, path, Entry(name, folder / f"{number}.jpg"), language))
        if time.monotonic() >= next_update:
            yield list(found), False
            next_update = time.monotonic() + _SECONDS_BETWEEN
    yield found, True


def _classify(classifier: Classifier, decoders: DecoderPool, path: Path, entry: Entry, language: str) -> Entry:
    """Return the entry of a file with what became of it; its thumbnail is written, once for all updates of the page."""
    bundle = classifier.bundle
    try:
        prepared, small = decoders.call(prepared_and_shown, path, bundle.input, _THUMBNAIL_SIDE)
    except VistazoError as error:
        Image.fromarray(_unreadable()).save(entry.thumbnail)
        return replace(entry, reason=translated(error, language))
    Image.fromarray(small).save(entry.thumbnail, quality=90)
    found = classifier.predict(prepared)
    ranking = top_labels(found.probabilities, bundle.labels_in(language), TOP)
    level: Level
    if bundle.thresholds is None:
        shown, level = ranking[: 0 if found.is_unknown else 1], level_of(found)
    else:
        chances = dict(zip(bundle.labels, found.probabilities.tolist(), strict=True))
        shown = [(bundle.label_in(label, language), chances[label]) for label in predicted_labels(found, bundle)]
        level = "very" if shown else "none"
    return replace(entry, ranking=tuple(ranking), shown=tuple(shown), level=level, verdict=found.verdict)


def batch_results(found: Sequence[Entry], done: bool, bundle: Bundle, language: str) -> BatchResults:
    """Return what the endpoint returns: tiles of the images, all rows, and at the end the CSV file."""
    tiles = [(entry.thumbnail, _caption(entry, bundle, language, doubt=False)) for entry in found if entry.ranking]
    table: Table = {"headers": headings(language), "data": _rows(found, bundle, language)}
    return tiles, table, write_table(found, bundle, language) if done else None


def write_table(found: Sequence[Entry], bundle: Bundle, language: str) -> str:
    """Write the table where Gradio's clean-up finds it, and return its path."""
    path = result_folder() / "vistazo.csv"
    rows = _rows(found, bundle, language)
    with path.open("w", newline="", encoding=csv_encoding(str(cell) for row in rows for cell in row)) as file:
        write_csv(file, columns(), rows)
    return str(path)


def _rows(found: Sequence[Entry], bundle: Bundle, language: str) -> list[Row]:
    """Return the rows of `columns`."""
    return [[*_row(entry, bundle, language), entry.verdict] for entry in found]


def _caption(entry: Entry, bundle: Bundle, language: str, *, doubt: bool) -> str:
    """Return the caption of an image; for people, `doubt`, a question mark stands behind a label that is not sure."""
    if not entry.shown:
        return say(language, "none_of_these")
    if entry.level == "none":  # “no flag”, of which no probability is high
        return readable(entry.shown[0][0]) if doubt else entry.shown[0][0]
    names = list(entry.shown)
    if doubt:
        names = [(readable(label), share) for label, share in names]
    if doubt and entry.level == "unsure":
        names = [(say(language, "perhaps", label=label), share) for label, share in names]
    return ", ".join(f"{name} {probability_text(language, share)}" for name, share in names)


def _row(entry: Entry, bundle: Bundle, language: str, scale: float = 1, digits: int = 4) -> Row:
    """Return the row of a file: its name, labels with probabilities, and a note."""
    if not entry.ranking:
        return [entry.name, *[""] * (2 * TOP), entry.reason]
    least = 10.0**-digits  # a share below one is not rounded to one
    cells: Row = [
        cell
        for label, share in entry.ranking
        for cell in (label, round(min(scale * share, scale - least if share < 1 else scale), digits))
    ]
    cells += [""] * (2 * TOP - len(cells))  # a model may have two labels only
    return [entry.name, *cells, "" if entry.shown else say(language, "none_of_these")]


def _page_table(found: Sequence[Entry], bundle: Bundle, language: str) -> Table:
    rows = (_row(entry, bundle, language, scale=100, digits=1) for entry in found)
    return {"headers": page_headings(language), "data": [[name, note, *cells] for name, *cells, note in rows]}


def _page_tile(entry: Entry, bundle: Bundle, language: str) -> Tile:
    if not entry.ranking:
        return entry.thumbnail, entry.reason if entry.name in entry.reason else f"{entry.reason}\n{entry.name}"
    return entry.thumbnail, f"{_caption(entry, bundle, language, doubt=True)}\n{entry.name}"


def _counts(found: Sequence[Entry], language: str) -> str:
    """Return how many images have each label, how many are not sure, and how many could not be read, as HTML.

    Each is a button, which shows these images only; `assets/batch.js` does that.
    """
    places: dict[str, list[int]] = {}
    others: dict[str, list[int]] = {"not_sure": [], "none_headline": [], "not_readable": []}
    for place, entry in enumerate(found):
        if not entry.ranking:
            others["not_readable"].append(place)
        elif entry.level == "unsure":
            others["not_sure"].append(place)
        elif entry.shown:
            for label, _ in entry.shown:
                places.setdefault(label, []).append(place)
        else:
            others["none_headline"].append(place)
    rows = sorted(places.items(), key=lambda pair: -len(pair[1]))[:_MOST_COUNTED]
    more = len(places) - len(rows)
    rows += [(say(language, name), these) for name, these in others.items() if these]
    return render(
        "counts.html",
        say=partial(say, language),
        title=say(language, "images_counted", count=decimal(language, len(found))),
        counts=[
            (name, decimal(language, len(these)), percent(language, len(these) / len(found)), these)
            for name, these in rows
        ],
        more=say(language, "and_more", count=decimal(language, more)) if more else "",
    )


def _unreadable() -> np.ndarray:
    """Return the tile of a file that could not be read: an exclamation mark on grey."""
    tile = np.full((240, 320, 3), 226, np.uint8)
    tile[60:140, 150:170] = tile[155:175, 150:170] = (185, 28, 28)
    return tile
