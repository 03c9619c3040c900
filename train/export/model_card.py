"""The model card: the README.md that the Hub shows.

The generated text stands between two markers, so that people can write around it: a later push changes only
the text between them, and the metadata (https://huggingface.co/docs/hub/model-cards#model-card-metadata).
"""

from __future__ import annotations

import functools
import html
import re
from pathlib import Path
from typing import Any

import jinja2

from model.bundle import CARD, NETWORK, Bundle
from train.export.card_text import BEGIN, END, NO_DATASET_NAME, yaml_of

_METRIC_TITLES = {
    "accuracy": "Accuracy",
    "top5_accuracy": "Top-5 accuracy",
    "macro_f1": "Macro F1",
    "ece": "Expected calibration error",
}
_MATRIX = "report/confusion_matrix.png"


def write_card(bundle: Bundle, metrics: dict[str, Any]) -> None:
    """Write the model card, README.md with `model-index` metadata, into the bundle."""
    (bundle.directory / CARD).write_text(model_card(bundle, metrics=metrics), encoding="utf-8")


def model_card(
    bundle: Bundle,
    *,
    metrics: dict[str, Any] | None = None,
    repository: str | None = None,
    licence: str | None = None,
    dataset_name: str | None = None,
) -> str:
    """Return the text of the model card.

    Args:
        bundle: The model.
        metrics: Its metrics; None for those of the bundle.
        repository: "user/name" on the Hub; None while the model is not published.
        licence: The Hub's identifier of the licence.
        dataset_name: Name of the training data, for people.
    """
    shown = dict(metrics if metrics is not None else bundle.metrics)
    metadata = _metadata(bundle, shown, licence, dataset_name)
    text = (
        _environment()
        .get_template("model_card.md.jinja")
        .render(
            begin=BEGIN,
            end=END,
            repository=repository,
            licence=licence,
            dataset_name=dataset_name,
            labels=bundle.labels,
            languages=sorted(bundle.translations),
            settings=bundle.settings,
            converted="converted_from" in bundle.settings and "validation_share" not in bundle.settings,
            input=bundle.input,
            mode='"L").convert("RGB"' if bundle.input.colour_mode in ("grey", "gray") else '"RGB"',
            metrics=shown,
            metric_titles=_METRIC_TITLES,
            temperature=f"{bundle.temperature:g}",
            unknown_threshold=None if bundle.unknown_threshold is None else f"{bundle.unknown_threshold:g}",
            matrix=_MATRIX if (bundle.directory / _MATRIX).is_file() else None,
            network_file=NETWORK,
        )
    )
    # Conditions in the template leave empty lines.
    return f"---\n{yaml_of(metadata)}---\n\n" + re.sub(r"\n{3,}", "\n\n", text)


def _metadata(bundle: Bundle, metrics: dict[str, Any], licence: str | None, dataset_name: str | None) -> dict[str, Any]:
    from huggingface_hub import EvalResult
    from huggingface_hub.repocard_data import eval_results_to_model_index

    metadata: dict[str, Any] = {"license": licence} if licence else {}
    metadata |= {
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["vistazo", "image-classification", "litert"],
    }
    results = [
        EvalResult(
            task_type="image-classification",
            dataset_type="custom",
            dataset_name=dataset_name or NO_DATASET_NAME,
            dataset_split=metrics.get("split"),
            metric_type={"macro_f1": "f1"}.get(key, key),
            metric_name=title,
            metric_value=metrics[key],
        )
        for key, title in _METRIC_TITLES.items()
        if key in metrics
    ]
    if results:
        metadata["model-index"] = eval_results_to_model_index(str(bundle.settings.get("architecture")), results)
    return metadata


def _plain(text: object) -> str:
    """Escape the special characters of Markdown and HTML in untrusted text."""
    return html.escape("".join(f"\\{c}" if c in "\\`*_[]|" else c for c in str(text)), quote=False)


@functools.cache
def _environment() -> jinja2.Environment:
    # Markdown, not HTML: `plain` escapes untrusted text.
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "plain": _plain,
        "percent": lambda share, digits: f"{share:.{digits}%}",
        "decimal": lambda value, digits: f"{value:.{digits}f}",
    }
    return environment
