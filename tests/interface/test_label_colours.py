"""Each label has one colour; what means that nothing is there is grey."""

from __future__ import annotations

from interface.label_colours import label_colours


def test_nothing_is_grey_and_takes_no_colour_from_a_label() -> None:
    colours = label_colours(["no flag", "Brazil", "Japan"], background=["no flag"])
    assert colours["no flag"] == colours[None]
    assert len({colours["Brazil"], colours["Japan"], colours[None]}) == 3
    assert {name: colours[name] for name in ("Brazil", "Japan")} == {
        name: label_colours(["Brazil", "Japan"])[name] for name in ("Brazil", "Japan")
    }
