"""The image tab offers what the network can do."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest

from interface.server.request_guard import RequestGuard
from interface.server.storage import UploadStorage
from interface.tabs.image import add_image_tab, outlined


@pytest.mark.parametrize("explains", [True, False])
def test_a_heat_map_is_offered_where_the_network_computes_one(
    explains: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    classifier: Any = SimpleNamespace(bundle=SimpleNamespace(input=None), explains=explains)
    decoders: Any = SimpleNamespace()
    with gr.Blocks() as page:
        add_image_tab(classifier, [], decoders, RequestGuard(3, UploadStorage(1)))

    button: Any = next(block for block in page.blocks.values() if block.elem_id == "show-heat")
    assert button.visible == explains


def test_boxes_are_drawn_as_lines_so_that_what_is_in_them_keeps_its_colours() -> None:
    red = np.full((100, 90, 3), (255, 0, 0), np.uint8)
    image, [(mask, label)] = outlined(red, [((10, 20, 60, 80), "China 98%")])
    rows, columns = np.nonzero(mask)
    assert label == "China 98%" and mask.shape == (100, 90)
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (12, 22, 57, 77)
    inside = np.s_[30:70, 20:50]
    assert not mask[inside].any() and (image[inside] == (255, 0, 0)).all()
    assert (image[20:22, 10:60] == 255).all(), "a white line sets a red one apart from red"
    assert (image[:20] == (255, 0, 0)).all() and (red == (255, 0, 0)).all()


def test_a_box_that_is_smaller_than_its_lines_stays_inside_itself() -> None:
    image, [(mask, _)] = outlined(np.zeros((50, 40, 3), np.uint8), [((0, 0, 3, 4), "cat")])
    assert image[:4, :3].all() and image.sum() == 4 * 3 * 3 * 255
    assert not mask.any()
