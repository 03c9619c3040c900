"""The About tab: what the model is and how well it performs, from its bundle, as tables and plots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeGuard

import gradio as gr
import numpy as np

from interface.header import count_of_labels, model_titles, source_title
from interface.i18n.language import ENGLISH, decimal, language_of, percent, say, text
from interface.rendering import render
from interface.server.storage import UploadStorage
from interface.tabs.events import IN_THE_PAGE
from interface.tabs.model_plots import PLOT_SIDE, FetchedPlots
from interface.tabs.model_quality import Row, confusions, count_of_images, limits_of, measured_on, score
from model.bundle import Bundle
from model.errors import VistazoError
from model.hub.plots import MOST_PLOTS
from model.loading import LoadedModel
from model.preprocessing import shown_image
from model.presentation import readable
from model.sandbox.pool import DecoderPool

_METRICS = ("accuracy", "exact_match", "top5_accuracy", "macro_f1", "weighted_f1", "loss", "ece", "ece_before")
# The texts for the names that a bundle uses.
_SPLITS = {"test": "split_test", "validation": "split_validation"}
_RULES = {"stretch": "rule_stretch", "crop": "rule_crop", "pad": "rule_pad"}
_COLOURS = {"rgb": "colour_rgb", "grey": "colour_grey"}
_PLOTS = {
    "confusion_matrix": "plot_confusion_matrix",
    "confusion_matrix_normalised": "plot_confusion_matrix_normalised",
    "classes": "plot_classes",
    "roc_curves": "plot_roc_curves",
    "precision_recall_curves": "plot_precision_recall_curves",
    "histograms": "plot_histograms",
    "reliability": "plot_reliability",
    "training_curves": "plot_training_curves",
}
_BY_FOLDS = "folds"  # as metrics name it where no image was kept for a split
_CLASSES_SHOWN = 8
_LARGEST_METRIC = 1e9
_LONGEST_TEXT = 300  # characters of a cell


def add_about_tab(models: Sequence[LoadedModel], decoders: DecoderPool, files: UploadStorage) -> gr.HTML:
    """Add the tab's components to the page that is being built.

    Args:
        models: The model and where it comes from; a second one where two are compared.
        decoders: Decode the plots: a bundle may be somebody else's, also one on this disk.
        files: Where plots from the Hub are kept.

    Returns:
        The description of the models, to be replaced by that in the visitor's language.
    """
    model = models[0]
    page = gr.HTML(model_pages(models, ENGLISH), elem_id="model-page")
    fetched = FetchedPlots(model.source, decoders, files) if model.source.repository else None
    plots = [] if fetched else list(_plots(model.classifier.bundle.directory / "report", decoders))
    folded = gr.Accordion(text("plots"), open=False, visible=bool(plots or fetched), elem_id="plots-part")
    with folded, gr.Row(elem_id="plots"):
        shown = [_plot(number, *plot) for number, plot in enumerate(plots)]
        if fetched:
            shown = [_plot(number) for number in range(MOST_PLOTS)]
    if fetched:

        def look(request: gr.Request) -> list[Any]:
            found = [
                gr.update(value=path, label=_plot_title(language_of(request), name), visible=True)
                for path, name in fetched.found()[:MOST_PLOTS]
            ]
            return found + [gr.update(visible=False)] * (MOST_PLOTS - len(found))

        gr.on(None, look, None, shown, **IN_THE_PAGE)
    return page


def model_pages(models: Sequence[LoadedModel], language: str) -> str:
    """Return what is known about one or two models as HTML, see `model_page`."""
    titles = model_titles(models, language) if len(models) > 1 else [""]
    return "".join(model_page(model, language, title) for model, title in zip(models, titles, strict=True))


def model_page(model: LoadedModel, language: str, title: str = "") -> str:
    """Return what is known about a model as HTML; all text from its bundle is escaped.

    Args:
        model: The model and where it comes from.
        language: The visitor's language.
        title: What to call the model; empty where there is only one.
    """
    bundle = model.classifier.bundle
    return render(
        "about.html",
        say=partial(say, language),
        most=_LONGEST_TEXT,
        title=title,
        score=score(bundle, language),
        measured_on=measured_on(model, language),
        limits=list(limits_of(model, language)),
        confusions=confusions(bundle, language),
        facts=list(_facts(model, language)),
        evaluated_on=_evaluated_on(bundle, language),
        metrics=list(_metrics(bundle, language)),
        columns=["", *(say(language, name) for name in ("precision", "recall", "f1", "support"))],
        classes=list(_classes(bundle, language)),
    )


def _plot(number: int, plot: np.ndarray | None = None, name: str = "") -> gr.Image:
    """Add a plot; hidden while there is none."""
    return gr.Image(
        plot,
        label=text(_PLOTS[name]) if name in _PLOTS else name,  # type: ignore[arg-type]
        visible=plot is not None,
        format="png",
        interactive=False,
        buttons=["fullscreen"],
        elem_id=f"plot-{number}",
    )


def _plot_title(language: str, name: str) -> str:
    return say(language, _PLOTS[name]) if name in _PLOTS else name.replace("_", " ")


def _plots(folder: Path, decoders: DecoderPool) -> Iterator[tuple[np.ndarray, str]]:
    """Yield the report's plots with their names; decoded, so that only images reach visitors."""
    for path in sorted(folder.glob("*.png"))[:MOST_PLOTS]:
        try:
            yield decoders.call(shown_image, path, PLOT_SIDE), path.stem
        except VistazoError:
            continue


