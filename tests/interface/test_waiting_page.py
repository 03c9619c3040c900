"""The page that waits for its model, and its replacement."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from interface import page as pages
from interface.page import Page
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
