"""Divide pictures into training, validation and test parts without a leak between them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from model.errors import DataError, SettingsError
from train.dataset import Example, natural_key
from train.duplicates import exact_copies, join, near_duplicates

PARTS = ("training", "validation", "test")


def groups_of(examples: Sequence[Example], pictures: np.ndarray | None = None, group_by: str = "") -> list[int]:
    """Return a group number for each picture; pictures of one group belong into one part.

    Args:
        examples: The pictures' files.
        pictures: Their prepared pictures (n, height, width, 3), uint8, to keep near duplicates together;
            None keeps only copies of a file together.
        group_by: Regular expression searched for in the file name; files with the same first group (or
            match, where it has no group) belong together, files without a match to nothing.

    Returns:
        (n,) group numbers.

    Raises:
        SettingsError: The expression is no regular expression, or matches no file name.
    """
    copies = exact_copies([e.path for e in examples])
    pairs = _neighbours(copies)
    if group_by:
        pairs += _neighbours(_declared(examples, group_by))
    if pictures is not None:
        pairs += near_duplicates(pictures)
    return join(len(examples), pairs)


def split(
    examples: Sequence[Example],
    *,
    validation_share: float,
    test_share: float,
    seed: int,
    groups: Sequence[int] | None = None,
) -> tuple[list[Example], list[Example], list[Example]]:
    """Divide pictures into three parts: stratified by class, seeded, groups kept together.

    The groups are placed one by one, the largest first, each where it brings the counts of its
    classes closest to the shares asked for; a class that a part then lacks is moved there if another
    group can spare it.

    Args:
        examples: All pictures.
        validation_share: Share of each class for validation, 0 to 1; 0 for no such part.
        test_share: Share of each class for the test part, 0 to 1; 0 for no such part.
        seed: Seed of the shuffle.
        groups: A number for each picture, equal for those that belong together; copies of one file
            when left out.

    Returns:
        Training, validation and test pictures.

    Raises:
        DataError: A class has too few groups for the parts asked for.
    """
    order = sorted(
        range(len(examples)), key=lambda i: (natural_key(examples[i].label), natural_key(str(examples[i].path)))
    )
    groups = groups_of(examples) if groups is None else groups
    labels = sorted({label for e in examples for label in e.labels}, key=natural_key)
    index_of = {label: index for index, label in enumerate(labels)}
    members: dict[int, list[int]] = {}
    for row in order:
        members.setdefault(groups[row], []).append(row)
    counts = np.zeros((len(members), len(labels)), np.int64)
    for place, rows in enumerate(members.values()):
        for row in rows:
            for label in examples[row].labels:
                counts[place, index_of[label]] += 1
    wanted = [part for part, share in enumerate((1.0, validation_share, test_share)) if share]
    _refuse_small_classes(counts, labels, len(wanted), len(examples))
    targets = _targets(counts.sum(axis=0), validation_share, test_share, len(wanted))
    part_of = _place(counts, targets, wanted, np.random.default_rng(seed))
    _move_missing(counts, part_of, wanted)
    parts: tuple[list[Example], list[Example], list[Example]] = ([], [], [])
    for part, rows in zip(part_of, members.values(), strict=True):
        parts[part].extend(examples[row] for row in rows)
    for part in wanted:
        held = counts[[p == part for p in part_of]].sum(axis=0)
        lacking = [label for label, count in zip(labels, held, strict=True) if not count]
        if lacking:
            raise DataError(
                f"Pictures that belong together (copies, near duplicates or --group-by) leave the {PARTS[part]} part "
                f"without class “{lacking[0]}”. Add pictures, or give parts of your own."
            )
    return parts


def _targets(totals: np.ndarray, validation_share: float, test_share: float, wanted: int) -> np.ndarray:
    """Return how many pictures of each class each part should get, (3, classes)."""
    targets = np.zeros((3, len(totals)), np.int64)
    for column, total in enumerate(totals):
        tests = min(_part_size(total, test_share), total - wanted + 1)
        validations = min(_part_size(total, validation_share), total - tests - 1)
        targets[:, column] = (total - tests - validations, validations, tests)
    return targets


def _place(counts: np.ndarray, targets: np.ndarray, wanted: list[int], rng: np.random.Generator) -> list[int]:
    shuffled = rng.permutation(len(counts))
    largest_first = shuffled[np.argsort(-counts[shuffled].sum(axis=1), kind="stable")]
    scale = np.maximum(targets, 1).astype(float)
    held = np.zeros(targets.shape, np.int64)
    part_of = [0] * len(counts)
    for group in largest_first:
        # The change of the squared relative distance from the target.
        need = targets - held
        costs = ((counts[group] ** 2 - 2 * counts[group] * need) / scale**2).sum(axis=1)
        part = min(wanted, key=lambda p: costs[p])
        part_of[group] = part
        held[part] += counts[group]
    return part_of


def _move_missing(counts: np.ndarray, part_of: list[int], wanted: list[int]) -> None:
    """Give parts the classes they lack, where that takes no class from another part."""
    for part in wanted:
        for column in range(counts.shape[1]):
            inside = np.array(part_of)
            if counts[inside == part, column].any():
                continue
            for group in sorted(np.flatnonzero(counts[:, column]), key=lambda g: counts[g].sum()):
                others = (inside == inside[group]) & (np.arange(len(counts)) != group)
                if (counts[others].sum(axis=0) > 0)[counts[group] > 0].all():
                    part_of[group] = part
                    break


def _refuse_small_classes(counts: np.ndarray, labels: Sequence[str], wanted: int, pictures: int) -> None:
    grouped = len(counts) < pictures
    for label, groups in zip(labels, (counts > 0).sum(axis=0), strict=True):
        if groups < wanted:
            what = "different readable picture" + ("" if groups == 1 else "s")
            together = " (near duplicates and --group-by groups count once)" if grouped else ""
            raise DataError(
                f"Class “{label}” has {groups} {what}{together}; {wanted} are needed to divide it into parts for "
                "training, validation and test. Add pictures or remove the class."
            )


def _declared(examples: Sequence[Example], group_by: str) -> list[str | None]:
    try:
        pattern = re.compile(group_by)
    except re.error as error:
        raise SettingsError(f"--group-by should be a regular expression. Received: {group_by} ({error}).") from None
    matches = [pattern.search(e.path.name) for e in examples]
    if not any(matches):
        raise SettingsError(
            f"--group-by {group_by} matches no file name, “{examples[0].path.name}” for one. Give an expression whose "
            "first group is what the files of a group share."
        )
    return [match and (match.group(1) if pattern.groups else match.group()) for match in matches]


def _neighbours(keys: Sequence[object]) -> list[tuple[int, int]]:
    """Pair each thing with the first one of the same key; None pairs with nothing."""
    first: dict[object, int] = {}
    return [(first.setdefault(key, row), row) for row, key in enumerate(keys) if key is not None]


def _part_size(count: int, share: float) -> int:
    return max(1, round(count * share)) if share else 0
