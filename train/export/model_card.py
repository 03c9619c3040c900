"""The model card: the README.md that the Hub shows.

What is generated stands between two markers, so that people can write around it: a later push only
changes what is between them, and the metadata. The metadata:
https://huggingface.co/docs/hub/model-cards#model-card-metadata
"""

from __future__ import annotations

import html
from collections.abc import Collection
from typing import Any

from model.bundle import CARD, NETWORK, Bundle

BEGIN = "<!-- vistazo: begin of what `train push` writes; changes in here are lost -->"
END = "<!-- vistazo: end of what `train push` writes -->"
_FIGURES = {
    "accuracy": "Accuracy",
    "top5_accuracy": "Top-5 accuracy",
    "macro_f1": "Macro F1",
    "ece": "Expected calibration error",
}
_NO_DATASET_NAME = "folders of images"
_NO_LICENCE = "No licence is named: ask the author before you use the model."


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
        metrics: Its figures; None for those of the bundle.
        repository: "user/name" where it can be had; None while it is not published.
        licence: The Hub's identifier of a licence.
        dataset_name: What the model was trained on, for people.
    """
    figures = dict(metrics if metrics is not None else bundle.metrics)
    metadata = _metadata(bundle, figures, licence, dataset_name)
    title = (
        _plain(repository.partition("/")[2]) if repository else f"An image classifier for {len(bundle.labels)} labels"
    )
    parts = [
        f"# {title}",
        BEGIN,
        _about(bundle, figures, licence, dataset_name),
        _measured(bundle, figures),
        _limits(bundle),
        _use(bundle, repository or "user/name"),
        END,
    ]
    return f"---\n{yaml_of(metadata)}---\n\n" + "\n\n".join(part for part in parts if part) + "\n"


def merge_card(card: str, published: str | None, ours: Collection[str] | None = None) -> str:
    """Return the card with what people have written into the published one.

    Args:
        card: As it would be written anew, with the generated block between its markers.
        published: The README.md that is there, if any.
        ours: The metadata that are always those of the card; None for all that it has.

    Returns:
        The published text with the generated block replaced where its markers are; its metadata with
        ours over them; tags and models of both.
    """
    from huggingface_hub import RepoCard

    if published is None:
        return card
    new, old = RepoCard(card), RepoCard(published, ignore_metadata_errors=True)
    fresh, theirs = new.data.to_dict(), old.data.to_dict()
    if ours is None:
        metadata = theirs | fresh
    else:
        metadata = fresh | {key: value for key, value in theirs.items() if key not in ours}
    for key in ("tags", "models"):
        if isinstance(theirs.get(key), list) and key in fresh:
            metadata[key] = list(dict.fromkeys([*map(str, theirs[key]), *fresh[key]]))
    text = old.text
    if not text.strip():
        text = new.text
    elif BEGIN in text and END in text.partition(BEGIN)[2]:
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2]
        block = new.text.partition(BEGIN)[2].partition(END)[0]
        text = f"{before}{BEGIN}{block}{END}{after}"
    return f"---\n{yaml_of(metadata)}---\n{text}"


def told_by(published: str | None) -> tuple[str | None, str | None]:
    """Return licence and name of the data set that a published card states in its metadata."""
    from huggingface_hub import RepoCard

    stated = RepoCard(published or "", ignore_metadata_errors=True).data.to_dict()
    licence, index = stated.get("license"), stated.get("model-index")
    try:
        name = index[0]["results"][0]["dataset"]["name"]  # type: ignore[index]
    except (TypeError, KeyError, IndexError):
        name = None
    named = isinstance(name, str) and name != _NO_DATASET_NAME
    return licence if isinstance(licence, str) else None, name if named else None


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
            dataset_name=dataset_name or _NO_DATASET_NAME,
            dataset_split=metrics.get("split"),
            metric_type={"macro_f1": "f1"}.get(key, key),
            metric_name=title,
            metric_value=metrics[key],
        )
        for key, title in _FIGURES.items()
        if key in metrics
    ]
    if results:
        metadata["model-index"] = eval_results_to_model_index(str(bundle.settings.get("architecture")), results)
    return metadata


def _about(bundle: Bundle, metrics: dict[str, Any], licence: str | None, dataset_name: str | None) -> str:
    settings = bundle.settings
    data = _plain(dataset_name) if dataset_name else "folders of images, one for each label"
    parts = ""
    if "validation_share" in settings and "test_share" in settings:
        parts = (
            f" Where the data had no such parts of its own, {settings['validation_share']:.0%} of each label were kept "
            f"for validation and {settings['test_share']:.0%} for the test."
        )
    again = metrics.get("training", {}).get("refit")
    if again:
        parts += (
            f" At the end the network was fitted again, on the {again['images']} training and validation images "
            "together."
        )
    listed = ", ".join(sorted(bundle.translations))
    languages = f" The labels have names in other languages as well: {listed}." if listed else ""
    weights = _plain(str(settings.get("weights", "none")))
    if "converted_from" in settings and "validation_share" not in settings:
        trained = f"\n\nTrained on: {_plain(dataset_name)}." if dataset_name else ""
        return (
            f"An image classifier for {len(bundle.labels)} labels, converted by Vistazo from the Keras model "
            f"“{_plain(str(settings['converted_from']))}”: input {bundle.input.width} x {bundle.input.height} pixels, "
            f"colour mode {bundle.input.colour_mode}, scaled to “{_plain(str(settings.get('scale')))}” as the older "
            f"system did.{trained}\n\n{f'Licence: {_plain(licence)}.' if licence else _NO_LICENCE}"
        )
    return (
        f"An image classifier for {len(bundle.labels)} labels, trained and packed by Vistazo: network "
        f"“{_plain(str(settings.get('architecture', 'unknown')))}”, started from weights “{weights}”, input "
        f"{bundle.input.width} x {bundle.input.height} pixels, colour mode {bundle.input.colour_mode}.\n\n"
        f"Trained on: {data}.{parts}{languages}\n\n{f'Licence: {_plain(licence)}.' if licence else _NO_LICENCE}"
    )


def _measured(bundle: Bundle, metrics: dict[str, Any]) -> str:
    if "accuracy" not in metrics:
        return ""
    low, high = metrics["accuracy_interval"]
    rows = "\n".join(f"| {title} | {metrics[key]:.4f} |" for key, title in _FIGURES.items() if key in metrics)
    classes = "\n".join(
        f"| {_plain(label)} | {row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} | {row['support']} |"
        for label, row in metrics.get("per_class", {}).items()
    )
    image = "report/confusion_matrix.png"
    matrix = f"\n\n![Confusion matrix]({image})" if (bundle.directory / image).is_file() else ""
    return f"""## Results

