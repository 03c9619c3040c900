"""What went wrong with a push, in one sentence that names the missing right or what to do."""

from __future__ import annotations

from typing import Any

from model.errors import HubUnreachableError, VistazoError
from model.hub.errors import LATER, explain

# How storage answers a file that does not have the checksum that was announced.
_DAMAGED = (400, 422)


class PushError(VistazoError):
    """A bundle cannot be published; nothing of it can be seen on the Hub unless the message says so."""


class OvertakenError(PushError):
    """Somebody else has changed the repository since it was looked at."""


class BusyError(PushError):
    """It did not work this time: somebody else was changing the repository, or a file was damaged on its way."""


def overtaken(repository: str) -> OvertakenError:
    """Return the error for a repository that has changed meanwhile."""
    return OvertakenError(
        f"Somebody else has changed “{repository}” while this push was under way. Nothing was overwritten. "
        "Look at the new commit, and push again if yours should follow it."
    )


def explain_push(
    error: Exception, repository: str, revision: str | None, *, uploading: bool = False
) -> tuple[VistazoError, float]:
    """Say what an error of the Hub's client means for a push.

    Nothing of the server's own words is repeated: see `explain`.

    Args:
        error: What the client, or a limit of ours, raised.
        repository: What was written to.
        revision: Branch; None for the default branch.
        uploading: A file was sent, which may have been damaged on its way.

    Returns:
        `HubUnreachableError` or `BusyError` where another try may help, else what to tell; and for how
        many seconds the server asks to wait before that try.
    """
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, VistazoError):
        return error, 0.0
    if type(error) is ValueError and "metadata" in str(error):  # the client's word for a card the Hub refuses
        return PushError(f"The Hub does not accept what was sent for “{repository}”: look at the card's metadata."), 0.0
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, HfHubHTTPError):  # an upload's error is wrapped
        cause = cause.__cause__
    if uploading and isinstance(cause, HfHubHTTPError) and (told := _not_stored(cause.response, repository)):
        return told, 0.0
    if isinstance(cause, HfHubHTTPError) and (refused := _refused(cause.response.status_code, repository)):
        return refused, 0.0
    told_by_pull, wait = explain(error, repository, revision)
    if isinstance(told_by_pull, HubUnreachableError) or "HF_HUB_OFFLINE" in str(told_by_pull):
        return told_by_pull, wait
    return PushError(str(told_by_pull)), wait


def _not_stored(response: Any, repository: str) -> BusyError | None:
    """Explain a refusal of the storage, which knows nothing of tokens: its addresses are good for a while only."""
    status: int = response.status_code
    path: str = response.request.url.path
    if status in LATER or "/preupload/" in path or path.endswith("/objects/batch"):
        return None
    if status in _DAMAGED:
        return BusyError(f"A file for “{repository}” did not arrive whole (status {status}).")
    return BusyError(f"The Hub's storage did not take a file for “{repository}” (status {status}). Push again.")


def _refused(status: int, repository: str) -> PushError | None:
    from huggingface_hub import get_token

    owner = repository.partition("/")[0]
    if status == 401 and not get_token():
        return PushError("Publishing needs a token with the right to write. Run `hf auth login`, or set HF_TOKEN.")
    if status == 401:
        return PushError(
            "The Hub does not accept the token (401). Make a new one with the right to write, then run "
            "`hf auth login` or set HF_TOKEN."
        )
    if status == 402:
        return PushError(f"The Hub asks for a paid plan before it makes “{repository}” (402).")
    if status == 403:
        return PushError(
            f"The token may not write to “{repository}” (403). It needs the right to write to those of “{owner}”."
        )
    if status == 404:
        return PushError(
            f"The Hub has no “{repository}” that the token may write to, or no such branch (404). "
            "Look at the name, and at the token's rights."
        )
    if status == 409:
        return BusyError(f"Another change of “{repository}” is under way (409). Push again in a minute.")
    if status == 412:
        return overtaken(repository)
    if status in range(400, 500) and status not in LATER:
        return PushError(f"The Hub does not accept what was sent for “{repository}” (status {status}).")
    return None
