"""Divide images into training, validation and test splits without leaks: related images stay in one split."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from model.errors import DataError
from train.data.bursts import LEAST_FRAMES
from train.data.data_set import SPLITS
from train.data.folders import Example, all_labels, count_classes, natural_key


def split(
    examples: Sequence[Example], groups: Sequence[int], *, validation_share: float, test_share: float, seed: int
) -> tuple[list[int], list[int], list[int]]:
    """Divide images into three splits: seeded, stratified by class, each group in one split.

    The largest groups are placed first, then those of the rarest classes, each in the split that still lacks most of
    its classes (Sechidis et al. 2011). An image of several labels counts for each of them.

    Args:
        examples: All images.
        groups: The group of each image, as `grouped` returns them; a group may span classes.
        validation_share: Share of each class for validation, 0 to 1; 0 for no validation split.
        test_share: Share of each class for the test, 0 to 1; 0 for no test split.
        seed: Seed of the shuffle.

    Returns:
        Rows of the training, validation and test images, each in ascending order.

    Raises:
        DataError: A class has too few groups for the splits.
    """
    wanted = [True, validation_share > 0, test_share > 0]
    members: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        members[group].append(row)
    counts = count_classes(examples)
    parts = [part for part, is_wanted in zip(("training", "validation", "test"), wanted, strict=True) if is_wanted]
    purpose = f"to divide a class into {', '.join(parts[:-1])} and {parts[-1]}"
    refuse_small_classes(examples, groups, len(parts), purpose, "train and valid folders")
    goals = {label: _goals(count, validation_share, test_share) for label, count in counts.items()}
    missing = {label: list(goal) for label, goal in goals.items()}
    # Sorted by file name, so that the order of the examples does not matter.
    by_name = sorted(members, key=lambda group: min(str(examples[row].path) for row in members[group]))
    order = np.random.default_rng(seed).permutation(by_name)
    splits: tuple[list[int], list[int], list[int]] = ([], [], [])
    held_by = {group: count_classes(examples[row] for row in rows) for group, rows in members.items()}
    for group in sorted(order.tolist(), key=lambda g: (-len(members[g]), min(counts[label] for label in held_by[g]))):
        held = held_by[group]

        def need(index: int, held: Mapping[str, int] = held) -> float:
            return sum(n * missing[label][index] / max(1, goals[label][index]) for label, n in held.items())

        chosen = max((index for index in range(3) if wanted[index]), key=need)
        splits[chosen].extend(members[group])
        for label, count in held.items():
            missing[label][chosen] -= count
    for index, rows in enumerate(splits):
        absent = set(counts) - set(all_labels(examples[row] for row in rows))
        if wanted[index] and absent:
            raise DataError(
                f"Class “{min(absent, key=natural_key)}” has no image left for the {SPLITS[index]} split: its images "
                "are in too few groups. Give train, valid and test folders, or another --seed."
            )
    return sorted(splits[0]), sorted(splits[1]), sorted(splits[2])


def grouped(
    examples: Sequence[Example], group_by: str = "", pairs: Iterable[tuple[int, int]] = (), *, by_content: bool = True
) -> list[int]:
    """Group the images that must stay in one split: given groups and pairs, copies, and file names that agree.

    Args:
        examples: The images.
        group_by: Regular expression for the file name; images with the same first group (or whole
            match, where it has no group) belong together. Empty to ignore the names.
        pairs: Rows that belong together, such as near duplicates.
        by_content: Read the files, and group those that are equal.

    Returns:
        A number for each image, the same for those that belong together.

    Raises:
        DataError: The expression matches no file name.
    """
    parent = list(range(len(examples)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first: dict[tuple[str, str], int] = {}
    for row, example in enumerate(examples):
        keys = [("file", hashlib.sha256(example.path.read_bytes()).hexdigest())] if by_content else []
        if example.group:
            keys.append(("group", example.group))
        if group_by and (name := _group_name(group_by, example.path.name)) is not None:
            keys.append(("name", name))
        for key in keys:
            parent[root(row)] = root(first.setdefault(key, row))
    if group_by and examples and not any(kind == "name" for kind, _ in first):
        raise DataError(f"--group-by {group_by} matches none of the file names, “{examples[0].path.name}” for example.")
    for one, other in pairs:
        parent[root(one)] = root(other)
    return [root(row) for row in range(len(examples))]


def _group_name(group_by: str, name: str) -> str | None:
    found = re.search(group_by, name)
    if found is None:
        return None
    return found[1] if found.re.groups else found[0]


def _goals(count: int, validation_share: float, test_share: float) -> tuple[int, int, int]:
    """Return how many images of a class each split should have; at least one, where there are enough."""
    wanted = 1 + (validation_share > 0) + (test_share > 0)
    tests = min(_split_size(count, test_share), count - wanted + 1)
    validations = min(_split_size(count, validation_share), count - tests - 1)
    return count - tests - validations, validations, tests


def _split_size(count: int, share: float) -> int:
    return max(1, round(count * share)) if share else 0


def refuse_small_classes(
    examples: Sequence[Example], groups: Sequence[int], least: int, purpose: str, instead: str
) -> None:
    """Raise `DataError` unless every class has images in so many groups.

    Args:
        examples: The images.
        groups: The group of each.
        least: The number of groups that a class needs.
        purpose: What for, for the end of a sentence.
        instead: What may be given in place of more images, after “or give”.
    """
    groups_of: dict[str, set[int]] = defaultdict(set)
    for example, group in zip(examples, groups, strict=True):
        for label in example.labels:
            groups_of[label].add(group)
    counts = count_classes(examples)
    small = [label for label in sorted(groups_of, key=natural_key) if len(groups_of[label]) < least]
    if not small:
        return
    frames = [label for label in small if counts[label] >= LEAST_FRAMES]
    classes = ("Class " if len(small) == 1 else "Classes are too small: ") + ", ".join(
        f"“{label}” has {len(groups_of[label])} different readable image{'' if len(groups_of[label]) == 1 else 's'}"
        + (f" ({counts[label]} files)" if counts[label] != len(groups_of[label]) else "")
        for label in small[:10]
    )
    if len(small) > 10:
        classes += f" and {len(small) - 10} more"
    advice = "Add images or remove the class."
    if frames:
        advice = (
            "Images that look alike, as the frames of one clip do, count once and stay in one split: add images of "
            f"other takes, or give {instead}; --no-near-duplicates divides the frames nevertheless, with metrics that "
            "flatter."
        )
    raise DataError(f"{classes} (copies and groups count once); {least} are needed {purpose}. {advice}")
