"""On ZeroGPU a function is marked for the GPU; elsewhere nothing is imported."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from interface.server.zero_gpu import register_with_zero_gpu


class Spaces(ModuleType):
    """Stands in for the Hub's package of that name."""

    def __init__(self) -> None:
        super().__init__("spaces")
        self.marked: list[Callable[..., object]] = []

    def GPU(self, task: Callable[..., object]) -> Callable[..., object]:
        self.marked.append(task)
        return task


@pytest.fixture
def spaces(monkeypatch: pytest.MonkeyPatch) -> Spaces:
    package = Spaces()
    monkeypatch.setitem(sys.modules, "spaces", package)
    return package


def test_on_zero_gpu_one_function_is_marked(spaces: Spaces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    assert register_with_zero_gpu()
    (function,) = spaces.marked
    assert function() is None


@pytest.mark.parametrize("value", [None, "", "false", "0"])
def test_on_other_hardware_nothing_is_marked(
    value: str | None, spaces: Spaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    if value is not None:
        monkeypatch.setenv("SPACES_ZERO_GPU", value)
    assert not register_with_zero_gpu() and not spaces.marked


def test_without_the_package_the_log_says_so(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setitem(sys.modules, "spaces", None)
    with caplog.at_level(logging.WARNING, "vistazo"):
        assert not register_with_zero_gpu()
    assert "ZeroGPU needs the package spaces" in caplog.text
