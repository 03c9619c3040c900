"""The report's page: HTML that needs no network and no other file."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from train.report.tables import cell_table, confusions, found_table, number, percent

_ASSETS = Path(__file__).parent / "assets"
_MOST_SEEN = 20  # labels whose table is seen as a whole
_MOST_DRAWN = 12
_PARTS = {
    "test": "They were kept apart: neither the network nor its settings have seen them.",
    "validation": "There was no test part. The best epoch, the temperature and the threshold were chosen on these very "
    "images, so the figures are a little too good.",
    "train": "The network was trained on these images, so the figures are much too good.",
    "whole folder": "The folder has no parts. Where the network was trained on some of these images, the figures are "
    "too good.",
}


def page(metrics: Mapping[str, Any], labels: Sequence[str], plots: Mapping[str, bytes], images: str) -> str:
    """Return the page.

    Args:
        metrics: As `train.metrics.classification.measure` returns them, with "split"; newer figures may be missing.
        labels: The labels in class order.
        plots: PNG files by name; a section without its plot is left out.
        images: As `train.report.gallery.images_block` returns it.
    """
    sections = [section for section in _sections(metrics, labels, plots) if section[2]]
    contents = "".join(f'<li><a href="#{key}">{title}</a></li>' for key, title, _ in sections)
    body = "".join(f'<section id="{key}"><h2>{title}</h2>{text}</section>' for key, title, text in sections)
    style, script = ((_ASSETS / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    split = html.escape(str(metrics["split"])) + (
        " part" if metrics["split"] in ("test", "validation", "train") else ""
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
script-src 'unsafe-inline'">
<title>Evaluation: {percent(metrics["accuracy"])} right</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>How good is this classifier?</h1>
<p class="lead">It was shown {metrics["n"]} images of the {split} and {_right(metrics)}.</p>
<p>{_PARTS.get(str(metrics["split"]), "")}</p>
<nav aria-label="Contents"><ul>{contents}</ul></nav>
</header>
<main>{body}</main>
{images}
<script>
{script}</script>
</body>
</html>
"""


def _right(metrics: Mapping[str, Any]) -> str:
    what = "named exactly the right labels for" if metrics.get("multi_label") else "named"
    low, high = metrics["accuracy_interval"]
    end = "" if metrics.get("multi_label") else " rightly"
    return (
        f"{what} <strong>{percent(metrics['accuracy'])}</strong> of them{end}. With other images of the same kind, "
        f"expect {percent(low)} to {percent(high)} (95 % interval)"
    )


def _sections(
    metrics: Mapping[str, Any], labels: Sequence[str], plots: Mapping[str, bytes]
) -> Iterator[tuple[str, str, str]]:
    """Yield identifier, title and HTML of every section."""
    several = bool(metrics.get("multi_label"))
    yield "summary", "Summary", _summary(metrics)
    yield "matrix", "Answers label by label" if several else "Confusion matrix", _matrix(metrics, labels, plots)
    yield "mistakes", "Most confident mistakes", _MISTAKES
    yield "classes", "Best and worst classes", _classes(metrics, plots)
    yield "curves", "Precision-recall and ROC curves", _curves(metrics, plots)
    yield "histograms", "Probabilities class by class", _histograms(plots, several, len(labels))
    yield "calibration", "Can its probabilities be trusted?", _calibration(metrics, plots)
    yield "unknown", "“None of these”", _unknown(metrics)
    yield "training", "How it was trained", _training(metrics, plots)


_MISTAKES = """<p>These images misled the network most. Look at them first: sometimes the label is wrong, and
sometimes they show what the training images lack.</p><div id="misled" class="images"></div>"""


def _summary(metrics: Mapping[str, Any]) -> str:
    several = metrics.get("multi_label")
    rows = [
        (
            "Accuracy",
            metrics["accuracy"],
            "all labels of the image right" if several else "the first answer is right",
        ),
        (
            "Top-5 accuracy",
            metrics["top5_accuracy"] if len(metrics["per_class"]) > 5 else None,
            "the truth is among the five likeliest labels",
        ),
        ("ROC AUC, mean", metrics.get("curves", {}).get("macro", {}).get("roc_auc"), "1 is perfect, 0.5 is guessing"),
        (
            "Average precision, mean",
            metrics.get("curves", {}).get("macro", {}).get("average_precision"),
            "area under the precision-recall curve",
        ),
        ("Calibration error (ECE)", metrics["ece"], "how far the probabilities are from the truth; 0 is best"),
        ("Cross-entropy", metrics["loss"], "the loss; 0 is best"),
    ]
    table = "".join(
        f"<tr><th scope=row>{title}<td>{value:.4f}<td class=text>{meaning}"
        for title, value, meaning in rows
        if value is not None
    )
    means = "".join(
        f"<tr><th scope=row>{title}"
        + "".join(number(metrics.get(f"{kind}_{name}")) for name in ("precision", "recall", "f1"))
        for kind, title in (("macro", "Macro: every class counts the same"), ("weighted", "Weighted: by its images"))
    )
    return (
        f'<div class="scroll"><table>{table}</table></div>'
        '<div class="scroll"><table><tr><td><th scope=col>Precision<th scope=col>Recall<th scope=col>F1'
        f"{means}</table></div>"
        "<p><b>Precision</b>: of the images called X, how many are X. <b>Recall</b>: of the images of X, how many "
        "were called X. <b>F1</b>: one figure for both, low as soon as one of them is low.</p>"
    )


