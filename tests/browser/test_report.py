"""The evaluation report in a browser, from a file, without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from train.metrics.classification import classification_metrics
from train.metrics.multilabel import multilabel_metrics
from train.report.gallery import Evidence
from train.report.write import write_report

LABELS = ["cat", "<i>dog</i>"]
NAMES = ["right.png", "also.png", "<b>mistaken.png"]
PROBABILITIES = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3)).astype(np.uint8)


@pytest.fixture(autouse=True)
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plots take seconds, and nothing is done with them in a browser."""
    monkeypatch.setattr("train.report.write._plots", lambda metrics, labels: {})


@pytest.fixture
def open_report(browser: Browser) -> Iterator[Callable[[Path], Page]]:
    """Open a report on a phone; nothing may fail in it, and nothing may be asked of a server."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    problems: list[str] = []

    def open_(directory: Path) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text))  # what the page's policy forbids
        page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else problems.append(r.url))
        page.goto((directory / "index.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        return page

    yield open_
    context.close()
    assert not problems


def test_a_cell_of_the_confusion_matrix_opens_its_images_by_click_and_by_keyboard(
    open_report: Callable[[Path], Page], tmp_path: Path
) -> None:
    classes = np.array([0, 1, 1])
    metrics = {"split": "test"} | classification_metrics(PROBABILITIES, classes, LABELS)
    write_report(tmp_path, metrics, LABELS, Evidence(IMAGES, NAMES, np.eye(2)[classes], PROBABILITIES))
    page = open_report(tmp_path)

    page.locator(".cells [data-cell='1-0']").click()
    assert "<i>dog</i>, predicted as cat: 1" in page.locator("#cell").inner_text()
    assert "<b>mistaken.png (70%)" in page.locator("#cell").inner_text()
    assert page.locator("#cell img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 48

    page.locator(".cells [data-cell='0-0']").focus()
    page.keyboard.press("Enter")
    assert "right.png (90%)" in page.locator("#cell").inner_text()
    assert "cat (70%)\ntrue label: <i>dog</i>" in page.locator("#misled").inner_text()

    page.get_by_label("Show shares").check()
    assert page.locator(".cells [data-cell='1-0']").inner_text() == "50%"
    page.locator("#matrix table:not(.cells) [data-cell='1-0']").click()  # in the list of what is mixed up
    assert "predicted as cat: 1" in page.locator("#cell").inner_text()


def test_with_several_labels_a_click_opens_what_was_found_missed_or_wrongly_named(
    open_report: Callable[[Path], Page], tmp_path: Path
) -> None:
    targets = np.array([[1, 1], [0, 1], [0, 0]])
    metrics = {"split": "test"} | multilabel_metrics(PROBABILITIES, targets, LABELS, (0.5, 0.5))
    write_report(tmp_path, metrics, LABELS, Evidence(IMAGES, NAMES, targets, PROBABILITIES, PROBABILITIES >= 0.5))
    page = open_report(tmp_path)

    page.locator("[data-cell='1-missed']").click()
    assert "<i>dog</i>, false negatives: 1" in page.locator("#cell").inner_text()
    assert "right.png (10%)" in page.locator("#cell").inner_text()
    assert "cat (70%)\nfalse positive" in page.locator("#misled").inner_text()
    assert "<i>dog</i> (10%)\nfalse negative" in page.locator("#misled").inner_text()


def test_a_page_without_images_says_how_to_get_one_with_them(
    open_report: Callable[[Path], Page], tmp_path: Path
) -> None:
    write_report(
        tmp_path, {"split": "test"} | classification_metrics(PROBABILITIES, np.array([0, 1, 1]), LABELS), LABELS
    )
    page = open_report(tmp_path)

    page.locator(".cells [data-cell='1-0']").click()

    assert "predicted as cat: 1" in page.locator("#cell").inner_text()
    assert "vistazo evaluate" in page.locator("#cell").inner_text()
    assert page.locator("#cell img").count() == 0
