"""What the image tab says beside its answer."""

from __future__ import annotations

import pytest

from interface.image_tab import unknown_note


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
    update = unknown_note(threshold)(answer)
    assert update["visible"] is shown
    if shown:
        assert update["value"] == "None of these, probably: even the likeliest label reaches only 23%."
