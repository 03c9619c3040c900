"""A conversion's options, and what is handed to the process that opens the file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SCALE_CHOICES = ("0..1", "-1..1", "0..255", "caffe", "torch")

# Files that the process writes into its working directory: a sign that the network has been built and has predicted,
# the result, and predictions to compare with.
OPENED = "opened"
RESULT = "result.json"
CHECK = "check.npz"


@dataclass(frozen=True)
class ConversionOptions:
    """What the user says about an older model because no file says it.

    Attributes:
        scale: How images were scaled before the network, one of `SCALE_CHOICES`; None for a network that takes integers
            from 0 to 255.
        bgr: Whether the network was trained on blue, green, red, as OpenCV reads images.
        size: Width and height in pixels, for a network that takes images of any size.
        multi_label: Whether several labels may be true at once.
        resize_rule: How images of another aspect ratio are fitted, see `InputSpec`; None for the stored rule, or
            "stretch".
    """

    scale: str | None = None
    bgr: bool = False
    size: tuple[int, int] | None = None
    multi_label: bool = False
    resize_rule: str | None = None


@dataclass(frozen=True)
class ConversionJob:
    """One conversion.

    Attributes:
        model: Path of the architecture: .keras, .h5 or .json.
        out: Directory that the model files are written to.
        labels: The labels in class order.
        weights: Path of the weights, where they are in a file of their own.
        options: What the user says about the model.
        memory: Limit for opening the file, in bytes.
        numbered_labels: Whether the file has the index before each label, as Teachable Machine writes it.
    """

    model: str
    out: str
    labels: tuple[str, ...]
    weights: str | None = None
    options: ConversionOptions = field(default_factory=ConversionOptions)
    memory: int = 4 * 2**30
    numbered_labels: bool = False

    def to_json(self) -> str:
        """Return the job as text for the other process."""
        return json.dumps(asdict(self))

    def settings(self, stored: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the bundle records; `stored` are the settings that Vistazo wrote into the older file."""
        values = stored or {
            "recipe": "converted",
            "architecture": "converted",
            "weights": Path(self.weights or self.model).name,
        }
        return values | {
            "converted_from": Path(self.model).name,
            "scale": self.options.scale,
            "bgr": self.options.bgr,
            "multi_label": self.options.multi_label,
        }

    @staticmethod
    def from_json(text: str) -> ConversionJob:
        """Read a job that `to_json` wrote."""
        stored: dict[str, Any] = json.loads(text)
        options: dict[str, Any] = stored["options"]
        options["size"] = tuple(options["size"]) if options["size"] else None
        return ConversionJob(
            **stored | {"labels": tuple(stored["labels"]), "options": ConversionOptions(**options)},
        )