def _facts(model: LoadedModel, language: str) -> Iterator[Row]:
    bundle = model.classifier.bundle
    settings, spec = bundle.settings, bundle.input
    yield say(language, "about_source"), source_title(model, language)
    count, background = count_of_labels(bundle, language)
    labels = decimal(language, count)
    if background:
        labels = say(language, "and_last", names=labels, last=background)
    yield say(language, "about_labels"), labels
    colour, rule = say(language, _COLOURS[spec.colour_mode]), say(language, _RULES[spec.resize_rule])
    yield say(language, "about_input"), f"{spec.width} x {spec.height}, {colour}, {rule}"
    if settings.get("architecture"):
        yield say(language, "about_network"), str(settings["architecture"])
    if settings.get("recipe"):
        yield say(language, "about_recipe"), str(settings["recipe"])
    if settings.get("weights") not in (None, "", "none"):
        yield say(language, "about_weights"), str(settings["weights"])
    if bundle.dataset_fingerprint:
        yield say(language, "about_data"), bundle.dataset_fingerprint
    shares = {split: settings.get(f"{split}_share") for split in ("validation", "test")}
    known = {split: percent(language, share) for split, share in shares.items() if isinstance(share, float)}
    if all(map(_is_share, shares.values())) and bundle.metrics.get("split") != _BY_FOLDS:
        yield say(language, "about_split"), say(language, "split", **known)
    yield (
        say(language, "about_size"),
        say(language, "megabytes", size=decimal(language, bundle.network.stat().st_size / 1e6, 1)),
    )
    if bundle.unknown_threshold is not None and bundle.statistics is None:
        yield say(language, "about_threshold"), percent(language, bundle.unknown_threshold)
    yield say(language, "about_temperature"), decimal(language, bundle.temperature, 2)


def _is_share(value: object) -> TypeGuard[float]:
    return isinstance(value, float) and 0 <= value <= 1


def _evaluated_on(bundle: Bundle, language: str) -> str:
    """Say which images the metrics are from."""
    if not bundle.metrics:
        return say(language, "no_metrics")
    split, images = str(bundle.metrics.get("split", "?")), count_of_images(bundle.metrics.get("n"))
    count = "?" if images is None else decimal(language, images)
    if split == _BY_FOLDS:
        return say(language, "evaluated_by_folds", count=count)
    split = say(language, _SPLITS[split]) if split in _SPLITS else split
    return say(language, "evaluated_on", count=count, split=split)


def _metrics(bundle: Bundle, language: str) -> Iterator[Row]:
    metrics = bundle.shown_metrics()
    interval = metrics.get("accuracy_interval")
    for name in _METRICS:
        if name in metrics:
            yield say(language, name), _number(metrics[name], language)
            if name in ("accuracy", "exact_match") and isinstance(interval, list) and len(interval) == 2:
                yield say(language, "accuracy_interval"), " – ".join(_number(bound, language) for bound in interval)
    for path, key in ((("curves", "macro", "roc_auc"), "roc_auc"), (("curves", "macro", "average_precision"), "ap")):
        if isinstance(value := _nested(metrics, *path), int | float):
            yield say(language, key), _number(value, language)
    coverage, accuracy = (_nested(metrics, "unknown", name) for name in ("coverage", "accuracy_answered"))
    # With statistics, no probability alone decides (model/verdict.py).
    if bundle.statistics is None and _is_share(coverage) and _is_share(accuracy):
        shares = {"share": percent(language, coverage), "accuracy": percent(language, accuracy)}
        yield say(language, "coverage"), say(language, "coverage_and_accuracy", **shares)


def _nested(metrics: object, *path: str) -> object:
    """Return the value at the end of a path of keys, or None."""
    for name in path:
        metrics = metrics.get(name) if isinstance(metrics, Mapping) else None
    return metrics


def _classes(bundle: Bundle, language: str) -> Iterator[tuple[str, list[Row]]]:
    """Yield tables of the labels with the lowest and the highest F1: the key of the heading, and the rows."""
    classes = bundle.metrics.get("per_class")
    if not isinstance(classes, Mapping):
        return
    known = [
        (label, row)
        for label, row in classes.items()
        if isinstance(row, Mapping) and row.get("support") and isinstance(row.get("f1"), int | float)
    ]
    ranked = sorted(known, key=lambda pair: pair[1]["f1"])
    rows: list[Row] = [
        (
            readable(bundle.label_in(str(label), language)),
            *(_number(row.get(name), language) for name in ("precision", "recall", "f1")),
            str(row["support"]),
        )
        for label, row in ranked
    ]
    yield "worst_classes", rows[:_CLASSES_SHOWN]
    if len(rows) > 2 * _CLASSES_SHOWN:
        yield "best_classes", rows[: -_CLASSES_SHOWN - 1 : -1]


def _number(value: Any, language: str) -> str:
    # The bundle may be anybody's: a whole number of hundreds of digits is more than a float can hold.
    known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST_METRIC
    return decimal(language, value, 3) if known else "–"
