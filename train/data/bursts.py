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

# What stands before the first separator, unless it is a number: “anna3_left_angry.jpg”.
BEGINNING_PATTERN = r"^([^ ._-]*[A-Za-z][^ ._-]*)[ _-]"
_FEWEST_EACH = 3  # images of one person, place or day
_NO_BEGINNINGS = frozenset(
    {"img", "dsc", "dscn", "image", "images", "photo", "pic", "picture", "frame", "scan", "screenshot"}
)


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


def shared_beginnings(examples: Sequence[Example]) -> str:
    """Return what file names say that begin alike, as those of persons, places or days do; empty where none do.

    An image of a person whom the network has seen in training says little about a new person.
    """
    found = [re.search(BEGINNING_PATTERN, example.path.name) for example in examples]
    counts = Counter(match[1] for match in found if match and match[1].casefold() not in _NO_BEGINNINGS)
    shared = [beginning for beginning, count in counts.most_common() if count >= _FEWEST_EACH]
    labels = {example.label for example in examples}
    if len(shared) <= max(2, len(labels)) or counts.total() < 0.9 * len(examples) or len(shared) < 0.5 * len(counts):
        return ""
    return (
        f"File names share {len(shared)} beginnings ({shared[0]}, {shared[1]} …). If each is a person, a place or a "
        f"day, keep its images in one split: --group-by '{BEGINNING_PATTERN}'. Otherwise the metrics are too high."
    )
