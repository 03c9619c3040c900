"""What the image tab says beside its answer."""

from __future__ import annotations

import pytest

from interface.image_tab import besides


@pytest.mark.parametrize(
    ("threshold", "answer", "shown"),
    [
        (0.4, {"Cat": 0.23, "Dog": 0.2}, True),
        (0.4, {"Cat": 0.4, "Dog": 0.2}, False),
        (None, {"Cat": 0.01}, False),
        (0.4, {}, False),
        (0.4, None, False),
    ],
)
def test_doubt_is_put_into_words(threshold: float | None, answer: dict[str, float] | None, shown: bool) -> None:
    note, _, _ = besides(threshold)(answer)
    assert note["visible"] is shown
    if shown:
        assert note["value"] == "None of these, probably: even the likeliest label reaches only 23%."


def test_every_label_of_an_answer_can_be_explained() -> None:
    _, why, heat = besides(None)({"Cat": 0.6, "Dog": 0.4})
    assert (why["choices"], why["value"], why["visible"]) == (["Cat", "Dog"], None, True)
    assert (heat["value"], heat["visible"]) == (None, False)


def test_without_an_answer_there_is_nothing_to_explain() -> None:
    _, why, _ = besides(None)(None)
    assert (why["choices"], why["visible"]) == ([], False)
