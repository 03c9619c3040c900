"""Links to a tab or an example say nothing but names that the page has."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from interface.deep_links import tab_to_open


def visit(**query: str) -> gr.Request:
    request = gr.Request()
    vars(request)["request"] = SimpleNamespace(query_params=query, headers={})
    return request


@pytest.mark.parametrize(
    ("query", "tab"),
    [
        ({}, None),
        ({"tab": "video"}, "video"),
        ({"tab": "compare"}, None),
        ({"tab": "<script>"}, None),
        ({"example": "brazil"}, "image"),
        ({"example": "three-flags"}, "video"),
        ({"example": "three-flags", "tab": "about"}, "video"),
        ({"example": "unheard-of", "tab": "about"}, "about"),
        ({"tab": "model"}, "about"),  # what the tab was called
        ({"example": "../brazil"}, None),
    ],
)
def test_the_address_names_a_tab_or_an_example(query: dict[str, str], tab: str | None) -> None:
    images, clips = [Path("brazil.jpg")], [Path("three-flags.mp4")]
    assert tab_to_open(visit(**query), ["image", "video", "about"], images, clips) == tab


def test_an_example_may_be_one_of_the_comparison() -> None:
    tabs = ["image", "video", "compare"]
    assert tab_to_open(visit(tab="compare", example="brazil"), tabs, [Path("brazil.jpg")], []) == "compare"


def test_a_program_opens_no_tab() -> None:
    assert tab_to_open(None, ["image"], [], []) is None
