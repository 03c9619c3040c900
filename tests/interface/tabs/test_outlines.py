"""Boxes on an image are lines that can be seen on any colour."""

from __future__ import annotations

import numpy as np

from interface.tabs.outlines import outlined


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
