"""Reliability diagrams, and the effect of the “none of these” threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.metrics.reliability import expected_gap, reliability, threshold_effect


def test_bins_hold_mean_confidence_accuracy_and_number() -> None:
    bins = reliability(np.array([0.02, 0.04, 0.99, 1.0]), np.array([False, True, True, True]))

    assert bins == [[0, 0.03, 0.5, 2], [0.9333, 0.995, 1.0, 2]]
    assert expected_gap(np.array([0.02, 0.04, 0.99, 1.0]), np.array([0, 1, 1, 1], bool)) == pytest.approx(0.2375)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_every_prediction_is_in_one_bin(predictions: list[tuple[float, bool]]) -> None:
    confidence, right = (np.array(column) for column in zip(*predictions, strict=True))

    bins = reliability(confidence, right)

    assert sum(count for *_, count in bins) == len(predictions)
    assert all(low <= mean + 1e-4 and mean <= low + 1 / 15 + 1e-4 for low, mean, _, _ in bins)


def test_the_threshold_s_effect_is_counted() -> None:
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.55, 0.45], [0.2, 0.8]])

    effect = threshold_effect(probabilities, np.array([0, 1, 0, 1]), 0.7)

    assert (effect["answered"], effect["coverage"], effect["accuracy_answered"]) == (2, 0.5, 1.0)
    assert (effect["withheld_right"], effect["withheld_wrong"]) == (1, 1)
    assert effect["sweep"][0] == [0.0, 1.0, 0.75]
    assert effect["sweep"][-1] == [0.99, 0.0, None]  # without predictions there is no accuracy
