"""Each label has one colour; what means that nothing is there is grey."""

from __future__ import annotations

import pytest

from interface.label_colours import is_background, label_colours


def test_nothing_is_grey_and_takes_no_colour_from_a_label() -> None:
    colours = label_colours(["no flag", "Brazil", "Japan"], background=["no flag"])
    assert colours["no flag"] == colours[None]
    assert len({colours["Brazil"], colours["Japan"], colours[None]}) == 3
    assert {name: colours[name] for name in ("Brazil", "Japan")} == {
        name: label_colours(["Brazil", "Japan"])[name] for name in ("Brazil", "Japan")
    }


@pytest.mark.parametrize("label", ["no flag", "No_cat", "none", "None of them", "background", "Other", "not a bird"])
def test_labels_that_mean_nothing(label: str) -> None:
    assert is_background(label)


@pytest.mark.parametrize("label", ["Norway", "North Korea", "notebook", "mother", "cat", "nobody"])
def test_labels_that_mean_something(label: str) -> None:
    assert not is_background(label)
