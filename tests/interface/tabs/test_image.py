"""The image tab offers what the network can do."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest

from interface.server.request_guard import RequestGuard
from interface.server.storage import UploadStorage
from interface.tabs.image import add_image_tab


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


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "This model computes no heat maps"), ("es", "no calcula mapas"), ("fr", "ne calcule pas de cartes")],
)
def test_a_program_that_asks_for_a_heat_map_of_a_network_without_one_is_told_so(
    language: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    classifier: Any = SimpleNamespace(bundle=SimpleNamespace(input=None), explains=False)
    guard = RequestGuard(3, UploadStorage(1))
    with gr.Blocks() as page:
        add_image_tab(classifier, [], cast(Any, None), guard)
    explain = next(event.fn for event in page.fns.values() if event.api_name == "explain_image")
    assert explain is not None

    with pytest.raises(gr.Error, match=sentence):
        explain(
            {"path": "any"}, "", cast(Any, SimpleNamespace(query_params={"lang": language}, client=None, headers={}))
        )

    assert guard.counts() == {"refused": 1}
