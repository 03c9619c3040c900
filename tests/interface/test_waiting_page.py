"""The page that waits for its model, and its replacement; when there is no page, and what is logged of one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from interface import page as pages
from interface.page import Page
from model.errors import SettingsError
from model.limits import Limits
from model.loading import LoadedModel, ModelLoader


def test_a_late_model_is_ready_only_once_its_page_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    loader = ModelLoader(None)
    loader.start()
    loader.wait(None)
    page = Page()
    page.is_running = True
    page.waits_for = "The model is loading."
    during: list[tuple[LoadedModel | None, str | None]] = []

    def change(page: Page, add_content: Callable[[], object]) -> None:
        with page:
            add_content()
        during.append((page.model, page.waits_for))

    def protect(page: Page) -> None:
        during.append((page.model, page.waits_for))

    monkeypatch.setattr(pages, "change_content", change)
    monkeypatch.setattr(pages, "_protect_examples", protect)
    pages._follow(page, [loader])

    assert during == [(None, "The model is loading.")] * 2
    assert page.model is loader.model is not None
    assert page.waits_for is None


@pytest.mark.parametrize(("taken", "warns"), [(500, False), (900, True), (1200, True)])
def test_an_app_that_leaves_its_decoders_no_memory_says_so(
    taken: int, warns: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pages, "limits", lambda: Limits(decoder_megabytes=1000))
    monkeypatch.setattr(pages, "resident_bytes", lambda _: taken * 2**20)
    pages._warn_of_little_memory()
    sentence = f"takes {taken} of the 1000 MB that VISTAZO_MAX_DECODER_MEGABYTES allows"
    assert (sentence in caplog.text) == warns


def test_where_no_process_can_decode_there_is_no_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.sandbox.pool.sys", SimpleNamespace(platform="win32"))
    with pytest.raises(SettingsError, match="does not run on Windows"):
        Page()
