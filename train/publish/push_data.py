"""Publish a data set on the Hub as an ImageFolder: a folder per split and class, as the Hub's viewer understands it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from model.bundle import CARD
from model.errors import DataError
from train.data.data_set import DataSet
from train.data.folders import Example, all_labels
from train.export.card_text import BEGIN, END, merge_card, yaml_of
from train.publish.changes import Change, Content, check_nothing_is_lost, published_text
from train.publish.commit import Pushed, publish
from train.publish.errors import PushError
from train.publish.target import Target

# The Hub's limit for a folder is 10,000 files, and it advises against more than 100,000 in a repository.
_MOST_IN_A_FOLDER = 10_000


def push_data(target: Target, data: DataSet, licence: str, *, replace: bool = False, dry_run: bool = False) -> Pushed:
    """Publish the images of a data set, with one commit or none.

    Args:
        target: Where to, of the kind "dataset".
        data: The images with their labels.
        licence: The Hub's identifier of the licence.
        replace: Write over, and remove, what is there already and is not of this data.
        dry_run: Change nothing.

    Raises:
        DataError: An image has several labels, or a label cannot be the name of a folder.
        PushError: It may not be written, somebody else's work would be lost, or a private push would be public.
        HubUnreachableError: The Hub gives no usable response; push again later.
    """
    files: dict[str, Content] = {}
    for split, examples in data.splits.items():
        files |= _files_of(split, examples)
    current = target.contents()
    if target.private and current.private is False:
        raise PushError(
            f"“{target.repository}” is public already. Nothing was written to it. Push with --public, or elsewhere."
        )
    published = published_text(current, CARD)
    files[CARD] = merge_card(_card(target.repository, data, licence), published).encode()
    folders = tuple(f"{split}/" for split in data.splits)
    obsolete = frozenset(path for path in current.files if path.startswith(folders) and path not in files)
    change = Change(files, obsolete if replace else frozenset(), f"Publish {len(data.examples):,} images")
    if not replace:
        # The card of an earlier push is ours: what people wrote around its generated text stays.
        theirs = None if BEGIN in (published or "") else published
        check_nothing_is_lost(target, current, change, None, theirs)
    return publish(target, change, current, dry_run=dry_run)


def _files_of(split: str, examples: Sequence[Example]) -> Mapping[str, Content]:
    files: dict[str, Content] = {}
    counts: Counter[str] = Counter()
    for example in examples:
        if len(example.labels) != 1:
            raise DataError(f"“{example.path}” has several labels, which folders cannot say. It is not published.")
        (label,) = example.labels
        if "/" in label or "\\" in label or label.startswith(".") or len(label) > 200:
            raise DataError(f"The label “{label[:100]}” cannot be the name of a folder. Rename it.")
        counts[label] += 1
        if counts[label] > _MOST_IN_A_FOLDER:
            raise DataError(
                f"The class “{label}” has more than {_MOST_IN_A_FOLDER:,} images, the Hub's limit for a folder. "
                "Publish them as Parquet instead, with the library datasets."
            )
        name = PurePosixPath(example.path.name)
        path, number = f"{split}/{label}/{name}", 1
        while path in files:
            number += 1
            path = f"{split}/{label}/{name.stem}-{number}{name.suffix}"
        files[path] = example.path
    return files


def _card(repository: str, data: DataSet, licence: str) -> str:
    labels = all_labels(data.examples)
    metadata = {"license": licence, "task_categories": ["image-classification"], "tags": ["vistazo"]}
    shown = ", ".join(label.replace("<", "‹").replace("`", "") for label in labels[:100])
    more = f" and {len(labels) - 100} more" if len(labels) > 100 else ""
    sizes = ", ".join(f"{split} {len(examples):,}" for split, examples in data.splits.items())
    return (
        f"---\n{yaml_of(metadata)}---\n\n# {repository.partition('/')[2]}\n\n{BEGIN}\n\n"
        f"{len(data.examples):,} images of {len(labels)} classes: {shown}{more}. Images by split: {sizes}.\n\n{END}\n"
    )
