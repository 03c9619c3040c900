"""The image gallery of the report: which images are in it, how many, and file names escaped."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from train.report.gallery import Evidence, images_block, without_images


def evidence(count: int = 6, name: str = "x.png") -> Evidence:
    """Every second image is a mistake; later ones have a higher confidence."""
    images = np.random.default_rng(0).integers(0, 256, (count, 9, 9, 3)).astype(np.uint8)
    top = np.linspace(0.6, 0.9, count)
    names = [name] * count if name != "x.png" else [f"{i}.png" for i in range(count)]
    return Evidence(images, names, np.eye(2)[np.arange(count) % 2], np.stack([top, 1 - top], axis=1))


def content_of(block: str) -> dict[str, Any]:
    found = re.fullmatch(r'<script id="images" type="application/json">(.*?)</script>', block, re.DOTALL)
    assert found
    return json.loads(found[1])


def names_in(content: dict[str, Any], cell: str) -> list[str]:
    return [content["images"][index][1] for index, _ in content["cells"][cell]]


def test_every_cell_has_its_images_the_highest_confidence_first() -> None:
    content = content_of(images_block(evidence()))

    assert names_in(content, "0-0") == ["4.png", "2.png", "0.png"]
    assert names_in(content, "1-0") == ["5.png", "3.png", "1.png"]
    assert content["cells"]["1-0"][0][1] == 0.9
    assert [cell for cell, *_ in content["mistakes"]] == ["1-0"] * 3
    assert content["images"][content["mistakes"][0][1]][1] == "5.png"


def test_a_cell_of_many_images_shows_a_few_and_mistakes_go_first() -> None:
    content = content_of(images_block(evidence(3000)))

    assert len(content["cells"]["1-0"]) == len(content["cells"]["0-0"]) == 12
    assert len(content["mistakes"]) == 24
    assert len(content["images"]) == 36  # each image once, however often it is shown


def test_with_several_labels_images_are_found_missed_or_wrong() -> None:
    given = evidence(3)
    probabilities = np.array([[0.9, 0.1], [0.3, 0.8], [0.7, 0.4]])
    targets = np.array([[1, 1], [0, 1], [0, 0]])
    several = Evidence(given.images, given.names, targets, probabilities, probabilities >= 0.5)

    content = content_of(images_block(several))

    assert {cell: names_in(content, cell) for cell in content["cells"]} == {
        "0-found": ["0.png"],
        "1-missed": ["0.png"],
        "1-found": ["1.png"],
        "0-wrong": ["2.png"],
    }
    assert [cell for cell, *_ in content["mistakes"]] == ["1-missed", "0-wrong"]


def test_file_names_are_text_and_not_markup() -> None:
    block = images_block(evidence(name="</script><script>alert(1)</script>"))

    assert block.count("<") == 2
    assert content_of(block)["images"][0][1] == "</script><script>alert(1)</script>"


def test_what_is_published_has_no_images_and_no_file_names() -> None:
    page = f"<p>before</p>{images_block(evidence(name='Jane Doe.png'))}<p>after</p><script>run()</script>"

    public = without_images(page.encode()).decode()

    assert public == f"<p>before</p>{images_block(None)}<p>after</p><script>run()</script>"
    assert content_of(images_block(None)) == {}
    assert without_images(b"\xff no report of ours") == b"\xff no report of ours"


def test_images_in_reports_of_older_bundles_are_not_published_either() -> None:
    block = images_block(evidence(name="Jane Doe.png")).replace('id="images"', 'id="pictures"')

    public = without_images(f"<p>before</p>{block}<p>after</p>".encode()).decode()

    assert public == '<p>before</p><script id="pictures" type="application/json">{}</script><p>after</p>'
