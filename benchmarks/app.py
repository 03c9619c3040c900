"""Measure the app from a client: start-up against `import gradio`, idle memory, a 12-megapixel photo.

python benchmarks/app.py [--model DIRECTORY]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
from PIL import Image

from benchmarks.load import App
from model.classifier import Classifier
from model.grad_cam import explain_prepared, overlay
from model.hub.resolve import resolve_model
from model.preprocessing import prepared_and_shown, prepared_image
from model.sandbox.pool import DecoderPool
from tests.support.images import scene
from tests.support.serving import ROOT, answers, environment, free_port

_STARTS, _ROUNDS = 5, 30
_SHOWN_SIDE = 768


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", help="bundle directory; the embedded model when left out")
    model = parser.parse_args().model
    with tempfile.TemporaryDirectory() as folder:
        _print_starts(Path(folder), model)
        _print_answers(Path(folder), Classifier.load(resolve_model(model)))


def _print_starts(temporary: Path, model: str | None) -> None:
    bare, page, memory = [], [], []
    variables = environment(temporary)
    for _ in range(_STARTS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import gradio"], cwd=ROOT, env=variables, check=True)
        bare.append(time.perf_counter() - began)
        port = free_port()
        began = time.perf_counter()
        command = [sys.executable, "app.py", "--port", str(port), *(["--model", model] if model else [])]
        app = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        url = f"http://127.0.0.1:{port}/"
        while not answers(url):
            time.sleep(0.02)
        page.append(time.perf_counter() - began)
        time.sleep(3)
        memory.append(App(url).memory())
        app.terminate()
        app.wait()
    ratio = statistics.median(page) / statistics.median(bare)
    print(f"import gradio               {statistics.median(bare):.1f} s")
    print(f"page usable                 {statistics.median(page):.1f} s, {ratio:.2f} times")
    print(f"memory when idle            {statistics.median(memory) / 2**20:.0f} MB, with the decoder's process")


def _print_answers(temporary: Path, classifier: Classifier) -> None:
    spec = classifier.bundle.input
    path = temporary / "photograph.jpg"
    Image.fromarray(cv2.resize(scene(400, 300), (4000, 3000))).save(path, quality=90)
    decoders = DecoderPool(1000)

    def predict() -> object:
        return classifier.classify_prepared(decoders.call(prepared_image, path, spec))

    def heat() -> object:
        prepared, shown = decoders.call(prepared_and_shown, path, spec, _SHOWN_SIDE)
        return overlay(shown, explain_prepared(classifier, prepared).heat, spec)

    whole = _milliseconds(lambda: Image.open(path).convert("RGB"))
    print(f"a 12-megapixel JPEG         {_milliseconds(predict):.0f} ms")
    print(f"its heat map                {_milliseconds(heat):.0f} ms")
    print(f"Pillow decodes it           {whole:.0f} ms")
    decoders.close()


def _milliseconds(way: Callable[[], object]) -> float:
    times = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        way()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


if __name__ == "__main__":
    main()
