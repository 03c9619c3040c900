"""The page without a server against Python, in one run: bytes, start, milliseconds an image, frames a second."""

from __future__ import annotations

import argparse
import base64
import functools
import gzip
import io
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

import av
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from model.classifier import Classifier
from model.hub.resolve import resolve_model
from model.preprocessing import prepared_image
from tests.support.browser import FLAGS, chromium_program
from tests.support.clips import predict_video
from tests.support.images import scene
from train.site.build import write_site
from train.site.description import Source

ROUNDS = 150  # the browser optimises a program while it runs
FRAMES = 150
MOST_IMAGES = 500
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
CLASSIFY = """async ([content, rounds]) => {
    const { run } = await import("./page/engine.js");
    const file = new Blob([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))]);
    const found = [];
    for (let round = 0; round < rounds; round++) found.push((await run("classify", { file })).milliseconds);
    return found;
}"""
PROBABILITIES = """async (content) => {
    const { run } = await import("./page/engine.js");
    const file = new Blob([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))]);
    return Array.from((await run("classify", { file })).probabilities);
}"""
CLIP = """async (content) => {
    const { run } = await import("./page/engine.js");
    const file = new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], "clip.mp4");
    const clip = await run("clip", { file, range: { rate: 0, start: 0, end: 0 } });
    return clip.times.length / clip.seconds;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="bundle directory; the embedded model when left out")
    parser.add_argument("--images", type=Path, help="folder with JPEGs: how often browser and Python agree on them")
    options = parser.parse_args()
    directory = resolve_model(options.model)
    image, clip = photo(), video()
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        site = Path(temporary) / "site"
        write_site(directory, site, Source())
        (Path(temporary) / "clip.mp4").write_bytes(clip)
        browser = playwright.chromium.launch(executable_path=chromium_program(playwright), args=FLAGS)
        for name, headers in (("one thread", {}), ("isolated page", ISOLATED)):
            with served(site, headers) as (address, requested):
                report_browser(browser, address, requested, site, name, image, clip)
        if options.images:
            with served(site, {}) as (address, _):
                report_agreement(browser, address, Classifier.load(directory), options.images)
        browser.close()
        for threads in (1, 2):
            classifier = Classifier.load(directory, threads)
            prepared = prepared_image(image, classifier.bundle.input)
            seconds = []
            for _ in range(ROUNDS):
                start = time.perf_counter()
                classifier.logits(prepared)
                seconds.append(time.perf_counter() - start)
            print(f"Python, {threads} thread(s): {1000 * statistics.median(seconds[5:]):.2f} ms an image")
        start = time.perf_counter()
        frames = sum(1 for _ in predict_video(classifier, Path(temporary) / "clip.mp4"))
        print(f"Python: {frames / (time.perf_counter() - start):.0f} frames a second of a 720p clip")


def report_agreement(browser: Browser, address: str, classifier: Classifier, folder: Path) -> None:
    page = browser.new_page()
    page.goto(address)
    page.get_by_role("tab").first.wait_for()
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    files = files[:: max(1, len(files) // MOST_IMAGES)][:MOST_IMAGES]
    same, differences = [], []
    for path in files:
        content = path.read_bytes()
        found = np.array(page.evaluate(PROBABILITIES, base64.b64encode(content).decode()))
        expected = classifier.predict(prepared_image(content, classifier.bundle.input)).probabilities
        same.append(found.argmax() == expected.argmax())
        differences.append(np.abs(found - expected).max())
    print(
        f"{len(files)} JPEGs: the same label for {np.mean(same):.1%}; largest difference of a probability, median "
        f"{np.median(differences):.4f}, 95th percentile {np.percentile(differences, 95):.4f}"
    )
    page.close()


def report_browser(
    browser: Browser, address: str, requested: list[str], site: Path, name: str, image: bytes, clip: bytes
) -> None:
    context = browser.new_context()
    page = context.new_page()
    cold = seconds_to_answer(page, address)
    first = set(requested)
    warm = seconds_to_answer(page, address)
    sent = sum(compressed(site / path) for path in first if (site / path).is_file())
    milliseconds = page.evaluate(CLASSIFY, [base64.b64encode(image).decode(), ROUNDS])
    rate = page.evaluate(CLIP, base64.b64encode(clip).decode())
    print(
        f"Browser, {name}: cold start {cold:.2f} s, warm {warm:.2f} s, {sent / 1e6:.2f} MB compressed until the answer"
    )
    print(
        f"Browser, {name}: {statistics.median(milliseconds[50:]):.2f} ms an image, {rate:.0f} frames a second of 720p"
    )
    if page.evaluate("crossOriginIsolated"):
        used = page.evaluate("performance.measureUserAgentSpecificMemory().then((found) => found.bytes)")
        print(f"Browser, {name}: {used / 1e6:.0f} MB")
    context.close()


def seconds_to_answer(page: Page, address: str) -> float:
    start = time.perf_counter()
    page.goto(f"{address}?example=canada")
    page.wait_for_selector("#answer .vz-card")
    return time.perf_counter() - start


def compressed(path: Path) -> int:
    content = path.read_bytes()
    return min(len(content), len(gzip.compress(content, 6)))


@contextmanager
def served(folder: Path, headers: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    requested: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            for name, value in headers.items():
                self.send_header(name, value)
            super().end_headers()

        def log_message(self, *arguments: Any) -> None:
            requested.append(urlsplit(self.path).path.lstrip("/") or "index.html")

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", requested
        server.shutdown()


def photo() -> bytes:
    stored = io.BytesIO()
    Image.fromarray(scene(1280, 720, 1)).save(stored, "JPEG", quality=90)
    return stored.getvalue()


def video() -> bytes:
    stored = io.BytesIO()
    with av.open(stored, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        picture = scene(1280, 720, 2)
        for index in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.roll(picture, 8 * index, axis=1)), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return stored.getvalue()


if __name__ == "__main__":
    main()