def _matrix(metrics: Mapping[str, Any], labels: Sequence[str], plots: Mapping[str, bytes]) -> str:
    several = "label_counts" in metrics
    text = (
        "<p>Choose a number to see its images. <b>Found</b>: the label is there and was named. <b>Missed</b>: it is "
        "there and was not named. <b>Wrongly named</b>: it is not there.</p>"
        if several
        else "<p>Each row is a true label, each column an answer. A perfect classifier has numbers on the diagonal "
        "only. <strong>Choose a number to see its images.</strong></p>"
        '<p><label><input type="checkbox" id="shares"> Show shares of the row instead of counts</label></p>'
    )
    table = found_table(metrics["label_counts"]) if several else cell_table(metrics["confusion_matrix"], labels)
    images = "".join(
        _image(plots, name, alt)
        for name, alt in (
            ("confusion_matrix", "Confusion matrix with the number of images"),
            ("confusion_matrix_normalised", "Confusion matrix with the shares of each true class"),
        )
    )
    note = "<p>Rows: a label that is there. Columns: a label that was named. An image may count in several cells.</p>"
    note = note if several else ""
    opened = "<details open>" if len(labels) > _MOST_SEEN else "<details>"
    return (
        f'{text}<div class="scroll high">{table}</div><div id="cell" aria-live="polite"></div>'
        f"{'' if several else confusions(metrics['confusion_matrix'], labels)}"
        f"{opened}<summary>The matrix as images: counts and shares</summary>{note}{images}</details>"
    )


def _classes(metrics: Mapping[str, Any], plots: Mapping[str, bytes]) -> str:
    areas = metrics.get("curves", {}).get("per_class", {})
    thresholds = metrics.get("thresholds", {})
    known = {label: row for label, row in metrics["per_class"].items() if row["support"]}
    missing = [html.escape(label) for label, row in metrics["per_class"].items() if not row["support"]]
    rows = "".join(
        f"<tr><th scope=row>{html.escape(label)}{number(row['precision'])}{number(row['recall'])}{number(row['f1'])}"
        f"{number(areas.get(label, {}).get('roc_auc'))}{number(areas.get(label, {}).get('average_precision'))}"
        + (number(thresholds.get(label)) if thresholds else "")
        + f"<td>{row['support']}"
        for label, row in sorted(known.items(), key=lambda item: item[1]["f1"])
    )
    head = "".join(
        f"<th scope=col>{title}"
        for title in (
            *("Precision", "Recall", "F1", "ROC AUC", "Average precision"),
            *(["Threshold"] if thresholds else []),
            "Images",
        )
    )
    return (
        "<p>The number after a name says how many images were measured. With few of them, one image changes a "
        "figure by a lot.</p>"
        + _image(plots, "classes", "Precision, recall and F1 of the classes")
        + (f"<p>Without an image in this part: {', '.join(missing)}.</p>" if missing else "")
        + '<h3>Every class, the weakest first</h3><div class="scroll high"><table class="sticky">'
        f"<tr><th scope=col>Label{head}{rows}</table></div>"
    )


def _curves(metrics: Mapping[str, Any], plots: Mapping[str, bytes]) -> str:
    if "roc_curves" not in plots:
        return ""
    macro, micro = metrics["curves"]["macro"], metrics["curves"]["micro"]
    return (
        "<p>Each class against all others: the lower the probability from which it counts, the more of its own "
        "images are found, and the more others are taken for it.</p>"
        "<p><b>Precision-recall</b>: a line that stays at the top finds nearly everything without false alarms. "
        f"Average precision: {macro['average_precision']:.4f} (mean of the classes), "
        f"{micro['average_precision']:.4f} (all answers together).</p>"
        + _image(plots, "precision_recall_curves", "Precision-recall curves of the classes and their mean")
        + "<p><b>ROC</b>: a line in the upper left corner is perfect; the diagonal is guessing. Area: "
        f"{macro['roc_auc']:.4f} (mean of the classes), {micro['roc_auc']:.4f} (all answers together).</p>"
        + _image(plots, "roc_curves", "ROC curves of the classes and their mean")
    )


