"""Settings written into a Space that exists: its variable, its secret, its hardware and its sleep."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from model.errors import VistazoError
from train.publish.errors import PushError
from train.publish.space_settings import SECRET, VARIABLE, SpaceSettings
from train.publish.target import Target


def apply_settings(target: Target, settings: SpaceSettings) -> None:
    """Set in a Space what its settings lack; it starts again when they change.

    Raises:
        PushError: It may not be set.
        HubUnreachableError: The Hub gives no usable response; push again later.
    """
    from huggingface_hub import HfApi

    hub = HfApi()
    name, seconds, token = target.repository, settings.sleep_seconds, settings.token

    def runtime() -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the client's own words about free hardware
            if settings.hardware:
                hub.request_space_hardware(name, settings.hardware, sleep_time=seconds)  # type: ignore[arg-type]
            else:
                hub.set_space_sleep_time(name, seconds or -1)
        return "set"

    try:
        if _variables(target).get(VARIABLE) != settings.model:
            target.call(lambda: hub.add_space_variable(name, VARIABLE, settings.model))
    except VistazoError as error:
        raise _incomplete(
            target, error, f"its variable. {{}} Push again, or set {VARIABLE} to {settings.model}"
        ) from error
    try:
        if token:
            target.call(lambda: hub.add_space_secret(name, SECRET, token) or True)
    except VistazoError as error:
        raise _incomplete(target, error, f"its secret. {{}} Push again, or add the secret {SECRET}") from error
    try:
        if settings.hardware or seconds is not None:
            target.call(runtime)
    except VistazoError as error:
        raise _incomplete(target, error, "its hardware and sleep. {} Push again, or set them") from error


def _variables(target: Target) -> Mapping[str, str]:
    from huggingface_hub import HfApi

    def read() -> Mapping[str, str]:
        return {name: variable.value or "" for name, variable in HfApi().get_space_variables(target.repository).items()}

    try:
        return target.call(read)
    except PushError:  # a token that may write them need not be allowed to read them
        return {}


def _incomplete(target: Target, error: VistazoError, what: str) -> VistazoError:
    said = what.format(error)
    return type(error)(
        f"The files of the Space “{target.repository}” are written, but not {said} in the Space's settings."
    )
