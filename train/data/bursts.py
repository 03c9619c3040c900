"""Recognise frames of one burst or clip, which look alike, and say how they are kept together."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from train.data.folders import Example, natural_key

# So many images that look alike are no accident.
LEAST_FRAMES = 5
# The name of a clip, and the number of a frame: “clip 2-0017.jpg”.
GROUP_PATTERN = r"^(.+?)[ ._-]*(?:frame|img|f)?[ ._-]*\d+\.[^.]+$"


def bursts(examples: Sequence[Example], groups: Sequence[int]) -> list[str]:
    """Return a line for each group of at least `LEAST_FRAMES` images, the largest first: "cat: 30 images, 0.jpg …".

    Args:
        examples: The images.
        groups: The group of each.
    """
    large = [[examples[row] for row in rows] for rows in rows_by_group(groups, LEAST_FRAMES)]
    lines = []
    for found in sorted(large, key=len, reverse=True):
        labels = "+".join(sorted({example.label for example in found}, key=natural_key))
        names = sorted((example.path.name for example in found), key=natural_key)
        lines.append(f"{labels}: {len(found)} images, {names[0]} … {names[-1]}")
    return lines


def rows_by_group(groups: Sequence[int], least: int = 2) -> list[list[int]]:
    """Return the rows of each group of at least `least` images, in order."""
    members: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        members[group].append(row)
    return [rows for rows in members.values() if len(rows) >= least]


def how_to_group(examples: Sequence[Example]) -> str:
    """Return how groups are given: the option --group-by, with an expression that suits the names where one does."""
    clips: dict[str, Counter[str]] = defaultdict(Counter)
    for example in examples:
        if found := re.search(GROUP_PATTERN, example.path.name):
            clips[example.label][found[1]] += 1
    counts = [count for of_class in clips.values() for count in of_class.values()]
    if any(len(of_class) > 1 for of_class in clips.values()) and sum(counts) >= max(3 * len(counts), len(examples) / 2):
        return f"--group-by '{GROUP_PATTERN}'"
    return "--group-by REGEX, whose first group is what the file names of one clip, person or day share"
