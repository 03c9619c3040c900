"""The images of a data set by split, what was left out, and what training cannot work with."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model.errors import DataError
from model.folder_walk import LeftOut
from train.data.folders import Example, all_labels

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class DataSet:
    """The files of a data set with their labels.

    Attributes:
        root: The data folder.
        splits: Images by the name of the split; "train" alone where the data is not divided.
        divided: Whether the data came in splits.
        left_out: What was left out, by reason.
        notes: How the data was understood, one sentence each.
        origins: The folders of each split, where they have other names than the split.
        empty: Class folders of the training split without an image.
        arguments: What names it on a command line, for commands in messages.
    """

    root: Path
    splits: Mapping[str, Sequence[Example]]
    divided: bool
    left_out: LeftOut = field(default_factory=LeftOut)
    notes: Sequence[str] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    empty: Sequence[str] = ()
    arguments: Sequence[str] = ("DATA",)

    @property
    def examples(self) -> list[Example]:
        """All images, the training split first."""
        return [example for split in SPLITS for example in self.splits.get(split, ())]

    def evaluated(self) -> tuple[str, Sequence[Example]]:
        """Return the split that is evaluated, by name and images: test, else validation, train or all."""
        if not self.divided:
            return "whole folder", self.splits["train"]
        split = next(name for name in reversed(SPLITS) if name in self.splits)
        return split, self.splits[split]

    def summary(self) -> str:
        """Return a sentence with the number of classes, of images in each split, and of what was left out."""
        examples = self.examples
        text = f"{count_of(len(all_labels(examples)), 'class')}, {count_of(len(examples), 'image')}"
        if self.divided:
            text += ": " + ", ".join(
                f"{split} {len(self.splits[split]):,}"
                + (f" ({self.origins[split]})" if self.origins.get(split, split) != split else "")
                for split in SPLITS
                if split in self.splits
            )
        return text + (f"; left out: {self.left_out}." if self.left_out.lines() else ".")

    def announce(self) -> None:
        """Print on stderr how the data was understood, and the summary."""
        for line in (*self.notes, self.summary()):
            print(line, file=sys.stderr)


def refusals(data: DataSet) -> Iterator[str]:
    """Yield what keeps training from working with a data set, as far as it can be told from names, in sentences."""
    name = f"“{data.root}”"
    if "train" not in data.splits:
        yield (
            f"{name} has {', '.join(data.splits)} folders but no train folder. Add one, or give a folder of classes."
        )
        return
    if data.empty:
        yield (f"Class folders without an image in {name}: {listed(data.empty)}. Add images or remove the folders.")
    labels = all_labels(data.splits["train"])
    if len(labels) < 2:
        yield (
            f"{name} holds one class only, {', '.join(f'“{label}”' for label in labels)}. A classifier needs at least "
            "two. Put the images of each class into a folder of its own, or give the labels with --labels TABLE.csv or "
            "--label-from REGEX."
        )
        return
    for split in SPLITS[1:]:
        unknown = [label for label in all_labels(data.splits.get(split, ())) if label not in labels]
        if unknown:
            yield (
                f"The {split} split has classes that the training split lacks: {listed(unknown)}. "
                "Rename or remove them, or add their images to the training split."
            )


def refuse_untrainable(data: DataSet) -> None:
    """Raise `DataError` with the first of the refusals, where there is one."""
    for sentence in refusals(data):
        raise DataError(sentence)


def refuse_inside(out: Path, data: Path, option: str = "--out") -> None:
    """Raise `DataError` when what is written would lie in the data folder, where it would be a class the next time."""
    if out.resolve().is_relative_to(data.resolve()) and data.is_dir():
        raise DataError(
            f"{option} should lie outside the data folder, where it would be taken for a class the next time. "
            f"Received: {out}."
        )


def listed(names: Sequence[str], most: int = 10) -> str:
    """Join names for a message, the first few only when there are many."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun: "1 class", "3 classes"."""
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{number:,} {noun if number == 1 else plural}"
