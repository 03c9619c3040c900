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
from interface.tabs.image import add_image_tab, outline


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


def test_a_box_is_drawn_as_lines_so_that_what_is_in_it_keeps_its_colours() -> None:
    mask = outline((10, 20, 60, 80), (100, 90, 3))
    rows, columns = np.nonzero(mask)
    assert mask.shape == (100, 90)
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (10, 20, 59, 79)
    assert not mask[25:75, 15:55].any()


def test_a_box_that_is_smaller_than_its_lines_stays_inside_itself() -> None:
    rows, columns = np.nonzero(outline((0, 0, 3, 4), (50, 50, 3)))
    assert (columns.max(), rows.max()) == (2, 3)
