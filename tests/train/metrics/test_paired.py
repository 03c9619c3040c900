"""Whether two models differ by more than chance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from train.metrics.paired import mcnemar


@pytest.mark.parametrize(
    ("only_first", "only_second", "expected"),
    [(0, 0, 1.0), (3, 3, 1.0), (5, 0, 2 / 2**5), (10, 2, 2 * (1 + 12 + 66) / 2**12)],
)
def test_only_images_that_one_of_the_models_gets_wrong_count(
    only_first: int, only_second: int, expected: float
) -> None:
    both, none = [True] * 40, [False] * 7
    first = np.array(both + none + [True] * only_first + [False] * only_second)
    second = np.array(both + none + [False] * only_first + [True] * only_second)

    assert mcnemar(first, second) == pytest.approx(expected)
    assert mcnemar(second, first) == pytest.approx(expected)


def test_images_of_a_group_are_one_piece_of_evidence() -> None:
    first, second = np.ones(40, bool), np.zeros(40, bool)
    clips = np.arange(4).repeat(10).tolist()

    assert mcnemar(first, second) == pytest.approx(2 / 2**40)
    assert mcnemar(first, second, clips) == pytest.approx(2 / 2**4)
    assert mcnemar(first, second, list(range(40))) == pytest.approx(2 / 2**40)


def test_of_very_many_images_the_value_is_the_normal_approximation() -> None:
    first = np.arange(5000) < 2600
    assert mcnemar(first, ~first) == pytest.approx(math.erfc(200 / math.sqrt(2 * 5000)))
