"""The tab that says what the model is and how good it is: everything from the bundle, as tables and plots."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from interface.i18n.language import ENGLISH, language_of, say, text
from interface.server.storage import UploadStorage
from interface.tabs.model_plots import FetchedPlots
from model.bundle import Bundle
from model.errors import ImageError
from model.hub.plots import MOST_PLOTS
from model.hub.resolve import EMBEDDED
from model.loading import LoadedModel
from model.preprocessing import read_image
from model.sandbox.pool import DecoderPool

_FIGURES = ("accuracy", "top5_accuracy", "macro_f1", "weighted_f1", "loss", "ece", "ece_before")
# What names in a bundle mean to a visitor.
_PARTS = {"test": "part_test", "validation": "part_validation"}
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
_CLASSES_SHOWN = 8
_LARGEST_FIGURE = 1e9

STYLE = """
.vz-model table { border-collapse: collapse; width: 100%; margin: 0 0 8px !important; border: 0 !important; }
.vz-model tr { border: 0 !important; }
.vz-model th, .vz-model td { text-align: left; padding: 5px 12px 5px 0 !important; vertical-align: top;
  border: 0 !important; border-bottom: 1px solid var(--border-color-primary) !important; }
.vz-model thead th { font-weight: 600; font-size: 13px; }
.vz-model tbody th { font-weight: 400; }
.vz-model td { font-variant-numeric: tabular-nums; white-space: nowrap; }
.vz-about td { white-space: normal; overflow-wrap: anywhere; }
.vz-model h2 { margin: 18px 0 6px; font-size: 1.15em; }
.vz-model section { min-width: 0; overflow-x: auto; }
@media (max-width: 480px) { .vz-model th, .vz-model td { padding-right: 6px !important; font-size: 13px; } }
#model-page .html-container { padding: 0 !important; }
#plots { display: block; columns: 2 420px; column-gap: 16px; }
#plots > div { break-inside: avoid; margin-bottom: 16px; padding-top: 30px !important; }
#plots img { width: 100%; height: auto; background: white; }
.vz-columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 360px), 1fr)); gap: 0 40px; }
"""


def add_model_tab(model: LoadedModel, decoders: DecoderPool, files: UploadStorage) -> gr.HTML:
    """Add the tab's components to the page that is being built.

    Args:
        model: The model and where it comes from.
        decoders: Decode the plots of a model from the Hub.
        files: Where those plots are kept.

    Returns:
        The page about the model, which is to be said in the visitor's language.
    """
    page = gr.HTML(model_page(model, ENGLISH), elem_id="model-page")
    fetched = FetchedPlots(model.source, decoders, files) if model.source.repository else None
    plots = [] if fetched else list(_plots(model.classifier.bundle.directory / "report"))
    with gr.Row(elem_id="plots", visible=bool(plots or fetched)):
        shown = [_plot(number, *plot) for number, plot in enumerate(plots)]
        if fetched:
            shown = [_plot(number) for number in range(MOST_PLOTS)]
    if fetched:

        def look(request: gr.Request) -> list[Any]:
            found = [
                gr.update(value=path, label=_name_in(language_of(request), name), visible=True)
                for path, name in fetched.found()[:MOST_PLOTS]
            ]
            return found + [gr.update(visible=False)] * (MOST_PLOTS - len(found))

        gr.on(None, look, None, shown, api_visibility="private", queue=False, show_progress="hidden")
    return page


def _plot(number: int, plot: np.ndarray | None = None, name: str = "") -> gr.Image:
    """Add the place of a plot, hidden until there is one."""
    return gr.Image(
        plot,
        label=text(_PLOTS[name]) if name in _PLOTS else name,  # type: ignore[arg-type]
        visible=plot is not None,
        format="png",
        interactive=False,
        buttons=["fullscreen"],
        elem_id=f"plot-{number}",
    )


def _name_in(language: str, name: str) -> str:
    return say(language, _PLOTS[name]) if name in _PLOTS else name.replace("_", " ")


def model_page(model: LoadedModel, language: str) -> str:
    """Return what is known about a model as HTML; all that a stranger may have written in it is escaped.

    Args:
        model: The model and where it comes from.
        language: The visitor's language.
    """
    bundle = model.classifier.bundle
    about = _table(_about(model, language))
    measured = _measured(bundle, language)
    # Where a narrow page cuts a table off, the arrow keys scroll it.
    classes = "".join(f'<section tabindex="0">{part}</section>' for part in _classes(bundle, language))
    limits = say(language, "limits_text", count=f"{len(bundle.labels):,}")
    return (
        '<div class="vz-model"><div class="vz-columns">'
        f'<section class="vz-about"><h2>{_safe(say(language, "about"))}</h2>{about}'
        f"<h2>{_safe(say(language, 'limits_title'))}</h2><p>{_safe(limits)}</p></section>"
        f'<section class="vz-about"><h2>{_safe(say(language, "measured"))}</h2>{measured}</section>'
        f"{classes}</div></div>"
    )


def _about(model: LoadedModel, language: str) -> Iterable[tuple[str, str]]:
    bundle = model.classifier.bundle
    settings, spec = bundle.settings, bundle.input
    yield say(language, "about_source"), source_title(model, language)
    yield say(language, "about_labels"), f"{len(bundle.labels):,}"
    colour, rule = say(language, _COLOURS[spec.colour_mode]), say(language, _RULES[spec.resize_rule])
    yield say(language, "about_input"), f"{spec.width} x {spec.height}, {colour}, {rule}"
    if settings.get("architecture"):
        yield say(language, "about_network"), str(settings["architecture"])
    if settings.get("recipe"):
        yield say(language, "about_recipe"), str(settings["recipe"])
    if settings.get("weights") not in (None, "", "none"):
        yield say(language, "about_weights"), str(settings["weights"])
    if data := _fingerprint(bundle):
        yield say(language, "about_data"), data
    shares = [settings.get(f"{part}_share") for part in ("validation", "test")]
    if all(isinstance(share, float) and 0 <= share <= 1 for share in shares):
        yield (
            say(language, "about_split"),
            say(language, "split", validation=f"{shares[0]:.0%}", test=f"{shares[1]:.0%}"),
        )
    yield say(language, "about_size"), f"{bundle.network.stat().st_size / 1e6:.1f} MB"
    if bundle.unknown_threshold is not None:
        yield say(language, "about_threshold"), f"{bundle.unknown_threshold:.0%}"
    yield say(language, "about_temperature"), f"{bundle.temperature:.2f}"


def _fingerprint(bundle: Bundle) -> str:
    """Return the short hash of the images that the network was trained on; empty where a bundle names none."""
    try:
        described = json.loads((bundle.directory / "config.json").read_text(encoding="utf-8"))["vistazo"]
        return str(described.get("dataset_fingerprint") or "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""


def source_title(model: LoadedModel, language: str) -> str:
    """Return what to call a model in a line of text."""
    return say(language, "embedded_model") if is_embedded(model) else model.source.title


def is_embedded(model: LoadedModel) -> bool:
    """Return whether a model is the one that came with the app."""
    return model.source.repository is None and model.source.directory == EMBEDDED


def _measured(bundle: Bundle, language: str) -> str:
    figures = bundle.metrics
    if not figures:
        return f"<p>{_safe(say(language, 'measured_nowhere'))}</p>"
    part = str(figures.get("split", "?"))
    part = say(language, _PARTS[part]) if part in _PARTS else part
    told = say(language, "measured_on", count=figures.get("n", "?"), part=part)
    rows = [(say(language, name), _number(figures[name])) for name in _FIGURES if name in figures]
    interval = figures.get("accuracy_interval")
    if isinstance(interval, list) and len(interval) == 2:
        rows.insert(1, (say(language, "accuracy_interval"), " – ".join(map(_number, interval))))
    for names, key in ((("curves", "macro", "roc_auc"), "roc_auc"), (("curves", "macro", "average_precision"), "ap")):
        if isinstance(value := _within(figures, *names), int | float):
            rows.append((say(language, key), _number(value)))
    shares = [_within(figures, "unknown", name) for name in ("coverage", "accuracy_answered")]
    if all(isinstance(share, int | float) for share in shares):
        rows.append((say(language, "answered"), say(language, "answered_right", **_percent(shares))))
    return f"<p>{_safe(told)}</p>{_table(rows)}"


def _within(figures: object, *names: str) -> object:
    """Return what lies under these names one in the other, or None."""
    for name in names:
        figures = figures.get(name) if isinstance(figures, Mapping) else None
    return figures


def _percent(shares: list[Any]) -> dict[str, str]:
    return {"share": f"{shares[0]:.0%}", "right": f"{shares[1]:.0%}"}


def _classes(bundle: Bundle, language: str) -> Iterable[str]:
    """Yield tables of the labels with the lowest and the highest F1."""
    classes = bundle.metrics.get("per_class")
    if not isinstance(classes, Mapping):
        return
    known = [
        (label, row)
        for label, row in classes.items()
        if isinstance(row, Mapping) and row.get("support") and isinstance(row.get("f1"), int | float)
    ]
    ranked = sorted(known, key=lambda pair: pair[1]["f1"])
    columns = ["", *(say(language, name) for name in ("precision", "recall", "f1", "support"))]
    parts = [("worst_classes", ranked[:_CLASSES_SHOWN])]
    if len(ranked) > 2 * _CLASSES_SHOWN:
        parts.append(("best_classes", ranked[: -_CLASSES_SHOWN - 1 : -1]))
    for key, rows in parts:
        cells = [
            [
                bundle.label_in(str(label), language),
                *(_number(row.get(name)) for name in ("precision", "recall", "f1")),
                str(row["support"]),
            ]
            for label, row in rows
        ]
        yield f"<h2>{_safe(say(language, key))}</h2>{_table(cells, columns)}"


def _table(rows: Iterable[Iterable[str]], columns: Iterable[str] | None = None) -> str:
    head = ""
    if columns is not None:
        cells = "".join(f'<th scope="col">{_safe(name)}</th>' for name in columns)
        head = f"<thead><tr>{cells}</tr></thead>"
    body = ""
    for first, *others in rows:
        body += f'<tr><th scope="row">{_safe(first)}</th>{"".join(f"<td>{_safe(cell)}</td>" for cell in others)}</tr>'
    return f"<table>{head}<tbody>{body}</tbody></table>"


def _number(value: Any) -> str:
    # A stranger's figure may be a whole number of hundreds of digits, which no float can hold.
    known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST_FIGURE
    return f"{value:.3f}" if known else "–"


def _safe(value: str) -> str:
    return html.escape(str(value)[:300])


def _plots(folder: Path) -> Iterable[tuple[np.ndarray, str]]:
    """Yield the plots of the report with their names; decoded here, so that nothing else is passed on to visitors."""
    for path in sorted(folder.glob("*.png"))[:MOST_PLOTS]:
        try:
            yield read_image(path), path.stem
        except ImageError:
            continue
