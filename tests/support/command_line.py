"""Run `python -m train` in this process, and read what commands say."""

from __future__ import annotations

import json

import pytest

from train.__main__ import main

# The figures that `fit --json` and `evaluate --json` always have.
PROMISED = {"n", "accuracy", "top5_accuracy", "macro_f1", "ece", "loss"}


def last_line(out: str) -> dict:
    return json.loads(out.splitlines()[-1])


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a command that has to fail; returns its one sentence."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 2
    captured = capsys.readouterr()
    errors = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert captured.err.splitlines()[-1] == errors[0]
    assert "Traceback" not in captured.err
    return errors[0]


def without_notes(err: str) -> str:
    """Leave out a line about the hardware, which LiteRT prints from C and cannot be told not to print."""
    return "".join(line for line in err.splitlines(keepends=True) if not line.startswith("INFO: "))
