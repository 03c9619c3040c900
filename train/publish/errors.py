"""What an error of the Hub's client means for a push, in one sentence that names the missing right or what to do."""

from __future__ import annotations

from typing import Any

from model.command_names import command
from model.errors import HubUnreachableError, VistazoError
from model.hub.errors import TEMPORARY, Failure, causes, describe_error

# What storage responds to a file without the checksum that was announced.
_DAMAGED = (400, 422)


class PushError(VistazoError):
    """A bundle cannot be published; nothing of it can be seen on the Hub unless the message says so."""


def changed_meanwhile(repository: str) -> PushError:
    """Return the error for a repository that somebody else has changed during the push."""
    return PushError(
        f"Somebody else has changed “{repository}” while this push was under way. Nothing was overwritten. "
        "Look at the new commit, and push again if yours should follow it."
    )


def describe_push_error(
    error: Exception, repository: str, *, uploading: bool = False, served: str | None = None
) -> Failure:
    """Say what an error means for a push.

    Args:
        error: What the client, or a limit of ours, raised.
        repository: What was written to.
        uploading: A file was sent, which may have been damaged on its way.
        served: The model that a Space should serve; None for a model's repository.

    Returns:
        A failure with `PushError`, or with `HubUnreachableError` where the Hub gave no usable response.
    """
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    if isinstance(error, VistazoError):
        return Failure(error, isinstance(error, HubUnreachableError))
    chain = list(causes(error))
    response = next((cause.response for cause in chain if isinstance(cause, HfHubHTTPError)), None)
    if response is not None and response.status_code not in TEMPORARY:
        return (uploading and _not_stored(response, repository)) or _refused(response, repository, served)
    failure = describe_error(error, repository, None)
    if failure.may_pass or any(isinstance(cause, OfflineModeIsEnabled) for cause in chain):
        return failure
    return Failure(PushError(str(failure.error)))


def _not_stored(response: Any, repository: str) -> Failure | None:
    """Describe a refusal of the storage, which knows nothing of tokens and whose addresses expire: a retry may help."""
    path: str = response.request.url.path
    if "/preupload/" in path or path.endswith("/objects/batch"):
        return None
    status: int = response.status_code
    if status in _DAMAGED:
        return Failure(PushError(f"A file for “{repository}” did not arrive whole (status {status})."), True)
    return Failure(
        PushError(f"The Hub's storage did not take a file for “{repository}” (status {status}). Push again."), True
    )


def _refused(response: Any, repository: str, served: str | None) -> Failure:
    from huggingface_hub import get_token

    status: int = response.status_code
    if status == 400 and response.request.url.path.endswith("/validate-yaml"):
        text = f"The Hub does not accept the metadata of the card for “{repository}”."
    elif status == 401 and not get_token():
        text = "Publishing needs a token with the right to write. Run `hf auth login`, or set HF_TOKEN."
    elif status == 401:
        text = (
            "The Hub does not accept the token (401). Make a new one with the right to write, then run `hf auth login` "
            "or set HF_TOKEN."
        )
    elif status == 402 and served:
        text = _unpaid_space(repository, served)
    elif status == 402:
        text = f"The Hub asks for a paid plan before it makes “{repository}” (402)."
    elif status == 403:
        owner = repository.partition("/")[0]
        text = f"The token may not write to “{repository}” (403). It needs the right to write to those of “{owner}”."
    elif status == 404:
        text = (
            f"The Hub has no “{repository}” that the token may write to, or no such branch (404). Look at the name, "
            "and at the token's rights."
        )
    elif status == 409:
        return Failure(PushError(f"Another change of “{repository}” is under way (409). Push again in a minute."), True)
    elif status == 412:  # perhaps by an attempt of ours whose response was lost: `already_done` will tell
        return Failure(changed_meanwhile(repository), True)
    else:
        text = f"The Hub does not accept what was sent for “{repository}” (status {status})."
    return Failure(PushError(text))


def _unpaid_space(space: str, model: str) -> str:
    serve = command("serve", "--model", model, "--share")
    return (
        f"The Space “{space}” must be paid for (402). Alternatives: a page that runs the model in the visitor's "
        "browser, which is free (the same command with `--sdk static`); ZeroGPU, of which a free account gets two "
        "Spaces (`--hardware zero-a10g`; the app is prepared for it, but was never seen there); a paid plan, which "
        "free CPU hardware needs as well (https://huggingface.co/pricing); hardware that is paid by the hour "
        f"(`--hardware cpu-upgrade`); or a machine of your own, with a public link for a week: `{serve}`."
    )
