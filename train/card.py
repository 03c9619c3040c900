"""Write the model card: the README.md that the Hub shows."""

from __future__ import annotations

import html
from typing import Any

from model.bundle import CARD, Bundle


def write_card(bundle: Bundle, metrics: dict[str, Any]) -> None:
    """Write the model card, README.md with `model-index` metadata, into the bundle."""
    name = bundle.settings["architecture"]
    low, high = metrics["accuracy_interval"]
    figures = {
        "accuracy": "Accuracy",
        "top5_accuracy": "Top-5 accuracy",
        "macro_f1": "Macro F1",
        "ece": "Calibration error",
    }
    rows = "\n".join(f"| {title} | {metrics[key]:.4f} |" for key, title in figures.items())
    labels = ", ".join(_plain(label) for label in bundle.labels)
    card = f"""---
library_name: keras
pipeline_tag: image-classification
tags:
- vistazo
- image-classification
model-index:
- name: {name}
  results:
  - task:
      type: image-classification
    dataset:
      name: folders of pictures
      type: custom
      split: {metrics["split"]}
    metrics:
    - type: accuracy
      value: {metrics["accuracy"]}
    - type: f1
      name: Macro F1
      value: {metrics["macro_f1"]}
---

# An image classifier for {len(bundle.labels)} labels

Trained and packed by Vistazo: network “{name}”, input {bundle.input.width} x {bundle.input.height} pixels,
colour mode {bundle.input.colour_mode}.

Measured on the {metrics["split"]} part: {metrics["n"]} pictures; 95 % interval of the accuracy {low:.3f} to {high:.3f}.

| | |
|---|---|
{rows}

## Labels

{labels}

## Use

```bash
python app.py --model DIRECTORY_OR_REPOSITORY
python -m model predict picture.jpg --model DIRECTORY_OR_REPOSITORY
```

Plain Keras: `keras.saving.load_model(...)` takes this directory; the network wants uint8 RGB pictures of the size
above and returns logits. `model.tflite` is the same network for LiteRT, with the signatures `predict` and `explain`.
"""
    (bundle.directory / CARD).write_text(card, encoding="utf-8")


def _plain(text: str) -> str:
    """Escape what Markdown or HTML would act on."""
    return html.escape("".join(f"\\{c}" if c in "\\`*_[]|" else c for c in text), quote=False)