Measured on the {_plain(str(metrics["split"]))} part: {metrics["n"]} images; 95 % interval of the accuracy \
{low:.3f} to {high:.3f}.

| | |
|---|---|
{rows}

Probabilities are calibrated with temperature {bundle.temperature:g}: the expected calibration error is how far, on \
average, they are from the share of right answers{_before(metrics)}.{_withheld(metrics)}{matrix}

| Label | Precision | Recall | F1 | Images |
|---|---|---|---|---|
{classes}"""


def _before(metrics: dict[str, Any]) -> str:
    return f"; without it, it is {metrics['ece_before']:.4f}" if "ece_before" in metrics else ""


def _withheld(metrics: dict[str, Any]) -> str:
    """Say what the threshold does; figures written before it was measured say nothing."""
    effect = metrics.get("unknown")
    if not effect:
        return ""
    return (
        f" Of these images {effect['coverage']:.1%} get an answer; the threshold for “none of these” withholds "
        f"{effect['withheld_wrong']} wrong and {effect['withheld_right']} right ones."
    )


def _limits(bundle: Bundle) -> str:
    unknown = (
        f"An answer below a probability of {bundle.unknown_threshold:g} counts as “none of these”. "
        if bundle.unknown_threshold is not None
        else ""
    )
    return (
        "## Limits\n\n"
        f"The model knows its {len(bundle.labels)} labels and nothing else: of any other image it still names one of "
        f"them. {unknown}The figures hold for images like those it was measured on."
    )


def _use(bundle: Bundle, repository: str) -> str:
    mode = '"L").convert("RGB"' if bundle.input.colour_mode in ("grey", "gray") else '"RGB"'
    size = f"({bundle.input.width}, {bundle.input.height})"
    return f"""## Use

With Vistazo, as an app or for one image:

```bash
python app.py --model {repository}
python -m model predict image.jpg --model {repository}
```

With plain Keras:

```python
import keras, numpy
from PIL import Image
model = keras.saving.load_model("hf://{repository}")
image = numpy.asarray(Image.open("image.jpg").convert({mode}).resize({size}))
print(model.predict(image[None]).argmax())  # the line of labels.txt, from 0
```

With LiteRT:

```python
from ai_edge_litert.interpreter import Interpreter
from huggingface_hub import hf_hub_download
from PIL import Image
import numpy
network = Interpreter(hf_hub_download("{repository}", "{NETWORK}")).get_signature_runner("predict")
image = numpy.asarray(Image.open("image.jpg").convert({mode}).resize({size}))
(name,) = network.get_input_details()
print(network(**{{name: image[None]}})["logits"].argmax())  # the line of labels.txt, from 0
```

The network takes uint8 RGB images and returns logits; Vistazo also keeps to the resize rule \
“{bundle.input.resize_rule}” and the calibration in config.json."""


def yaml_of(metadata: dict[str, Any]) -> str:
    """Return metadata as the lines between the two "---" of a README.md."""
    from huggingface_hub.utils import yaml_dump

    return yaml_dump(metadata, sort_keys=False, width=10_000)  # one line a value, for who reads it without YAML


def _plain(text: str) -> str:
    """Escape what Markdown or HTML would act on."""
    return html.escape("".join(f"\\{c}" if c in "\\`*_[]|" else c for c in text), quote=False)
