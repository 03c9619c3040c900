"""The colours of labels in timelines and legends."""

from __future__ import annotations

from collections.abc import Collection, Sequence

# Distinguishable with colour blindness as well (after Okabe & Ito 2008), dark enough for white letters (WCAG AA).
_COLOURS = ("#0072b2", "#b34d00", "#007a59", "#a64d79", "#806000", "#2a7f9e", "#6a4fb3", "#5f6b00")
_GREY = "#6b7280"


def label_colours(labels: Sequence[str], background: Collection[str] = ()) -> dict[str | None, str]:
    """Return the CSS colour of each label, in the order given; None stands for "none of these".

    Args:
        labels: The labels.
        background: Those that mean that nothing is there: they are grey, as "none of these" is.
    """
    named = [label for label in labels if label not in background]
    colours: dict[str | None, str] = {label: _COLOURS[place % len(_COLOURS)] for place, label in enumerate(named)}
    return colours | dict.fromkeys([None, *background], _GREY)
