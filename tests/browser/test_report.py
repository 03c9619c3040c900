"""The evaluation report in a browser, from a file, without a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from train.evaluation import measure
from train.gallery import Evidence
from train.report import write_report

LABELS = ["cat", "<i>dog</i>"]


def test_a_cell_of_the_confusion_matrix_opens_its_pictures_by_click_and_by_keyboard(
    browser: Browser, tmp_path: Path
) -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
    classes = np.array([0, 1, 1])
    pictures = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3)).astype(np.uint8)
    names = ["right.png", "also.png", "<b>mistaken.png"]
    metrics = {"split": "test"} | measure(probabilities, classes, LABELS)
    write_report(tmp_path, metrics, LABELS, Evidence(pictures, names, classes, probabilities))
    page = browser.new_page(viewport={"width": 390, "height": 844})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto((tmp_path / "report" / "index.html").as_uri())

    page.locator("[data-cell='1-0']").click()
    assert "<i>dog</i>, taken for cat: 1" in page.locator("#cell").inner_text()
    assert "<b>mistaken.png (70 %)" in page.locator("#cell").inner_text()
    assert page.locator("#cell img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 48

    page.locator("[data-cell='0-0']").focus()
    page.keyboard.press("Enter")
    assert "right.png (90 %)" in page.locator("#cell").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not problems
    page.close()
