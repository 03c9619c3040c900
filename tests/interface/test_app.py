"""`python app.py` and `import app`: exit statuses, messages, and what is not imported."""

from __future__ import annotations

import errno
import json
import logging
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import app
from model.bundle import load_bundle
from model.hub.resolve import EMBEDDED
from tests.support.serving import ROOT, ask, environment, free_port, running_app, wait_until


def run(temporary: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(temporary, **more),
        capture_output=True,
        text=True,
        timeout=120,
    )


def complaint(status: int, errors: str) -> str:
    """Check that a user's mistake ends in status 2 and one sentence, and return the sentence."""
    assert status == 2, errors
    assert "Traceback" not in errors
    *_, last = errors.splitlines()
    assert sum(line.startswith("error: ") for line in errors.splitlines()) == 1
    return last


def complaint_of(finished: subprocess.CompletedProcess[str]) -> str:
    return complaint(finished.returncode, finished.stderr)


@pytest.fixture
def variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment of a program under test, for `app.main` in this process, which otherwise stays as it was."""
    monkeypatch.setattr("os.environ", environment(tmp_path, GRADIO_ANALYTICS_ENABLED="False"))
    monkeypatch.setattr("app.signal.signal", lambda *_: None)
    monkeypatch.setattr("app.atexit.register", lambda *_, **__: None)
    monkeypatch.setattr("interface.server.memory.keep_few_arenas", lambda: None)
    logger = logging.getLogger("vistazo")
    level = logger.level
    yield monkeypatch
    logger.setLevel(level)


Main = Callable[..., tuple[int, str]]


@pytest.fixture
def main(variables: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Main:
    """Runs `app.main` in this process; returns its status and what it printed to stderr."""

    def run_main(*arguments: str) -> tuple[int, str]:
        return app.main(arguments), capsys.readouterr().err

    return run_main


@pytest.mark.nightly
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
    try:  # it asks before it says that
        wait_until(lambda: "Open http://" in log.read_text(encoding="utf-8") or process.poll() is not None)
        process.terminate()
        assert process.wait(60) == 0, log.read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in log.read_text(encoding="utf-8")


def test_model_that_does_not_exist(main: Main) -> None:
    assert "no directory “no such/bundle/here”" in complaint(*main("--model", "no such/bundle/here"))


def test_a_directory_that_is_no_bundle_is_told_before_the_page_is_made(
    main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "make_demo", lambda *_: pytest.fail("the page was made"))
    assert "not a complete bundle" in complaint(*main("--model", str(tmp_path)))


def test_model_named_by_the_environment(main: Main, variables: pytest.MonkeyPatch) -> None:
    variables.setenv("VISTAZO_MODEL", "elsewhere")
    assert "no directory “elsewhere”" in complaint(*main())


def test_model_is_a_file(main: Main) -> None:
    assert "is a file" in complaint(*main("--model", str(EMBEDDED / "labels.txt")))


@pytest.mark.nightly  # test_predict.py has the same sentence
def test_repository_out_of_reach(tmp_path: Path) -> None:
    assert "“nobody/nothing”" in complaint_of(run(tmp_path, "app.py", "--model", "nobody/nothing"))


def test_folder_without_a_bundle(main: Main, tmp_path: Path) -> None:
    assert "config.json is missing" in complaint(*main("--model", str(tmp_path)))


def test_damaged_bundle(main: Main, tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(EMBEDDED, tmp_path / "bundle"))
    content = bytearray((bundle / "model.tflite").read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / "model.tflite").write_bytes(content)
    assert "model.tflite” is damaged" in complaint(*main("--model", str(bundle)))


@pytest.fixture
def failing(main: Main, variables: pytest.MonkeyPatch) -> Callable[[OSError], Main]:
    """Lets the launch of the page fail."""

    def nothing(*_: object, **__: object) -> None:
        pass

    def fail_with(error: OSError) -> Main:
        def launch(**_: object) -> None:
            raise error

        parts = SimpleNamespace(warm_up=nothing, keep_clean=nothing, close=nothing)
        page = SimpleNamespace(decoders=parts, storage=parts, launch=launch, close=nothing)
        variables.setattr("app.make_demo", lambda *_: page)
        variables.setattr("interface.page.launch_options", lambda _: {})
        return main

    return fail_with


def test_an_address_that_cannot_be_served_is_told(failing: Callable[[OSError], Main]) -> None:
    main = failing(OSError("Cannot find empty port"))
    assert "127.0.0.1:7861 cannot be served" in complaint(*main("--port", "7861"))


def test_another_failure_of_the_system_is_not_taken_for_a_port(failing: Callable[[OSError], Main]) -> None:
    with pytest.raises(OSError, match="No space"):
        failing(OSError(errno.ENOSPC, "No space left"))("--port", "7861")


@pytest.mark.nightly  # with Gradio's own error
def test_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port} cannot be served" in complaint_of(run(tmp_path, "app.py", "--port", str(port)))


@pytest.mark.parametrize("port", ["soon", "0", "70000"])
def test_port_that_is_none(variables: pytest.MonkeyPatch, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        app.main(["--port", port])
    assert caught.value.code == 2
    assert "--port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ["127.0.0.1", "7860"]),
        ({"SYSTEM": "spaces"}, ["0.0.0.0"]),
        ({"SPACE_ID": "somebody/flags"}, ["0.0.0.0"]),
        ({"GRADIO_SERVER_PORT": "9001"}, ["9001"]),
    ],
)
def test_help_tells_the_defaults_in_force(
    variables: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], more: dict[str, str], expected: list[str]
) -> None:
    for name, value in more.items():
        variables.setenv(name, value)
    with pytest.raises(SystemExit) as caught:
        app.main(["--help"])
    assert caught.value.code == 0
    printed = capsys.readouterr().out
    assert "--model REPO[@REVISION] | DIRECTORY" in printed
    assert all(f"(default: {value})" in " ".join(printed.split()) for value in expected)


def test_importing_starts_nothing_and_demo_is_built_when_it_is_asked_for(tmp_path: Path) -> None:
    program = (
        "import sys, threading; sys.argv = ['some-server', '--model', 'nowhere', '--port', 'x']\n"
        "import app\n"
        "print(threading.active_count(), 'gradio' in sys.modules, hasattr(app, 'another'))\n"
        "demo = app.demo\n"
        "import gradio\n"
        "print(isinstance(demo, gradio.Blocks), demo is app.demo)\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'train', 'tensorflow', 'keras', 'torch'}))\n"
        "print(gradio.analytics.analytics_enabled())\n"
    )
    finished = run(tmp_path, "-c", program)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines() == ["1 False False", "True True", "[]", "False"]


def test_pages_show_no_data_as_html() -> None:
    # The page's head, predictions, the timeline and the page about the model are HTML; test_header.py,
    # test_confidence.py and tests/interface/tabs (test_timeline.py, test_about.py) show that labels in them are text.
    tabs = ("video_layout", "about", "image", "camera", "batch", "compare")
    allowed = {"interface/page.py", *(f"interface/tabs/{name}.py" for name in tabs)}
    for path in (ROOT / "interface").rglob("*.py"):
        assert path.relative_to(ROOT).as_posix() in allowed or "gr.HTML" not in path.read_text(encoding="utf-8"), path


@pytest.mark.nightly
def test_a_share_link_that_cannot_be_made_leaves_the_app_running(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    with running_app(tmp_path, ["--share"], GRADIO_SHARE_SERVER_ADDRESS="127.0.0.1:1") as url:
        wait_until(lambda: "Could not create share link" in log.read_text(encoding="utf-8"))
        assert json.loads(ask(url, "/healthz")[1])["ready"] is True
    assert "Traceback" not in log.read_text(encoding="utf-8")


@pytest.mark.nightly  # tests/browser/test_compare_tab.py starts such an app
def test_two_models_are_compared(tmp_path: Path, colour_bundle: Path) -> None:
    from gradio_client import Client, handle_file

    models = ["--model", str(EMBEDDED), "--model", str(colour_bundle)]
    with running_app(tmp_path, models) as url:
        image = handle_file(str(ROOT / "examples" / "images" / "brazil.jpg"))
        first, second, verdict = Client(url, verbose=False).predict(image, api_name="/compare_image")
    assert first["label"] == "Brazil"
    assert {first["verdict"], second["verdict"]} <= {"sure", "unsure", "none"}
    assert second["label"] in load_bundle(colour_bundle).labels
    unsure = second["confidences"][0]["confidence"] < (load_bundle(colour_bundle).unknown_threshold or 0)
    other = "none of these" if unsure else second["label"]
    assert verdict.splitlines()[0] == f"They disagree: Brazil or {other}."
    assert [line.rpartition(": ")[0] for line in verdict.splitlines()[1:]] == ["the embedded model", colour_bundle.name]


def test_at_most_two_models(main: Main) -> None:
    sentence = complaint(*main("--model", "a", "--model", "b", "--model", "c"))
    assert "at most two models can be compared. Received: 3." in sentence


def test_a_limit_that_makes_no_sense(tmp_path: Path) -> None:
    assert "VISTAZO_MAX_IMAGES should be" in complaint_of(run(tmp_path, "app.py", VISTAZO_MAX_IMAGES="lots"))
