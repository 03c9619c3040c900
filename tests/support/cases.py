"""Cases of parametrized tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest


def rotating(first: Sequence[Any], second: Sequence[Any], ids: Sequence[str] = ()) -> list[Any]:
    """The cross product of two lists of values, of which the default run has one pair for each of the first list.

    Args:
        first: Each of them is in the default run.
        second: These take turns.
        ids: Their names; none to use the values themselves.
    """
    names = ids or [str(value) for value in second]
    return [
        pytest.param(
            one,
            other,
            id=f"{one}-{names[turn]}",
            marks=() if turn == number % len(second) else pytest.mark.nightly,
        )
        for number, one in enumerate(first)
        for turn, other in enumerate(second)
    ]
