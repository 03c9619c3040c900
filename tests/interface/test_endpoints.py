"""The endpoints of a running app, called as programs call them."""

from __future__ import annotations

import csv
import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from model.classifier import Classifier, top_labels
from model.grad_cam import explain, overlay
from model.hub.resolve import EMBEDDED
from model.preprocessing import prepare, read_image
from model.verdict import VERDICTS
from tests.support.clips import predict_video
from tests.support.images import IMAGE_KINDS, scene, write_clip, write_sound
from tests.support.serving import (
    EXAMPLES,
    IMAGES,
    LONG,
    MISREAD,
    ServedApp,
    ask,
    call,
    loopback_server,
    running_app,
    slug,
    wait_until,
)

CLIPS = sorted((EXAMPLES / "clips").glob("*.mp4"))


@pytest.fixture(scope="module")
def url(served_app: ServedApp) -> str:
    return served_app.url


@pytest.fixture(scope="module")
def client(url: str) -> Client:
    return Client(url, verbose=False)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(EMBEDDED)


def probabilities(answer: dict[str, Any]) -> dict[str, float]:
    return {entry["label"]: entry["confidence"] for entry in answer["confidences"]}


def assert_same(answer: dict[str, Any], expected: np.ndarray, labels: tuple[str, ...]) -> None:
    """The answer's labels are in falling order, and each has the probability that was expected."""
    got = probabilities(answer)
    assert len(got) == min(5, len(labels))
    assert answer["label"] == next(iter(got))
    assert list(got.values()) == sorted(got.values(), reverse=True)
    for label, probability in got.items():
        assert probability == pytest.approx(float(expected[labels.index(label)]), abs=1e-3)
    assert min(got.values()) == pytest.approx(top_labels(expected, labels)[-1][1], abs=1e-3)


def test_only_these_endpoints_are_shown(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {
        "/predict_image",
        "/explain_image",
        "/locate_image",
        "/predict_images",
        "/predict_video",
    }
    clip, *others = endpoints["/predict_video"]["parameters"]
    assert clip["parameter_name"] == "clip"
    assert [other["parameter_name"] for other in others] == ["frames_per_second", "start", "end"]
    assert all(other["parameter_has_default"] for other in others)


@pytest.mark.parametrize("label", ["", "Portugal", "Sweden"])
def test_a_label_is_explained_by_heat_over_the_image(client: Client, classifier: Classifier, label: str) -> None:
    path = EXAMPLES / "images" / "portugal.jpg"
    answer = client.predict(handle_file(str(path)), label, api_name="/explain_image")
    bundle, image = classifier.bundle, read_image(path)
    index = bundle.labels.index(label or "Portugal")
    expected = overlay(image, explain(classifier, image, index).heat, bundle.input)
    got = read_image(Path(answer))
    assert got.shape == image.shape
    assert np.abs(got.astype(int) - expected).mean() < 4  # Gradio stores it as lossy WebP


def test_a_label_that_the_model_lacks_is_told(client: Client) -> None:
    image = handle_file(str(EXAMPLES / "images" / "portugal.jpg"))
    with pytest.raises(AppError, match="The model has no label “Atlantis"):
        client.predict(image, "Atlantis", api_name="/explain_image")


def test_several_images_give_tiles_rows_and_a_file(client: Client) -> None:
    paths = IMAGES
    tiles, table, file = client.predict([handle_file(str(path)) for path in paths], api_name="/predict_images")
    assert len(tiles) == len(paths)
    assert [row[0] for row in table["data"]] == [path.name for path in paths]
    assert [slug(row[1]) for row in table["data"]] == [path.stem for path in paths]
    assert len(Path(file).read_text(encoding="utf-8").splitlines()) == len(paths) + 1
    assert table["headers"][-1] == "verdict" and {row[-1] for row in table["data"]} <= {*VERDICTS}


@pytest.mark.parametrize("kind", IMAGE_KINDS)
def test_every_kind_of_image_is_read_as_in_training(
    client: Client, classifier: Classifier, tmp_path: Path, kind: str
) -> None:
    path = IMAGE_KINDS[kind](tmp_path)
    answer = client.predict(handle_file(str(path)), api_name="/predict_image")
    expected = classifier.predict(prepare(read_image(path), classifier.bundle.input))
    assert_same(answer, expected.probabilities, classifier.bundle.labels)
    assert answer["verdict"] == expected.verdict


def test_the_verdict_is_described_and_says_that_an_image_shows_none_of_the_labels(
    client: Client, tmp_path: Path
) -> None:
    endpoint = client.view_api(return_format="dict", print_info=False)["named_endpoints"]["/predict_image"]
    assert "'sure', 'unsure', 'none'" in endpoint["returns"][0]["python_type"]["type"]
    Image.fromarray(scene(300, 200)).save(tmp_path / "noise.png")

    answer = client.predict(handle_file(str(tmp_path / "noise.png")), api_name="/predict_image")

    assert answer["verdict"] == "none"
    assert answer["label"] == answer["confidences"][0]["label"], "the likeliest label, as before"


@pytest.mark.nightly  # test_agreement.py has grey images, test_compare_tab.py another bundle
def test_another_bundle_and_grey_images(grey_bundle: Path, tmp_path: Path) -> None:
    classifier = Classifier.load(grey_bundle)
    with running_app(tmp_path, ["--model", str(grey_bundle)]) as address:
        client = Client(address, verbose=False)
        for make in IMAGE_KINDS.values():
            path = make(tmp_path)
            answer = client.predict(handle_file(str(path)), api_name="/predict_image")
            assert_same(answer, classifier.classify(read_image(path)), classifier.bundle.labels)


def test_examples_are_recognised(client: Client) -> None:
    assert IMAGES
    for path in IMAGES:
        assert slug(client.predict(handle_file(str(path)), api_name="/predict_image")["label"]) == path.stem


def test_one_example_shows_what_the_model_cannot_know(client: Client) -> None:
    answer = client.predict(handle_file(str(MISREAD)), api_name="/predict_image")
    assert answer["label"] == "Indonesia"  # the same two stripes, the other way round


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.jpg", b"not an image at all", "“notes.jpg” is not an image that can be read"),
        ("empty.png", b"", "“empty.png” is an empty file"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "“drawing.svg” is not an image that can be"),
        ("half.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1", "“half.png” is"),
    ],
)
def test_files_that_are_no_images(client: Client, tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AppError) as caught:
        client.predict(handle_file(str(tmp_path / name)), api_name="/predict_image")
    assert sentence in str(caught.value)


