"""The image tab as a visitor uses it."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import ceil, floor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from model.bundle import load_bundle
from model.classifier import Classifier, top_labels
from model.hub.resolve import EMBEDDED
from model.preprocessing import prepare, read_image
from model.verdict import SURE_FROM
from tests.support.browser import scrolls_sideways, top_label
from tests.support.images import cmyk, sixteen_bit_grey
from tests.support.serving import EXAMPLES, IMAGES, slug


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(EMBEDDED)


def choose_example(page: Page, image: Path) -> None:
    page.locator(f'button.gallery-item img[src$="/{image.name}"]').click()


def upload(page: Page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator("#image").get_by_label("Drop an image here").click()
    chooser.value.set_files(path)


@pytest.mark.parametrize(
    ("language", "label"), [("es", "Imagen"), pytest.param("fr", "Image", marks=pytest.mark.nightly)]
)
def test_the_box_keeps_its_label_with_an_example_in_it(
    open_page: Callable[..., Page], language: str, label: str
) -> None:
    page = open_page(query=f"?lang={language}")
    shown = page.locator("#image").get_by_test_id("block-label")
    expect(shown).to_have_text(label)
    choose_example(page, IMAGES[0])
    expect(top_label(page)).to_be_visible()
    expect(shown).to_have_text(label)
    expect(page.get_by_text("[object Object]")).to_have_count(0)


def test_the_labels_are_listed_and_every_example_shows_its_label(page: Page) -> None:
    expect(page.locator("#header li")).to_have_count(8)
    page.get_by_text("all 97").click()
    expect(page.locator("#all-labels p")).to_contain_text(", ".join(load_bundle(EMBEDDED).labels[:5]))
    labels = {slug(label): label for label in load_bundle(EMBEDDED).labels}
    for image in IMAGES:
        choose_example(page, image)
        expect(top_label(page)).to_have_text(labels[image.stem])
        expect(page.locator("#answer li span").first).to_have_text(labels[image.stem])


@pytest.mark.parametrize("make", [cmyk, pytest.param(sixteen_bit_grey, marks=pytest.mark.nightly)])
def test_an_own_image_gets_a_bar_for_each_label_from_one_percent(
    page: Page, classifier: Classifier, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    ranking = top_labels(classifier.classify(read_image(path)), classifier.bundle.labels)
    expected = [(label, probability) for label, probability in ranking if probability >= 0.01]
    upload(page, path)
    expect(page.locator("#answer li span")).to_have_text([label for label, _ in expected])
    shown = [float(text.rstrip("%")) / 100 for text in page.locator("#answer li b").all_inner_texts()]
    assert shown == pytest.approx([probability for _, probability in expected], abs=0.006)


def test_the_reason_for_a_broken_file_stands_where_the_answer_would(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 and no more")
    upload(page, broken)
    expect(page.locator("#answer")).to_contain_text("“broken.jpg” is")
    expect(page.get_by_test_id("toast-body")).to_have_count(0)  # said once, and nothing else
    expect(page.locator("#show-heat")).to_be_disabled()
    expect(page.locator("#image img")).to_be_hidden()  # no sign of a broken image
    choose_example(page, IMAGES[0])
    expect(top_label(page)).to_have_text(next(x for x in load_bundle(EMBEDDED).labels if slug(x) == IMAGES[0].stem))
    expect(page.locator("#image img")).to_be_visible()


def test_one_image_after_the_other_and_an_empty_box_that_empties_the_answer(
    page: Page, classifier: Classifier, tmp_path: Path
) -> None:
    choose_example(page, IMAGES[0])
    expect(top_label(page)).to_be_visible()
    for make in (cmyk, sixteen_bit_grey):
        path = make(tmp_path)
        page.locator("#image input[type=file]").set_input_files(path)
        ((label, probability),) = top_labels(classifier.classify(read_image(path)), classifier.bundle.labels, 1)
        # The figure as well: two images may have one label, and the first one's answer is still there.
        percent = 100 * probability
        expect(page.locator("#answer li b").first).to_have_text(re.compile(f"^({floor(percent)}|{ceil(percent)})%$"))
        expect(page.locator("#answer li span").first).to_have_text(label)

    page.locator("#image").get_by_label("Remove Image").click()
    expect(top_label(page)).to_have_count(0)
    expect(page.locator("#answer")).to_contain_text("Choose an image")
    expect(page.locator("#show-heat")).to_be_disabled()


def test_doubt_is_said_in_words(page: Page, classifier: Classifier, tmp_path: Path) -> None:
    nine = np.tile(read_image(EXAMPLES / "images" / "brazil.jpg")[::3, ::3], (3, 3, 1))
    Image.fromarray(nine).save(tmp_path / "nine.png")
    found = classifier.predict(prepare(nine, classifier.bundle.input))
    assert found.is_unknown and found.probabilities.max() >= SURE_FROM
    upload(page, tmp_path / "nine.png")
    expect(top_label(page)).to_have_text("None of these")
    expect(page.locator("#answer")).to_contain_text("It is unlike the training images. The closest label is Brazil.")
    choose_example(page, IMAGES[0])
    expect(page.locator("#answer .vz-sure")).to_have_text("Very sure")


def test_the_heat_map_and_the_boxes_take_the_images_place(page: Page) -> None:
    expect(page.locator("#show-heat")).to_be_disabled()
    choose_example(page, EXAMPLES / "images" / "poland-upside-down.jpg")
    expect(top_label(page)).to_be_visible()
    page.locator("#show-heat").click()
    heat = page.locator("#heat img")
    expect(heat).to_be_visible()
    expect(page.locator("#image img")).to_be_hidden()
    expect(page.locator("#legend textarea")).to_have_value(re.compile("^Bright regions count towards"))
    first = heat.get_attribute("src")
    choices = page.locator("#why label")
    expect(choices.first.locator("input")).to_be_checked()
    choices.nth(1).click()
    expect(heat).not_to_have_attribute("src", first or "")
    page.locator("#show-boxes").click()
    expect(page.locator("#found img").first).to_be_visible()
    expect(heat).to_be_hidden()
    page.locator("#show-boxes").click()
    expect(page.locator("#image img")).to_be_visible()
    page.locator("#show-heat").click()
    expect(heat).to_be_visible()
    choose_example(page, EXAMPLES / "images" / "sweden.jpg")
    expect(top_label(page)).to_have_text("Sweden")
    expect(heat).to_be_hidden()  # it belonged to the image before
    expect(page.locator("#image img")).to_be_visible()


def test_on_a_phone_the_answer_comes_into_sight_with_its_image_and_nothing_scrolls_sideways(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(phone=True)
    choose_example(page, IMAGES[0])
    expect(page.locator("#answer li").last).to_be_in_viewport(ratio=1)
    expect(page.locator("#image img")).to_be_in_viewport(ratio=1)
    page.locator("#show-heat").tap()
    expect(page.locator("#heat img")).to_be_in_viewport(ratio=0.9)
    page.locator("#show-boxes").tap()
    expect(page.locator("#found img").first).to_be_in_viewport(ratio=0.9)
    assert not scrolls_sideways(page)
    page.get_by_role("tab", name="Video").click()
    expect(page.locator("#clip")).to_be_visible()
    assert not scrolls_sideways(page)


@pytest.mark.parametrize(
    "phone", [pytest.param(False, id="desktop", marks=pytest.mark.nightly), pytest.param(True, id="phone")]
)
def test_an_answer_moves_nothing_that_is_there(open_page: Callable[..., Page], tmp_path: Path, phone: bool) -> None:
    """The sum of layout shifts (Layout Instability API, W3C): up to 0.1 is called good."""
    page = open_page(phone)
    expect(page.locator("#image-examples img").first).to_be_visible()
    page.evaluate(
        """() => {
          window.shifts = 0;
          new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shifts += entry.value; }))
            .observe({ type: "layout-shift" });
        }"""
    )
    page.locator("#image input[type=file]").set_input_files(cmyk(tmp_path))
    expect(top_label(page)).to_be_visible()
    page.wait_for_timeout(300)
    assert page.evaluate("window.shifts") <= 0.1
