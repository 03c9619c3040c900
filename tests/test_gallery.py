"""The clickable part of the report: what is in it, how much, and nothing that acts."""

from __future__ import annotations

import json
import re

import numpy as np

from train.gallery import Evidence, gallery


def evidence(count: int = 6, name: str = "x.png") -> Evidence:
    rng = np.random.default_rng(0)
    probabilities = np.tile([0.9, 0.1], (count, 1))
    return Evidence(
        rng.integers(0, 256, (count, 90, 90, 3)).astype(np.uint8), [name] * count, np.arange(count) % 2, probabilities
    )


def cells_of(page: str) -> dict[str, list[list[object]]]:
    found = re.search(r'application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])["cells"]


def test_every_cell_that_has_pictures_opens_them() -> None:
    cells = cells_of(gallery(evidence(), ["cat", "dog"]))

    assert {key: len(pictures) for key, pictures in cells.items()} == {"0-0": 3, "1-0": 3}


def test_a_cell_of_many_pictures_shows_a_few() -> None:
    assert len(cells_of(gallery(evidence(100), ["cat", "dog"]))["1-0"]) == 12


def test_labels_and_file_names_are_text_and_not_markup() -> None:
    page = gallery(evidence(name="</script><script>alert(1)</script>"), ["<b>cat</b>", "dog"])

    assert "<b>cat" not in page
    assert page.count("<script") == 2
    assert cells_of(page)["0-0"][0][1] == "</script><script>alert(1)</script>"
