"""What the page is told of its model: site.json, of which `static/` reads everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from model.bundle import Bundle
from model.classifier import EXPLAIN_SIGNATURE, PREDICT_SIGNATURE
from model.errors import BundleError
from model.hub.resolve import EMBEDDED
from model.labels import is_background_label
from model.presentation import default_description, default_title
from train.site.texts import LANGUAGES

_METRICS = ("accuracy", "exact_match", "top5_accuracy", "macro_f1", "weighted_f1", "ece", "loss")


@dataclass(frozen=True)
class Source:
    """Where the model of a site was published.

    Attributes:
        repository: "user/name" on the Hub; None where it is a directory.
        commit: Of that repository; None where there is none.
        address: Of the model's page; None where there is none.
    """

    repository: str | None = None
    commit: str | None = None
    address: str | None = None


def describe_site(
    bundle: Bundle, network: bytes, source: Source, texts: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Return the content of site.json.

    Args:
        bundle: The model's bundle.
        network: The LiteRT file that the site serves.
        source: Where it was published.
        texts: Language → texts of the page.

    Raises:
        BundleError: The network cannot be run.
    """
    embedded = bundle.directory.resolve() == EMBEDDED.resolve()
    name = (source.repository or bundle.directory.resolve().name).rpartition("/")[2]
    given = bundle.presentation
    # What only lists the labels is made by the page, in the visitor's language.
    title = "" if given.title == default_title(bundle.labels) else given.title or name
    own = "" if given.description == default_description(bundle.labels) else given.description
    names = {language: texts[language]["embedded_title"] if embedded else title for language in LANGUAGES}
    described = {language: texts[language]["embedded_description"] if embedded else own for language in LANGUAGES}
    return {
        "title": names,
        "description": described,  # with a place for the count of labels, or empty
        "repository": source.repository,
        "commit": source.commit,
        "address": source.address,
        "labels": {"": list(bundle.labels)} | {tag: list(found) for tag, found in bundle.translations.items()},
        "model": _model(bundle, network),
        "about": _about(bundle, len(network)),
    }


def _model(bundle: Bundle, network: bytes) -> dict[str, Any]:
    spec, statistics = bundle.input, bundle.statistics
    return {
        "input": {
            "width": spec.width,
            "height": spec.height,
            "colour_mode": spec.colour_mode,
            "resize_rule": spec.resize_rule,
        },
        "labels": len(bundle.labels),
        "multi_label": bundle.multi_label,
        "temperature": bundle.temperature,
        "unknown_threshold": bundle.unknown_threshold,
        "thresholds": None if bundle.thresholds is None else list(bundle.thresholds),
        "background": [place for place, label in enumerate(bundle.labels) if is_background_label(label)],
        "none_of_these": None if statistics is None else vars(statistics.rule),
        "statistics": None if statistics is None else {"channels": int(statistics.references.shape[1])},
        **_signatures(network, spec.height, spec.width),
    }


def _signatures(network: bytes, height: int, width: int) -> dict[str, Any]:
    """Return what the network's inputs are called, and the size of its Grad-CAM map, if it makes one."""
    try:
        interpreter = Interpreter(model_content=network)
        (predict_input,) = interpreter.get_signature_runner(PREDICT_SIGNATURE).get_input_details()
        found: dict[str, Any] = {"predict_input": predict_input, "explain_input": None, "map": None}
        if EXPLAIN_SIGNATURE in interpreter.get_signature_list():
            explain = interpreter.get_signature_runner(EXPLAIN_SIGNATURE)
            (name,) = explain.get_input_details().keys() - {"label"}
            image = np.zeros((1, height, width, 3), np.uint8)
            rows, columns = explain(**{name: image}, label=np.int32(0))["map"].shape[1:]
            found |= {"explain_input": name, "map": {"width": columns, "height": rows}}
    except (ValueError, RuntimeError) as error:
        raise BundleError("The network cannot be run. Fetch or write the bundle again.") from error
    return found


def _about(bundle: Bundle, size: int) -> dict[str, Any]:
    known = bundle.shown_metrics()
    metrics = {name: known[name] for name in _METRICS if isinstance(known.get(name), int | float)}
    return {
        "architecture": str(bundle.settings.get("architecture") or ""),
        "recipe": str(bundle.settings.get("recipe") or ""),
        "weights": str(bundle.settings.get("weights") or ""),
        "fingerprint": bundle.dataset_fingerprint,
        "bytes": size,
        "metrics": metrics,
        "n": bundle.metrics.get("n"),
        "split": str(bundle.metrics.get("split", "")),
    }
