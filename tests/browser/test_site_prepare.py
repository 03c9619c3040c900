"""`prepare` in the browser and in Python: the same pixels, probabilities and verdicts."""

from __future__ import annotations

import base64
import io
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from model.bundle import Bundle, load_bundle
from model.classifier import Classifier
from model.hub.resolve import EMBEDDED
from model.preprocessing import ColourMode, InputSpec, ResizeRule, prepared_image
from model.verdict import classification_of
from tests.support.browser import TIMEOUT
from tests.support.cases import rotating
from tests.support.images import scene
from tests.support.site import ISOLATED, served_site, written_site
from train.site.description import Source, describe_site
from train.site.network import with_batch_of_one
from train.site.texts import LANGUAGES, page_texts

SPECS = [
    InputSpec(width, height, colour_mode, resize_rule)
    for (width, height), colour_mode, resize_rule in itertools.product(
        ((144, 144), (64, 40)), get_args(ColourMode), get_args(ResizeRule)
    )
]
PREPARE = """async ([content, specs]) => {
    const { decodeImage } = await import("./engine/decode.js");
    const { prepare } = await import("./engine/prepare.js");
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    const found = [];
    for (const spec of specs) {
        const prepared = prepare(await decodeImage(new Blob([bytes]), spec), spec);
        let text = "";
        for (const value of prepared) text += String.fromCharCode(value);
        found.push(btoa(text));
    }
    return found;
}"""
VERDICTS = """async ([cases, model, rows]) => {
    const { classificationOf, readReferences } = await import("./engine/verdict.js");
    const bytes = rows && Uint8Array.from(atob(rows), (c) => c.charCodeAt(0));
    const references = rows && readReferences(bytes.buffer, model.statistics.channels);
    return cases.map(([logits, features]) => {
        const { probabilities, verdict, isUnknown } = classificationOf(logits, features, model, references);
        return [Array.from(probabilities), verdict, isUnknown];
    });
}"""
BACKEND = 'import("./page/engine.js").then(({ run }) => run("load")).then(({ backend }) => backend)'
CLASSIFY = """async (contents) => {
    const { run } = await import("./page/engine.js");
    const found = [];
    for (const content of contents) {
        const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
        const { probabilities, verdict } = await run("classify", { file: new Blob([bytes]) });
        found.push([Array.from(probabilities), verdict]);
    }
    return found;
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with served_site(written_site(EMBEDDED, tmp_path_factory.mktemp("site") / "out")) as address:
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.goto(address)
        page.get_by_role("tab").first.wait_for()
        yield page
        context.close()


def content(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stored = io.BytesIO()
    image.save(stored, kind, **options)
    return stored.getvalue()


def transparent(width: int, height: int) -> Image.Image:
    image = Image.fromarray(scene(width, height, 3)).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize((width, height)))
    return image


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def colours(width: int, height: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(scene(width, height, seed))


MADE: dict[str, Callable[[], bytes]] = {
    "large": lambda: content(colours(1210, 803)),
    "of the input's size": lambda: content(colours(144, 144)),
    "a little larger": lambda: content(colours(200, 151)),
    "small": lambda: content(colours(50, 37)),
    "wide": lambda: content(colours(700, 90)),
    "tall and narrow": lambda: content(colours(60, 500)),
    "one pixel": lambda: content(colours(1, 1)),
    "grey": lambda: content(colours(333, 250).convert("L")),
    "16-bit grey": lambda: content(Image.fromarray(scene(120, 90, 4)[..., 0].astype(np.uint16) * 257)),
    "palette": lambda: content(colours(300, 200).quantize(64)),
    "GIF": lambda: content(colours(300, 200).quantize(64), "GIF"),
    "transparent": lambda: content(transparent(320, 240)),
    "transparent WebP": lambda: content(transparent(320, 240), "WEBP", lossless=True, exact=True),
    "BMP": lambda: content(colours(301, 199), "BMP"),
    **{
        f"turned {kind} {orientation}": lambda orientation=orientation, kind=kind: content(  # type: ignore[misc]
            colours(400, 260), kind, lossless=True, exif=exif(orientation)
        )
        for orientation in range(2, 9)
        for kind in ("WEBP", "PNG")
    },
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.nightly if re.match("turned .* [2-578]", name) else ()) for name in MADE],
)
def test_an_image_is_prepared_within_one_level_of_python(name: str, page: Page) -> None:
    image = MADE[name]()

    found = page.evaluate(PREPARE, [base64.b64encode(image).decode(), [vars(spec) for spec in SPECS]])

    for spec, encoded in zip(SPECS, found, strict=True):
        prepared = np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(spec.height, spec.width, 3)
        difference = np.abs(prepared.astype(int) - prepared_image(image, spec))
        assert difference.max() <= 1, spec


def test_a_large_photograph_is_prepared_nearly_as_in_python(page: Page) -> None:
    # JPEG is decoded at a fraction of its size in Python; the browser averages whole pixels instead.
    image = content(colours(2400, 1500), "JPEG", quality=92)
    specs = SPECS[:1]

    (found,) = page.evaluate(PREPARE, [base64.b64encode(image).decode(), [vars(spec) for spec in specs]])

    difference = np.abs(
        np.frombuffer(base64.b64decode(found), np.uint8).astype(int) - prepared_image(image, specs[0]).ravel()
    )
    assert difference.mean() < 0.6


def verdicts(page: Page, bundle: Bundle, cases: list[tuple[np.ndarray, np.ndarray | None]]) -> list[Any]:
    texts = {language: page_texts(language) for language in LANGUAGES}
    model = describe_site(bundle, with_batch_of_one(bundle.network.read_bytes()), Source(), texts)["model"]
    rows = None
    if bundle.statistics is not None:
        rows = base64.b64encode(bundle.statistics.references.astype("<f2").tobytes()).decode()
    given = [[logits.tolist(), None if features is None else features.tolist()] for logits, features in cases]
    return page.evaluate(VERDICTS, [given, model, rows])


ONE_LABEL: dict[str, Any] = {"labels": ("none", "red", "blue")}
SEVERAL_LABELS = ONE_LABEL | {"multi_label": True, "thresholds": (0.8, 0.2, 0.5)}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("colour_bundle", ONE_LABEL),
        ("colour_bundle", SEVERAL_LABELS),
        pytest.param("embedded", {}, marks=pytest.mark.nightly),
    ],
    ids=["one label", "several labels", "embedded"],
)
def test_logits_get_the_same_probabilities_and_verdict(
    name: str, changes: dict[str, Any], page: Page, request: pytest.FixtureRequest
) -> None:
    path: Path = EMBEDDED if name == "embedded" else request.getfixturevalue(name)
    bundle = replace(load_bundle(path), **changes)
    random = np.random.default_rng(7)
    cases: list[tuple[np.ndarray, np.ndarray | None]] = []
    for spread in (0.1, 1, 3, 10):
        for _ in range(20):
            logits = random.normal(0, spread, len(bundle.labels)).astype(np.float32)
            near = None
            if bundle.statistics is not None:
                rows = bundle.statistics.references
                noise = random.normal(0, random.choice([0.001, 0.01, 0.1]), rows.shape[1])
                near = (rows[random.integers(len(rows))] + noise).astype(np.float32)
            cases.append((logits, near))

    for (logits, features), (probabilities, verdict, is_unknown) in zip(
        cases, verdicts(page, bundle, cases), strict=True
    ):
        distance = None if bundle.statistics is None or features is None else bundle.statistics.distance(features)
        expected = classification_of(logits, bundle, distance)
        np.testing.assert_allclose(probabilities, expected.probabilities, atol=2e-3)
        assert (verdict, is_unknown) == (expected.verdict, expected.is_unknown)


def test_images_get_the_probabilities_of_python(page: Page) -> None:
    classifier = Classifier.load(EMBEDDED)
    images = [content(colours(200 + 40 * seed, 150 + 30 * seed, seed)) for seed in range(6)]

    found = page.evaluate(CLASSIFY, [base64.b64encode(image).decode() for image in images])

    for image, (probabilities, verdict) in zip(images, found, strict=True):
        expected = classifier.predict(prepared_image(image, classifier.bundle.input))
        np.testing.assert_allclose(probabilities, expected.probabilities, atol=0.01)
        assert verdict == expected.verdict


@pytest.mark.parametrize(("isolated", "name"), rotating([False, True], ["grey_fit", "plain_fit", "colour_fit"]))
def test_models_of_all_kinds_give_the_probabilities_of_python(
    name: str, isolated: bool, browser: Browser, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Colour, grey with margins, and 8-bit numbers; with one thread and with several."""
    bundle: Path = request.getfixturevalue(name).bundle
    classifier = Classifier.load(bundle)
    images = [content(colours(90 + 31 * seed, 70 + 17 * seed, seed)) for seed in range(4)]
    with served_site(written_site(bundle, tmp_path / "out"), headers=ISOLATED if isolated else None) as address:
        page = browser.new_page()
        page.set_default_timeout(TIMEOUT)
        page.goto(address)
        page.get_by_role("tab").first.wait_for()
        backend = page.evaluate(BACKEND)
        found = page.evaluate(CLASSIFY, [base64.b64encode(image).decode() for image in images])
        page.close()

    assert ("threads" in backend) == isolated
    for image, (probabilities, verdict) in zip(images, found, strict=True):
        expected = classifier.predict(prepared_image(image, classifier.bundle.input))
        np.testing.assert_allclose(probabilities, expected.probabilities, atol=0.01)
        assert verdict == expected.verdict
