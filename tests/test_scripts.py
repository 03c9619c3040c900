"""The scripts make their environment once, and again only when what they need has changed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.serving import ROOT


@pytest.fixture
def environment() -> ModuleType:
    """The program scripts/environment.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / "scripts" / "environment.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pip_is_asked_only_when_a_requirement_has_changed(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(environment, "_has_pip", lambda program: True)

    def install(program: Path, requirements: Path) -> int:
        asked.append(requirements.name)
        return 0

    monkeypatch.setattr(environment, "_install", install)
    (tmp_path / "requirements.txt").write_text("# what serving needs\na>=1\n", encoding="utf-8")
    (tmp_path / "train").mkdir()
    requirements = tmp_path / "train" / "more.txt"
    requirements.write_text("-r ../requirements.txt\nb\n", encoding="utf-8")

    assert environment.main(tmp_path, requirements) == environment.main(tmp_path, requirements) == 0
    assert asked == ["more.txt"]

    (tmp_path / "requirements.txt").write_text("# only another comment\na>=1\n", encoding="utf-8")
    environment.main(tmp_path, requirements)
    assert asked == ["more.txt"]

    (tmp_path / "requirements.txt").write_text("a>=2\n", encoding="utf-8")
    environment.main(tmp_path, requirements)
    assert asked == ["more.txt", "more.txt"]


def test_a_failed_installation_is_tried_again(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = [2, 0]
    monkeypatch.setattr(environment, "_has_pip", lambda program: True)
    monkeypatch.setattr(environment, "_install", lambda program, requirements: statuses.pop(0))
    (tmp_path / "requirements.txt").write_text("a\n", encoding="utf-8")

    assert environment.main(tmp_path, tmp_path / "requirements.txt") == 2
    assert environment.main(tmp_path, tmp_path / "requirements.txt") == 0
    assert statuses == []


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("  Downloading gradio-6.31.0-py3-none-any.whl (41 MB)", "downloading gradio-6.31.0"),
        ("Installing collected packages: a, b, c", "installing 3 packages, which takes a while …"),
        ("Collecting a", None),
    ],
)
def test_each_long_step_of_pip_is_named(environment: ModuleType, line: str, step: str | None) -> None:
    assert environment._step(line) == step


@pytest.mark.skipif(sys.platform == "win32", reason="the script is for bash")
def test_a_mistyped_command_is_told_before_anything_is_installed(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "train"
    run = subprocess.run(["bash", script, "fti", "images"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("error: “fti” is neither a folder nor a command; the commands are serve, predict, ")
    assert run.stderr.count("\n") == 1
