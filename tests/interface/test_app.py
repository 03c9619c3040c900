"""`python app.py` and `import app`: exit statuses, messages, and what is not imported."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from model.bundle import load_bundle
from model.hub.resolve import EMBEDDED
from tests.support.serving import ROOT, environment, free_port, running_app


def run(temporary: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(temporary, **more),
        capture_output=True,
        text=True,
        timeout=120,
    )


def complaint(finished: subprocess.CompletedProcess[str]) -> str:
    """Check that a user's mistake ends in status 2 and one sentence, and return the sentence."""
    assert finished.returncode == 2, finished.stderr
    assert "Traceback" not in finished.stderr
    *_, last = finished.stderr.splitlines()
    assert sum(line.startswith("error: ") for line in finished.stderr.splitlines()) == 1
    return last


def test_a_machine_too_busy_to_answer_at_once_still_gets_its_app(tmp_path: Path) -> None:
    """Gradio asks its own page once it serves, and raised an error when no answer came within three seconds."""
    program = (
        "import runpy, sys; import gradio.networking as asked; asked.url_ok = lambda url: False;"
        f"sys.argv = ['app.py', '--port', '{free_port()}']; runpy.run_path('app.py', run_name='__main__')"
    )
    log = tmp_path / "app.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-uc", program], cwd=ROOT, env=environment(tmp_path), stdout=output, stderr=output
        )
    try:
        end = time.monotonic() + 60
        while "To create a public link" not in log.read_text(encoding="utf-8"):  # it asks before it says that
            assert process.poll() is None and time.monotonic() < end, log.read_text(encoding="utf-8")
            time.sleep(0.2)
    finally:
        process.terminate()
        process.wait(20)


def test_model_that_does_not_exist(tmp_path: Path) -> None:
    assert "no directory “no such/bundle/here”" in complaint(run(tmp_path, "app.py", "--model", "no such/bundle/here"))


def test_model_named_by_the_environment(tmp_path: Path) -> None:
    assert "no directory “elsewhere”" in complaint(run(tmp_path, "app.py", VISTAZO_MODEL="elsewhere"))


def test_model_is_a_file(tmp_path: Path) -> None:
    assert "is a file" in complaint(run(tmp_path, "app.py", "--model", str(EMBEDDED / "labels.txt")))


def test_repository_out_of_reach(tmp_path: Path) -> None:
    assert "“nobody/nothing”" in complaint(run(tmp_path, "app.py", "--model", "nobody/nothing"))


def test_folder_without_a_bundle(tmp_path: Path) -> None:
    assert "config.json is missing" in complaint(run(tmp_path, "app.py", "--model", str(tmp_path)))


def test_damaged_bundle(tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(EMBEDDED, tmp_path / "bundle"))
    content = bytearray((bundle / "model.tflite").read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / "model.tflite").write_bytes(content)
    assert "model.tflite” is damaged" in complaint(run(tmp_path, "app.py", "--model", str(bundle)))


def test_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port} cannot be served" in complaint(run(tmp_path, "app.py", "--port", str(port)))


@pytest.mark.parametrize("port", ["soon", "0", "70000"])
def test_port_that_is_none(tmp_path: Path, port: str) -> None:
    finished = run(tmp_path, "app.py", "--port", port)
    assert finished.returncode == 2
    assert "--port" in finished.stderr and "Traceback" not in finished.stderr


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ["127.0.0.1", "7860"]),
        ({"SYSTEM": "spaces"}, ["0.0.0.0"]),
        ({"SPACE_ID": "somebody/flags"}, ["0.0.0.0"]),
        ({"GRADIO_SERVER_PORT": "9001"}, ["9001"]),
    ],
)
def test_help_tells_the_defaults_in_force(tmp_path: Path, more: dict[str, str], expected: list[str]) -> None:
    finished = run(tmp_path, "app.py", "--help", **more)
    assert finished.returncode == 0
    assert "--model REPO[@REVISION] | DIRECTORY" in finished.stdout
    assert all(f"(default: {value})" in " ".join(finished.stdout.split()) for value in expected)


def test_importing_gives_a_demo_and_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys; sys.argv = ['some-server', '--model', 'nowhere', '--port', 'x']\n"
        "import app, gradio\n"
        "assert isinstance(app.demo, gradio.Blocks)\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'train', 'tensorflow', 'keras', 'torch'}))\n"
        "print(gradio.analytics.analytics_enabled())\n"
    )
    finished = run(tmp_path, "-c", program)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines() == ["[]", "False"]


def test_pages_show_no_data_as_html() -> None:
    # The timeline and the page about the model are HTML; tests/interface/tabs (test_timeline.py, test_about.py) show
    # that labels in them are text. The links to the languages hold no data.
    allowed = {"interface/tabs/video_layout.py", "interface/tabs/about.py", "interface/page.py"}
    for path in (ROOT / "interface").rglob("*.py"):
        assert path.relative_to(ROOT).as_posix() in allowed or "gr.HTML" not in path.read_text(encoding="utf-8"), path


def test_a_share_link_that_cannot_be_made_leaves_the_app_running(tmp_path: Path) -> None:
    with running_app(tmp_path, ["--share"], GRADIO_SHARE_SERVER_ADDRESS="127.0.0.1:1") as url:
        for _ in range(200):
            log = (tmp_path / "app.log").read_text(encoding="utf-8")
            if "Could not create share link" in log:
                break
            time.sleep(0.1)
        with urllib.request.urlopen(f"{url}healthz", timeout=30) as answer:
            assert json.load(answer)["ready"] is True
    assert "Could not create share link" in log
    assert "Traceback" not in log


def test_two_models_are_compared(tmp_path: Path, colour_bundle: Path) -> None:
    from gradio_client import Client, handle_file

    models = ["--model", str(EMBEDDED), "--model", str(colour_bundle)]
    with running_app(tmp_path, models) as url:
        image = handle_file(str(ROOT / "examples" / "images" / "brazil.jpg"))
        first, second, verdict = Client(url, verbose=False).predict(image, api_name="/compare_image")
    assert first["label"] == "Brazil"
    assert second["label"] in load_bundle(colour_bundle).labels
    unsure = second["confidences"][0]["confidence"] < (load_bundle(colour_bundle).unknown_threshold or 0)
    other = "none of these" if unsure else second["label"]
    assert verdict.splitlines()[0] == f"They disagree: Brazil or {other}."
    assert [line.rpartition(": ")[0] for line in verdict.splitlines()[1:]] == ["the embedded model", colour_bundle.name]


def test_at_most_two_models(tmp_path: Path) -> None:
    sentence = complaint(run(tmp_path, "app.py", "--model", "a", "--model", "b", "--model", "c"))
    assert "at most two models can be compared. Received: 3." in sentence


def test_a_limit_that_makes_no_sense(tmp_path: Path) -> None:
    assert "VISTAZO_MAX_IMAGES should be" in complaint(run(tmp_path, "app.py", VISTAZO_MAX_IMAGES="lots"))


def test_health_before_the_model_is_there(tmp_path: Path) -> None:
    variables = {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": "http://127.0.0.1:9"}
    with running_app(tmp_path, ["--model", "somebody/flags"], **variables) as url:
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{url}healthz", timeout=30)
        assert caught.value.code == 503
        assert json.load(caught.value)["ready"] is False
