"""Hardware, sleep, visibility and the secret of a Space, and what the Hub wants for them."""

from __future__ import annotations

import re
import shlex

import pytest

import app
from model.errors import SettingsError
from tests.fake_hub.pushing import REPOSITORY, SPACE, Push, result
from tests.fake_hub.server import Hub, Repository
from train.publish.space_settings import SpaceSettings, read_settings

SECRET = "hf_a_token_for_the_space"
WITH_SECRET = f"import os; os.environ['SPACE_TOKEN'] = '{SECRET}'"
ALL = ("--hardware", "cpu-upgrade", "--sleep", "30", "--space-token", "SPACE_TOKEN")


def space(hub: Hub) -> Repository:
    return hub.repositories[f"spaces/{SPACE}"]


@pytest.mark.parametrize("existing", [False, True])
def test_hardware_sleep_and_secret_are_set_and_the_secret_shown_to_nobody(existing: bool, hub: Hub, push: Push) -> None:
    if existing:
        assert "the Space needs a token that may read it: add the secret HF_TOKEN at" in (
            push("--private", "--space", SPACE).stderr
        )
        assert not space(hub).secrets
    done = push("--private", "--space", SPACE, *ALL, prelude=WITH_SECRET)

    assert result(done)["space_url"] == f"{hub.url}/spaces/{SPACE}" and f"See {hub.url}/spaces/{SPACE}\n" in done.stderr
    assert space(hub).settings == {"hardware": "cpu-upgrade", "sleepTimeSeconds": 1800, "visibility": "private"}
    assert space(hub).secrets == {"HF_TOKEN": SECRET}
    assert SECRET not in done.stdout + done.stderr and "add the secret" not in done.stderr
    kept = [content for files in space(hub).commits.values() for content in files.values()]
    assert not [content for content in kept if SECRET.encode() in content]


def test_hardware_is_asked_for_when_the_space_is_made_because_a_free_account_may_make_no_other() -> None:
    settings = read_settings("zero-a10g", None, None, protected=False)
    assert settings.creation()["space_hardware"] == "zero-a10g"


def test_sleep_alone_is_set_in_a_space_that_exists(hub: Hub, push: Push) -> None:
    result(push("--space", SPACE))
    done = push("--space", SPACE, "--sleep", "never")
    assert result(done)["space_changed"] == []
    assert space(hub).settings == {"sleepTimeSeconds": -1} and "Warning" not in done.stderr


def test_a_new_space_can_be_protected_beside_a_private_model(hub: Hub, push: Push) -> None:
    result(push("--private", "--protected", "--space", SPACE))
    assert hub.repositories[REPOSITORY].private and space(hub).settings == {"visibility": "protected"}
    again = push("--private", "--protected", "--space", SPACE)
    assert result(again)["space_changed"] == [] and "makes only new Spaces protected" in again.stderr


def test_a_space_that_has_to_be_paid_for_names_the_ways_out(hub: Hub, push: Push) -> None:
    hub.fail("POST /api/repos/create", status=402, then=None, times=2)
    refused = push()
    assert refused.returncode == 2 and "asks for a paid plan" in refused.stderr and "--hardware" not in refused.stderr
    hub.recover()
    result(push())
    hub.fail("POST /api/repos/create", status=402)
    done = push("--space", SPACE)

    assert done.returncode == 2
    assert "The model is published at commit" in done.stderr and "--hardware cpu-upgrade" in done.stderr
    assert "`--sdk static`" in done.stderr and "`--hardware zero-a10g`" in done.stderr and "/pricing" in done.stderr
    (serve,) = [line for line in re.findall(r"`([^`]+)`", done.stderr) if line.startswith("python app.py ")]
    options = app._parser().parse_args(shlex.split(serve)[2:])
    assert options.share and options.model == [f"{REPOSITORY}@{hub.repositories[REPOSITORY].references['main']}"]


@pytest.mark.parametrize(
    ("match", "sentence"),
    [("/secrets", "add the secret HF_TOKEN in the Space's settings"), ("/hardware", "its hardware and sleep")],
)
def test_a_setting_that_is_refused_says_what_is_left_to_do(match: str, sentence: str, hub: Hub, push: Push) -> None:
    hub.fail(f"POST /api/spaces/somebody/show{match}", status=403)
    done = push("--space", SPACE, *ALL, prelude=WITH_SECRET)
    assert done.returncode == 2 and sentence in done.stderr and SECRET not in done.stderr + done.stdout
    assert "The files of the Space “somebody/show” are written" in done.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"hardware": "A100 please"}, "--hardware should be one of"),
        ({"sleep": "0"}, "--sleep should be a number of minutes"),
        ({"sleep": "soon"}, "--sleep should be"),
        ({"sleep": "5", "hardware": "cpu-basic"}, "--sleep needs paid hardware"),
        ({"token_variable": SECRET}, "--space-token should be the name of an environment variable"),
        ({"token_variable": "hf-x y"}, "--space-token should be"),
        ({"token_variable": "VISTAZO_NO_SUCH_VARIABLE"}, "--space-token should be"),
    ],
)
def test_what_cannot_be_set_is_refused_and_no_token_repeated(options: dict[str, str], sentence: str) -> None:
    given = {"hardware": None, "sleep": None, "token_variable": None} | options
    with pytest.raises(SettingsError, match=sentence) as raised:
        read_settings(**given, protected=False)
    assert SECRET not in str(raised.value)


def test_a_secret_is_not_in_what_settings_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_TOKEN", SECRET)
    settings = read_settings(None, None, "SPACE_TOKEN", protected=False)
    assert settings.token == SECRET and SECRET not in repr(settings)
    assert SpaceSettings("a/b@c").creation() == {
        "space_sdk": "gradio",
        "space_variables": [{"key": "VISTAZO_MODEL", "value": "a/b@c"}],
    }


def test_settings_of_a_space_need_one(hub: Hub, push: Push) -> None:
    done = push("--hardware", "cpu-upgrade")
    assert done.returncode == 2 and "name it with --space" in done.stderr and not hub.log
