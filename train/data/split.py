"""Divide images into training, validation and test parts, so that what belongs together stays together."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from model.errors import DataError
from train.data.folders import Example, natural_key

PARTS = ("train", "validation", "test")


def split(
    examples: Sequence[Example], groups: Sequence[int], *, validation_share: float, test_share: float, seed: int
) -> tuple[list[int], list[int], list[int]]:
    """Divide images into three parts: seeded, each class in its shares, each group in one part.

    The largest groups are placed first, each where most is missing of the classes it holds.

    Args:
        examples: All images.
        groups: The group of each image, as `grouped` returns them; a group may span classes.
        validation_share: Share of each class for validation, 0 to 1; 0 for no such part.
        test_share: Share of each class for the test part, 0 to 1; 0 for no such part.
        seed: Seed of the shuffle.

    Returns:
        Rows of the training, validation and test images, in order.

    Raises:
        DataError: A class has too few groups for the parts asked for.
    """
    wanted = [True, validation_share > 0, test_share > 0]
    members: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        members[group].append(row)
    counts = Counter(example.label for example in examples)
    _refuse_small_classes(examples, groups, sum(wanted))
    goals = {label: _goals(count, validation_share, test_share) for label, count in counts.items()}
    missing = {label: list(goal) for label, goal in goals.items()}
    # In the order of the file names, so that the order of the examples given does not matter.
    known = sorted(members, key=lambda group: min(str(examples[row].path) for row in members[group]))
    order = np.random.default_rng(seed).permutation(known)
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    for group in sorted(order.tolist(), key=lambda g: -len(members[g])):
        held = Counter(examples[row].label for row in members[group])

        def need(part: int, held: Counter[str] = held) -> float:
            return sum(n * missing[label][part] / max(1, goals[label][part]) for label, n in held.items())

        part = max((p for p in range(3) if wanted[p]), key=need)
        parts[part].extend(members[group])
        for label, count in held.items():
            missing[label][part] -= count
    for place, rows in enumerate(parts):
        absent = set(counts) - {examples[row].label for row in rows}
        if wanted[place] and absent:
            raise DataError(
                f"Class “{min(absent, key=natural_key)}” has no image left for the {PARTS[place]} part: its images "
                "lie in too few groups of different size. Give folders for the parts, or another --seed."
            )
    return sorted(parts[0]), sorted(parts[1]), sorted(parts[2])


def grouped(examples: Sequence[Example], group_by: str = "", pairs: Iterable[tuple[int, int]] = ()) -> list[int]:
    """Say which images belong together: copies of one file, given pairs, and what the names declare.

    Args:
        examples: The images.
        group_by: Regular expression for the file name; images with the same first group (or whole
            match, where it has no group) belong together. Empty for none.
        pairs: Rows that belong together, such as near duplicates.

    Returns:
        A number for each image, the same for those that belong together.

    Raises:
        DataError: The expression is none, or fits no file name.
    """
    parent = list(range(len(examples)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first: dict[tuple[str, str], int] = {}
    for row, example in enumerate(examples):
        keys = [("file", hashlib.sha256(example.path.read_bytes()).hexdigest())]
        if group_by and (name := _declared(group_by, example.path.name)) is not None:
            keys.append(("name", name))
        for key in keys:
            parent[root(row)] = root(first.setdefault(key, row))
    if group_by and examples and not any(kind == "name" for kind, _ in first):
        raise DataError(f"--group-by {group_by} fits none of the file names, “{examples[0].path.name}” for example.")
    for one, other in pairs:
        parent[root(one)] = root(other)
    return [root(row) for row in range(len(examples))]


def _declared(group_by: str, name: str) -> str | None:
    found = re.search(group_by, name)
    if found is None:
        return None
    return found[1] if found.re.groups else found[0]


def _goals(count: int, validation_share: float, test_share: float) -> tuple[int, int, int]:
    """Return how many images of a class each part is to have; one at least, where there are enough."""
    wanted = 1 + (validation_share > 0) + (test_share > 0)
    tests = min(_part_size(count, test_share), count - wanted + 1)
    validations = min(_part_size(count, validation_share), count - tests - 1)
    return count - tests - validations, validations, tests


def _part_size(count: int, share: float) -> int:
    return max(1, round(count * share)) if share else 0


def _refuse_small_classes(examples: Sequence[Example], groups: Sequence[int], wanted: int) -> None:
    groups_of: dict[str, set[int]] = defaultdict(set)
    for example, group in zip(examples, groups, strict=True):
        groups_of[example.label].add(group)
    for label in sorted(groups_of, key=natural_key):
        count = len(groups_of[label])
        if count < wanted:
            images = "different readable image" + ("" if count == 1 else "s")
            raise DataError(
                f"Class “{label}” has {count} {images} (copies and groups count once); {wanted} are needed to "
                "divide it into parts for training, validation and test. Add images or remove the class."
            )