def _histograms(plots: Mapping[str, bytes], several: bool, count: int) -> str:
    if "histograms" not in plots:
        return ""
    line = " The dashed line is the probability from which the label counts." if several else ""
    which = " Of the many classes, the six best and the six worst by F1." if count > _MOST_DRAWN else ""
    return (
        "<p>How probable the network called a class: blue for images of this class, orange for all others. The "
        f"further apart the two colours, the better.{line}{which}</p>"
        + _image(plots, "histograms", "Histograms of the probability of each class, own images against others")
    )


def _calibration(metrics: Mapping[str, Any], plots: Mapping[str, bytes]) -> str:
    if "reliability" not in plots:
        return ""
    before = metrics.get("ece_before")
    change = (
        f"The expected calibration error (ECE), which is the mean gap, is {before:.4f} as the network said it and "
        f"{metrics['ece']:.4f} with the temperature."
        if before is not None
        else f"The expected calibration error (ECE), which is the mean gap, is {metrics['ece']:.4f}."
    )
    temperature = (
        f" The temperature is {metrics['temperature']:.3f}, fitted on the validation images: the network’s outputs "
        "are divided by it, which changes how sure it sounds and never its first answer."
        if "temperature" in metrics
        else ""
    )
    return (
        "<p>Of the answers given with 80 % confidence, 80 % should be right: the blue bars should end on the dashed "
        f"line. Above it the network is too modest, below it boasts. {change}{temperature}</p>"
        + _image(plots, "reliability", "Reliability diagram before and after the temperature")
    )


def _unknown(metrics: Mapping[str, Any]) -> str:
    effect = metrics.get("unknown")
    if not effect:
        return ""
    rows = "".join(
        f"<tr><th scope=row>{percent(threshold, 0)}<td>{percent(coverage)}<td>{percent(accuracy)}"
        for threshold, coverage, accuracy in effect["sweep"]
    )
    answered = effect["accuracy_answered"]
    return (
        f"<p>Where the likeliest label has less than <strong>{percent(effect['threshold'])}</strong>, the answer is "
        f"“none of these”. Here that leaves {effect['answered']} of {metrics['n']} images with an answer "
        f"({percent(effect['coverage'])})"
        + (f", of which {percent(answered)} are right" if answered is not None else "")
        + f". It withholds <strong>{effect['withheld_wrong']}</strong> wrong answers and "
        f"<strong>{effect['withheld_right']}</strong> right ones.</p>"
        "<p>All these images show a known label, so this says what the threshold costs. What it is for, images "
        "of something else, has to be tried with such images.</p>"
        '<details><summary>Other thresholds</summary><div class="scroll"><table><tr><th scope=col>Threshold'
        f"<th scope=col>Answered<th scope=col>Of these right{rows}</table></div></details>"
    )


def _training(metrics: Mapping[str, Any], plots: Mapping[str, bytes]) -> str:
    if "training_curves" not in plots:
        return ""
    training = metrics["training"]
    phases = list(dict.fromkeys(row.get("phase") for row in training["history"] if row.get("phase")))
    best = training.get("best_epoch")
    kept = {None: "", 0: " The network before the first epoch was kept: no later one did better on validation."}.get(
        best, f" The weights of epoch {best} were kept (green)."
    )
    refit = (
        f" Afterwards the network was trained a second time in the same way, on the {training['refit']['images']} "
        "images of both parts: that one is served, and only its figures stand above."
        if "refit" in training
        else ""
    )
    return (
        f"<p>One point an epoch, {len(training['history'])} in all"
        + (f", in phases: {html.escape(', '.join(phases))} (dotted lines)" if len(phases) > 1 else "")
        + f".{kept} Validation images are not trained on here: where their loss rises while the training loss falls, "
        "the network learns by heart. The two losses are not measured alike (training images are changed at random, "
        f"and labels may be softened), so compare each with itself.{refit}</p>"
        + _image(plots, "training_curves", "Loss, accuracy and learning rate of each epoch")
    )


def _image(plots: Mapping[str, bytes], name: str, alt: str) -> str:
    if name not in plots:
        return ""
    source = base64.b64encode(plots[name]).decode()
    return f'<p class="plot"><img alt="{alt}" src="data:image/png;base64,{source}">'
