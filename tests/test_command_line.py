"""`vistazo`: one name for every command, quick to start, and a sentence where something is missing."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys

import pytest

import vistazo
from tests.support.serving import IMAGES, ROOT
from train.__main__ import _COMMANDS as TRAINING

COMMANDS = ["serve", "predict", *TRAINING]


@pytest.fixture(autouse=True)
def started_as_vistazo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["vistazo"])


def test_help_lists_every_command_on_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert vistazo.main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert [line.split()[0] for line in lines if line.startswith("  ")] == COMMANDS
    assert len(lines) < 24 and max(map(len, lines)) <= 100


def test_help_imports_no_other_module_of_the_project_or_package() -> None:
    code = "import sys, vistazo; vistazo.main(['--help']); print({name.split('.')[0] for name in sys.modules})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = ast.literal_eval(result.stdout.splitlines()[-1])

    assert "vistazo" in loaded
    assert loaded & {"app", "model", "train", "interface", "numpy", "gradio", "tensorflow", "keras"} == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_its_options_under_its_own_name(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)  # help needs no training packages
    with pytest.raises(SystemExit) as ended:
        vistazo.main([command, "--help"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: vistazo {command} ")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("fit my_images --out b --overwite", "--overwite is not an option of `vistazo fit`. Did you mean --overwrite?"),
        ("fit my_images --ouut b", "--ouut is not an option of `vistazo fit`. Did you mean --out?"),
        ("fit my_images -out b", "-out is not an option of `vistazo fit`. Did you mean --out?"),
        ("predict --mdl=b", "--mdl is not an option of `vistazo predict`. Did you mean --model?"),
        ("serve --modle b", "--modle is not an option of `vistazo serve`. Did you mean --model?"),
        ("push my_bundle you/model --xyz", "--xyz is not an option of `vistazo push`."),
        (
            "fit my images --out b",
            "`vistazo fit` cannot tell what “images” is for. Names stand together, those with spaces in quotes.",
        ),
        ("fit my_images --out b --folds x", "--folds should be a whole number. Received: x."),
        ("predict a.jpg --start half", "--start should be a number. Received: half."),
        ("fit my_images --rotation -5", "the following arguments are required: --out."),  # -5 is a number
    ],
)
def test_a_misspelt_option_is_answered_in_a_line_with_the_one_that_was_meant(
    line: str, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *arguments = line.split()
    with pytest.raises(SystemExit) as ended:
        vistazo.main([command, *arguments])

    assert ended.value.code == 2
    assert capsys.readouterr().err == f"error: {answer} `vistazo {command} --help` lists all.\n"


@pytest.mark.parametrize(
    ("program", "by_script", "line", "name"),
    [
        ("app.py", True, "serve", "bash scripts/serve"),
        ("vistazo.py", True, "fit", "bash scripts/train fit"),
        ("app.py", False, "serve", "python app.py"),
        ("train/__main__.py", False, "fit", "python -m train fit"),
    ],
)
def test_a_mistake_names_the_program_as_it_was_started(
    program: str,
    by_script: bool,
    line: str,
    name: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", [program])
    monkeypatch.setattr("model.command_names._started_by_script", lambda: by_script)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit):
        vistazo.main([line, "--modle"])

    assert f" of `{name}`. " in capsys.readouterr().err


def test_no_command_shows_the_help_and_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert vistazo.main([]) == 2
    assert "usage: vistazo COMMAND" in capsys.readouterr().err


def test_an_unknown_command_is_answered_with_the_commands_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert vistazo.main(["serv"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: the command should be one of serve, predict, ") and error.endswith(
        "Received: serv. Did you mean serve?\n"
    )


@pytest.mark.parametrize("command", sorted(set(TRAINING) - {"site", "push", "push-data", "versions", "pull"}))
def test_a_training_command_without_its_packages_says_how_to_install_them(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    assert vistazo.main([command, "my_images"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: `vistazo {command}` needs the training packages")
    assert '".[train]"' in error and error.count("\n") == 1


def test_predict_is_passed_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert vistazo.main(["predict", str(IMAGES[0])]) == 0
    assert capsys.readouterr().out.startswith(f"{IMAGES[0]}: ")


def test_a_mistake_in_a_command_is_one_sentence_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert vistazo.main(["fit", "nowhere", "--out", "nothing", "--epochs", "0"]) == 2
    assert capsys.readouterr().err == "error: --epochs should be between 1 and 100000. Received: 0.\n"
    assert vistazo.main(["serve", "--model", "a", "--model", "b", "--model", "c"]) == 2
    assert capsys.readouterr().err.startswith("error: at most two models can be compared.")
