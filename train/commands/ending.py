"""What a command says when it has finished: sentences for people, or JSON for programs."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ROUNDING = 1e-9  # the end of an interval that is 1 comes out a little lower
_IMAGES = {
    "test": "test images",
    "validation": "validation images",
    "train": "training images",
    "whole folder": "images",
    "folds": "cross-validated images",
}


@dataclass(frozen=True)
class Ending:
    """The end of a command.

    Attributes:
        lines: Sentences for people: the result, and what was written.
        advice: The next command, which goes to stderr: who keeps the result in a file does not want it there.
        results: What --json prints, one line each.
        status: The exit status.
    """

    lines: Sequence[str]
    advice: str
    results: Sequence[object]
    status: int = 0

    def print(self, *, as_json: bool) -> None:
        """Print the lines to stdout; with --json the results, and the lines to stderr."""
        if isinstance(sys.stdout, io.TextIOWrapper):  # a file name may not be UTF-8
            sys.stdout.reconfigure(errors="backslashreplace")  # as JSON escapes it, too
        for line in self.lines:
            print(line, file=sys.stderr if as_json else sys.stdout)
        if as_json:
            for result in self.results:
                print(json.dumps(result, ensure_ascii=False))
        sys.stdout.flush()
        if self.advice:
            print(self.advice, file=sys.stderr)


def add_json_argument(parser: argparse._ActionsContainer, what: str = "one JSON object") -> None:
    """Add the option --json."""
    parser.add_argument("--json", action="store_true", help=f"print {what} on stdout, and nothing else there")


def accuracy_sentences(metrics: Mapping[str, Any]) -> list[str]:
    """Return how good a model is, and whether that is no better than chance.

    Args:
        metrics: At least "n", "accuracy" and "split"; "accuracy_low", "accuracy_high", "majority_accuracy",
            "unknown_images" and "training_images" where the metrics have them.
    """
    n, accuracy = metrics["n"], metrics["accuracy"]
    low, high = _interval(metrics)
    split = metrics.get("split", "whole folder")
    images = _IMAGES.get(split, f"images ({split})")
    right = "with exactly the right labels" if metrics.get("multi_label") else "right"
    sentences = [
        f"{round(n * accuracy)} of {n} {images} {right} ({percent(accuracy)}%, 95% interval {percent(low)} to "
        f"{percent(high)})."
    ]
    if unknown := metrics.get("unknown_images", 0):
        sentences.append(f"For {unknown} of these images, the answer would be “none of these”.")
    if seen := metrics.get("training_images", 0):
        sentences.append(
            f"The model was trained on at least {seen} of these images, or on copies of them: images that are new to "
            "it are what counts."
        )
    if is_chance(metrics):
        chance = metrics["majority_accuracy"]
        how = "no better than chance" if accuracy <= chance else "not shown to be better than chance"
        sentences.append(
            f"This model is {how}: always answering with the most common label gets {percent(chance)}% right. "
            "Train on more images, or for longer."
        )
    return sentences


def is_chance(metrics: Mapping[str, Any]) -> bool:
    """Return whether always answering with the most common label may be as good as a model; see the arguments above."""
    chance = metrics.get("majority_accuracy")
    return chance is not None and _interval(metrics)[0] <= chance


def _interval(metrics: Mapping[str, Any]) -> tuple[float, float]:
    from train.metrics.intervals import wilson_interval

    if "accuracy_low" in metrics:
        return metrics["accuracy_low"], metrics["accuracy_high"]
    return wilson_interval(metrics["accuracy"], metrics["n"])


def percent(share: float) -> str:
    """Return a share as a whole number of hundredths; one decimal where that would claim certainty."""
    is_whole = share <= 0.99 or share > 1 - _ROUNDING
    return f"{100 * share:.0f}" if is_whole else f"{min(99.9, 100 * share):.1f}"