def test_no_file_given(client: Client) -> None:
    with pytest.raises(AppError, match="There is no image yet"):
        client.predict(None, api_name="/predict_image")
    with pytest.raises(AppError, match="There is no clip yet"):
        client.predict(None, api_name="/predict_video")


@pytest.mark.parametrize("endpoint", ["predict_image", "predict_video"])
@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "gradio.FileData"}}])
def test_files_of_the_server_stay_closed(url: str, endpoint: str, meta: dict[str, Any]) -> None:
    for path in ("/etc/passwd", str(next((EXAMPLES / "images").glob("*.jpg"))), str(CLIPS[0])):
        others = [0, 0, 0] if endpoint == "predict_video" else []
        answer = call(url, endpoint, {"path": path, "orig_name": "x.svg", **meta}, *others)
        assert "event: error" in answer and "event: complete" not in answer
        assert "passwd" not in answer and "root:" not in answer


@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "gradio.FileData"}}])
def test_urls_reach_no_private_address(url: str, meta: dict[str, Any]) -> None:
    asked: list[str] = []

    class Private(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

    with loopback_server(Private) as host:
        secret = f"http://{host}/secret.png"
        for payload in ({"path": secret}, {"path": None, "url": secret}, {"path": secret, "url": secret}):
            assert "event: error" in call(url, "predict_image", payload | meta)
    assert asked == []


def test_clip_gives_a_row_a_frame_and_the_sum(client: Client, classifier: Classifier, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mkv", [scene(seed=seed) for seed in range(12)], rate=10)
    labels = classifier.bundle.labels
    expected = list(predict_video(classifier, path))
    answer = client.predict(handle_file(str(path)), api_name="/predict_video")
    total, seconds, frames, segments, status, timeline, files = answer

    assert_same(total, np.mean([row.probabilities for row in expected], axis=0), labels)
    assert seconds["headers"] == ["label", "seconds"]
    assert sum(value for _, value in seconds["data"]) == pytest.approx(1.2, abs=0.05)
    rows = [dict(zip(frames["headers"], row, strict=True)) for row in frames["data"]]
    assert [row["index"] for row in rows] == list(range(12))
    assert [row["time"] for row in rows] == pytest.approx([i / 10 for i in range(12)], abs=2e-3)
    for row, prediction in zip(rows, expected, strict=True):
        ranking = top_labels(prediction.probabilities, labels, 3)
        assert row["label"] == ranking[0][0]
        got = [row["probability"], row["probability_2"], row["probability_3"]]
        assert got[: len(ranking)] == pytest.approx([probability for _, probability in ranking], abs=1e-3)
    assert [row["segment"] for row in rows] == [
        segment[0] for segment in segments["data"] for _ in range(segment[4], segment[5] + 1)
    ]
    assert status.startswith("12 frames read")
    assert timeline.count("data-start") == len(segments["data"])
    assert [Path(file).name for file in files] == ["frames.csv", "segments.csv", "clip.json", "subtitles.vtt"]
    with Path(files[0]).open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 12


def test_fewer_frames_on_request(client: Client, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mkv", [scene(seed=seed) for seed in range(20)], rate=10)
    frames = client.predict(handle_file(str(path)), 2, api_name="/predict_video")[2]
    assert [row[0] for row in frames["data"]] == [0, 5, 10, 15]


def test_a_stretch_of_a_clip_on_request(client: Client, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mkv", [scene(seed=seed) for seed in range(20)], rate=10)
    frames = client.predict(handle_file(str(path)), 0, 0.5, 0.9, api_name="/predict_video")[2]
    assert [row[0] for row in frames["data"]] == [5, 6, 7, 8]
    with pytest.raises(AppError, match="no frame in the range"):
        client.predict(handle_file(str(path)), 0, 50, 60, api_name="/predict_video")
    with pytest.raises(AppError, match="should come after"):
        client.predict(handle_file(str(path)), 0, 2, 1, api_name="/predict_video")


@pytest.mark.parametrize("rate", [-1, "soon", True, [2], 10**400])
def test_rates_that_are_none(client: Client, rate: object) -> None:
    with pytest.raises(AppError, match="Frames per second should be"):
        client.predict(handle_file(str(CLIPS[0])), rate, api_name="/predict_video")


def _write_image(path: Path) -> None:
    path.write_bytes(next((EXAMPLES / "images").glob("*.jpg")).read_bytes())


@pytest.mark.parametrize(
    ("name", "write", "sentence"),
    [
        ("notes.mp4", lambda path: path.write_bytes(b"not a clip"), "“notes.mp4” is not a video that can be read"),
        ("empty.mp4", lambda path: path.write_bytes(b""), "“empty.mp4” is an empty file"),
        ("sound.mp4", write_sound, "“sound.mp4” holds sound but no image"),
        ("image.mp4", _write_image, "“image.mp4” is not a video that can be read"),
    ],
)
def test_files_that_are_no_videos(client: Client, tmp_path: Path, name: str, write: Any, sentence: str) -> None:
    write(tmp_path / name)
    with pytest.raises(AppError) as caught:
        client.predict(handle_file(str(tmp_path / name)), api_name="/predict_video")
    assert sentence in str(caught.value)


def test_partial_answers_arrive_while_a_clip_is_read(client: Client, long_clip: Path) -> None:
    job = client.submit(handle_file(str(long_clip)), api_name="/predict_video")
    with_frames = (answer[2]["data"] for answer in job if "data" in answer[2])  # a busy machine has none at first
    newest = [frames[-1][0] for frames, _ in zip(with_frames, range(2), strict=False)]
    job.cancel()
    assert newest[0] < newest[1] < LONG


def outcomes(url: str) -> dict[str, int]:
    return json.loads(ask(url, "/healthz")[1])["requests"]


def test_visitors_who_leave_make_room(url: str, client: Client, tmp_path: Path, long_clip: Path) -> None:
    """As many clips as are read at once are abandoned; their work is given up, and the next visitor's is done."""
    left_before = outcomes(url).get("left", 0)
    abandoned = [client.submit(handle_file(str(long_clip)), api_name="/predict_video") for _ in range(2)]
    for job in abandoned:
        next(iter(job))
    for job in abandoned:
        job.cancel()
    wait_until(lambda: outcomes(url).get("left", 0) >= left_before + 2)
    path = write_clip(tmp_path / "clip.mkv", [scene()] * 3)
    assert client.predict(handle_file(str(path)), api_name="/predict_video")[4].startswith("3 frames read")
