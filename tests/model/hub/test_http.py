"""The Hub's client has one configuration for the process, which the programs make when they start."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.errors import VistazoError
from model.hub.http import Budget, run_with_limits


def configured() -> None:
    raise VistazoError("the client is configured")


def test_a_call_changes_no_setting_of_the_client() -> None:
    from huggingface_hub import constants
    from huggingface_hub.utils import _http

    before = (_http._GLOBAL_CLIENT_FACTORY, constants.HF_HUB_DISABLE_XET)
    run_with_limits(lambda: None, Budget(10, 10, 1000), 10)
    assert before == (_http._GLOBAL_CLIENT_FACTORY, constants.HF_HUB_DISABLE_XET)


def test_predict_configures_the_client_for_a_repository(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import model.__main__

    monkeypatch.setattr(model.__main__, "configure_client", configured)
    assert model.__main__.main(["predict", "--model", "somebody/flags", "image.jpg"]) == 2
    assert "the client is configured" in capsys.readouterr().err


def test_training_commands_that_ask_the_hub_configure_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    import train.__main__

    monkeypatch.setattr(train.__main__, "configure_client", configured)
    with pytest.raises(VistazoError, match="configured"):
        train.__main__.main(["push", "bundle", "somebody/flags"])


def test_training_commands_that_do_not_ask_the_hub_leave_the_client_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import train.__main__

    monkeypatch.setattr(train.__main__, "configure_client", configured)
    assert train.__main__.main(["check", str(tmp_path / "missing")]) == 2
    assert "missing" in capsys.readouterr().err
