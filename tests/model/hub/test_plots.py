"""The plots of a model from the Hub: bounded, checked, and never waited for."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model.hub.plots import MAX_PLOT_BYTES, MOST_PLOTS
from tests.fake_hub.client import HURRY, Client
from tests.fake_hub.pulling import REPOSITORY, of_embedded
from tests.fake_hub.server import Hub, corrupted, dripping

_PLOTS = (
    HURRY
    + """
import json, sys, time
from model.hub import http, plots
plots.SECONDS = http.REQUEST_SECONDS = float(sys.argv[2])
from interface.tabs.model_plots import FetchedPlots
from model.hub.resolve import find_model
from model.preprocessing import read_image
from pathlib import Path
source = find_model(sys.argv[1])
files = sorted(path.name for path in source.directory.rglob("*"))
class Files:  # the real ones import Gradio, which takes seconds
    folder, kept = Path(sys.argv[3]), []
    def keep(self, paths):
        self.kept.extend(paths)
class DecoderPool:  # the real ones are processes, which take seconds to start
    def call(self, task, content, *more):
        return task(content, *more)
begin = time.monotonic()
plots = FetchedPlots(source, DecoderPool(), Files())
at_once = time.monotonic() - begin
found = [(name, read_image(Path(path)).shape) for path, name in plots.found(50)]
assert {path for path, _ in plots.found(0)} <= set(Files.kept)
same = files == sorted(path.name for path in source.directory.rglob("*"))
print(json.dumps(dict(found=found, at_once=at_once, same=same)))
"""
)
PLOT = r"GET .*confusion"
Shown = Callable[..., list[tuple[str, list[int]]]]


@pytest.fixture
def shown(hub: Hub, client: Client, tmp_path: Path) -> Shown:
    """Publish the embedded model with these files in its report, and return name and shape of what is shown."""

    def shown_(report: Mapping[str, bytes], entries: Mapping[str, Any] | None = None, timeout: float = 20) -> Any:
        needed = ("config.json", "labels.txt", "metrics.json", "model.tflite", "statistics.npz")
        files = {name: of_embedded(name) for name in needed}
        manifest = json.loads(of_embedded("manifest.json"))
        listed = {name: manifest["files"][name] for name in files}
        for path, content in report.items():
            listed[path] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        manifest["files"] = listed | dict(entries or {})
        hub.commit(REPOSITORY, files={**files, **report, "manifest.json": json.dumps(manifest).encode()})
        done = client.run(_PLOTS, [REPOSITORY, str(timeout), str(tmp_path / "kept")])
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
        shown = json.loads(done.stdout.splitlines()[-1])
        assert shown["at_once"] < 0.5, "nobody waits for a plot"
        assert shown["same"], "the bundle stays as it is"
        return shown["found"]

    return shown_


def image(width: int = 60, height: int = 40) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((height, width, 3), 200, np.uint8)).save(file, "png")
    return file.getvalue()


def test_the_plots_of_the_report_are_shown(shown: Shown) -> None:
    plots = shown({"report/confusion_matrix.png": image(), "report/roc.png": image(8, 9), "report/index.html": b"x"})
    assert plots == [["confusion_matrix", [40, 60, 3]], ["roc", [9, 8, 3]]]


def test_a_plot_that_is_no_image_is_left_out(shown: Shown) -> None:
    plots = shown({"report/confusion.png": b"<svg onload=alert(1)>", "report/roc.png": image()})
    assert [name for name, _ in plots] == ["roc"]


@pytest.mark.parametrize(
    "entry",
    [
        {"size": MAX_PLOT_BYTES + 1, "sha256": "0" * 64},
        {"size": 10**400, "sha256": "0" * 64},
        {"size": True, "sha256": "0" * 64},
        {"size": 100, "sha256": None},
        {"size": 100, "sha256": "0" * 64},
        "nothing",
    ],
)
def test_what_the_manifest_does_not_vouch_for_is_not_shown(entry: Any, shown: Shown, hub: Hub) -> None:
    report = {"report/confusion.png": image(), "report/roc.png": image()}
    assert [name for name, _ in shown(report, {"report/confusion.png": entry})] == ["roc"]
    large = not isinstance(entry, dict) or entry["size"] != 100
    assert not (hub.requests("confusion") and large), "bounded before it is fetched"


def test_other_names_and_more_than_a_page_holds_are_not_fetched(shown: Shown, hub: Hub) -> None:
    report = {f"report/plot{number:02}.png": image() for number in range(MOST_PLOTS + 3)}
    assert len(shown({**report, "report/deep/er.png": image(), "other.png": image()})) == MOST_PLOTS
    assert not hub.requests(r"er\.png")


@pytest.mark.parametrize("fault", [{"status": 500}, {"reset": True}, {"stall": 5}, {"body": dripping}])
def test_a_hub_that_fails_costs_the_plots_and_nothing_else(fault: dict[str, Any], shown: Shown, hub: Hub) -> None:
    hub.fail(PLOT, **fault)
    assert shown({"report/confusion.png": image(), "report/roc.png": image()}, timeout=1) == []


def test_a_plot_that_arrives_damaged_is_left_out(shown: Shown, hub: Hub) -> None:
    hub.fail(PLOT, body=corrupted)
    assert [name for name, _ in shown({"report/confusion.png": image(), "report/roc.png": image()})] == ["roc"]
