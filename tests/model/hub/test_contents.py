"""What the Hub says of a repository, as far as it can be used."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from model.hub.contents import _licence_of


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ({"license": "cc-by-4.0"}, "cc-by-4.0"),
        ({"license": ["mit", "apache-2.0"]}, ""),
        ({"license": "x" * 41}, ""),
        ({"license": "a\nb"}, ""),
        ({"license": None}, ""),
        ({}, ""),
    ],
)
def test_a_licence_is_one_short_word_or_none(card: dict[str, Any], licence: str) -> None:
    assert _licence_of(SimpleNamespace(card_data=SimpleNamespace(**card))) == licence


def test_a_repository_without_a_card_names_no_licence() -> None:
    assert _licence_of(SimpleNamespace(card_data=None)) == "" and _licence_of(SimpleNamespace()) == ""
