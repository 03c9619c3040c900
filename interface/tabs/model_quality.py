"""How good a model is, in sentences for people: from the metrics of its bundle, which may be anybody's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

import numpy as np

from interface.header import count_of_labels, is_embedded
from interface.i18n.language import decimal, percent, say
from model.bundle import Bundle
from model.loading import LoadedModel
from model.presentation import readable

Row = tuple[str, ...]

_PAIRS_SHOWN = 8
_WEAK_BELOW = 0.8  # of the images of a label that are recognised
_WEAK_SHOWN = 3
_MOST_IMAGES = 1e9
_NEARLY_ALL = 0.995


def score(bundle: Bundle, language: str) -> str:
    """Return in one sentence how many of the evaluated images the model reads rightly."""
    metrics = bundle.metrics
    accuracy, count = _share(metrics.get("accuracy")), count_of_images(metrics.get("n"))
    if accuracy is None or count is None:
        return say(language, "no_metrics")
    values = {
        "right": decimal(language, round(accuracy * count)),
        "count": decimal(language, count),
        "share": percent(language, accuracy),
    }
    return say(language, "score_several" if bundle.multi_label else "score", **values)


def measured_on(model: LoadedModel, language: str) -> str:
    """Return what the score was measured on, what not, and how far it can be off; empty where there is none."""
    metrics = model.classifier.bundle.metrics
    if _share(metrics.get("accuracy")) is None:
        return ""
    key = {"test": "measured_test", "validation": "measured_validation"}.get(str(metrics.get("split")), "measured")
    if key == "measured_validation" and "folds" in metrics:  # then the folds chose, and these images are a test
        key = "measured_test"
    sentence = say(language, "measured_embedded" if is_embedded(model) else key)
    interval = metrics.get("accuracy_interval")
    bounds = [_share(bound) for bound in interval] if isinstance(interval, list) else []
    if len(bounds) == 2 and None not in bounds:
        digits = 1 if _NEARLY_ALL <= (bounds[1] or 0.0) < 1 else 0  # “99.7%”, not “> 99%”
        low, high = (percent(language, bound or 0.0, digits) for bound in bounds)
        sentence = f"{say(language, 'score_interval', low=low, high=high)} {sentence}"
    return sentence


def limits_of(model: LoadedModel, language: str) -> Iterator[str]:
    """Yield the limits of a model in plain words."""
    bundle = model.classifier.bundle
    count, background = count_of_labels(bundle, language)
    key = "limit_label_background" if count == 1 else "limit_labels_background"
    known = say(language, key if background else "limit_labels", count=decimal(language, count), background=background)
    yield f"{known} {say(language, 'limit_unlike')}"
    if bundle.statistics is None and bundle.thresholds is None and bundle.unknown_threshold is None:
        yield say(language, "limit_never_none")
    elif bundle.statistics is None:
        yield say(language, "limit_probability_alone")
    if weak := list(islice(_weak_labels(bundle, language), _WEAK_SHOWN)):
        yield say(language, "limit_weak", labels=", ".join(weak))
    accuracy, majority = (_share(bundle.metrics.get(name)) for name in ("accuracy", "majority_accuracy"))
    if accuracy is not None and majority is not None and accuracy <= majority:
        yield say(language, "limit_chance", share=percent(language, majority))
    yield say(language, "limit_harm")


def confusions(bundle: Bundle, language: str) -> list[Row]:
    """Return the pairs of labels that are confused most often: shown, taken for, and how often.

    Args:
        bundle: The model's bundle.
        language: The visitor's language.
    """
    count = len(bundle.labels)
    try:
        matrix = np.array(bundle.metrics.get("confusion_matrix"))
    except ValueError:  # of rows of several lengths
        return []
    # With several labels an image a row and a column that are true together are no mistake.
    if bundle.multi_label or matrix.shape != (count, count) or matrix.dtype.kind != "i":
        return []
    totals = matrix.sum(axis=1)
    mistakes = matrix * (1 - np.eye(count, dtype=matrix.dtype))
    names = bundle.labels_in(language)
    rows: list[Row] = []
    for place in np.argsort(-mistakes, axis=None, kind="stable")[:_PAIRS_SHOWN]:
        true, taken = divmod(int(place), count)
        if mistakes[true, taken] <= 0:
            break
        often = say(
            language,
            "so_many_of",
            number=decimal(language, int(mistakes[true, taken])),
            count=decimal(language, int(totals[true])),
        )
        rows.append((readable(names[true]), readable(names[taken]), often))
    return rows


def _weak_labels(bundle: Bundle, language: str) -> Iterator[str]:
    """Yield the labels of which the fewest images are recognised, with that share."""
    classes = bundle.metrics.get("per_class")
    rows = classes.items() if isinstance(classes, Mapping) else ()
    recalls = [
        (recall, str(label))
        for label, row in rows
        if isinstance(row, Mapping) and row.get("support") and (recall := _share(row.get("recall"))) is not None
    ]
    for recall, label in sorted(recalls):
        if recall < _WEAK_BELOW:
            yield f"{readable(bundle.label_in(label, language))} ({percent(language, recall)})"


def _share(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if known else None  # type: ignore[arg-type]


def count_of_images(value: object) -> int | None:
    """Return a number of images from metrics, which may hold anything; None where it is none."""
    known = isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST_IMAGES
    return value if known else None  # type: ignore[return-value]
