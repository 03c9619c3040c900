"""What went wrong with the Hub, in one sentence that names the repository, the revision or the missing right."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from model.errors import FULL_DISK, HubUnreachableError, ModelNotFoundError, Sentence
from model.hub.http import BodyTooLargeError, DeadlineError

_NO_ROOM = FULL_DISK | {errno.EFBIG}
_NOT_OURS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}
# Statuses after which another try may help.
LATER = {408, 425, 429, *range(500, 600)}


def explain(
    error: Exception, repository: str, revision: str | None, name: str | None = None
) -> tuple[ModelNotFoundError, float]:
    """Say what an error of the Hub's client means.

    Nothing of the server's own words is repeated: they may be long, HTML, or hold an address with a key.

    Args:
        error: What the client, or a limit of ours, raised.
        repository: What was asked for.
        revision: Branch, tag or commit; None for the default branch.
        name: The file, when it was about one.

    Returns:
        `HubUnreachableError` where another try may help, else `ModelNotFoundError`; and for how many
        seconds the server asks to wait before that try.
    """
    for cause in _chain(error):
        told = _explained(cause, repository, revision, name)
        if told:
            return told, _asked_to_wait(cause)
    what = f"“{name}” of “{repository}”" if name else f"“{repository}”"
    return HubUnreachableError(f"The Hub's answer about {what} cannot be used ({type(error).__name__})."), 0.0


def _explained(
    error: BaseException, repository: str, revision: str | None, name: str | None
) -> ModelNotFoundError | None:
    from httpx2 import HTTPError, TimeoutException
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return ModelNotFoundError(
            Sentence("HF_HUB_OFFLINE is set: the Hub was not asked for “{name}”.", name=repository)
        )
    if isinstance(error, HfHubHTTPError):
        return _refused(error, repository, revision, name)
    if isinstance(error, HFValidationError):
        return ModelNotFoundError(f"“{repository}” is not a name that a Hub repository can have.")
    if isinstance(error, BodyTooLargeError):
        return ModelNotFoundError(f"The Hub sends more of “{repository}” than it announced. It was not fetched.")
    if isinstance(error, DeadlineError) and error.status in LATER:
        return _busy(repository, error.status)
    if isinstance(error, DeadlineError | TimeoutException):
        return HubUnreachableError(Sentence("The Hub did not answer in time about “{name}”.", name=repository))
    if isinstance(error, HTTPError):
        reason = type(error).__name__
        return HubUnreachableError(
            Sentence("The Hub cannot be reached for “{name}” ({reason}).", name=repository, reason=reason)
        )
    if isinstance(error, OSError) and error.errno in _NO_ROOM | _NOT_OURS:
        from huggingface_hub.constants import HF_HUB_CACHE

        problem = "is full" if error.errno in _NO_ROOM else "cannot be written"
        return ModelNotFoundError(
            f"“{repository}” could not be stored: the disk of “{HF_HUB_CACHE}” {problem}. "
            "Make room there, or set HF_HOME to another place."
        )
    return None


def _busy(repository: str, status: int | None) -> HubUnreachableError:
    if status == 429:
        return HubUnreachableError(
            Sentence(
                "The Hub asks to be left alone for a while (status {status} for “{name}”).",
                status=status,
                name=repository,
            )
        )
    return HubUnreachableError(
        Sentence("The Hub has trouble (status {status} for “{name}”).", status=status, name=repository)
    )


def _refused(error: OSError, repository: str, revision: str | None, name: str | None) -> ModelNotFoundError:
    """Explain an answer with an error status."""
    from huggingface_hub import get_token
    from huggingface_hub.errors import (
        DisabledRepoError,
        GatedRepoError,
        RemoteEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    status: int = error.response.status_code  # type: ignore[attr-defined]
    if status in LATER:
        return _busy(repository, status)
    if isinstance(error, RevisionNotFoundError):
        return ModelNotFoundError(f"“{repository}” has no branch, tag or commit “{revision or 'main'}”.")
    if isinstance(error, RemoteEntryNotFoundError):
        return ModelNotFoundError(f"“{repository}” has no file “{name}” any more.")
    if isinstance(error, GatedRepoError):
        return ModelNotFoundError(
            f"“{repository}” is gated: accept its conditions on its page, with the account whose token is in HF_TOKEN."
        )
    if isinstance(error, DisabledRepoError):
        return ModelNotFoundError(f"“{repository}” has been disabled on the Hub. Name another.")
    token = get_token()
    if status == 403:
        return ModelNotFoundError(
            f"The Hub forbids to read “{repository}” (403): "
            + ("the token in HF_TOKEN needs the right to read this repository." if token else "set HF_TOKEN.")
        )
    if status == 401 and token and not isinstance(error, RepositoryNotFoundError):
        return ModelNotFoundError(
            f"The Hub does not accept the token in HF_TOKEN for “{repository}” (401). Make a new one with the right to "
            "read it."
        )
    if status == 401 or (status == 404 and isinstance(error, RepositoryNotFoundError)):
        right = (
            "or the token in HF_TOKEN has no right to read it"
            if token
            else "or it is private: then set HF_TOKEN to a token with the right to read it"
        )
        return ModelNotFoundError(f"There is no repository “{repository}” on the Hub ({status}), {right}.")
    if status == 404:
        what = f"file “{name}” of “{repository}”" if name else f"“{repository}”, or no revision “{revision or 'main'}”"
        return ModelNotFoundError(f"The Hub knows no {what} (404).")
    return ModelNotFoundError(f"The Hub refuses to give “{repository}” (status {status}).")


def _asked_to_wait(error: BaseException) -> float:
    response = getattr(error, "response", None)
    wait = response.headers.get("retry-after", "") if response is not None else ""
    return float(wait) if wait.strip().isdigit() else 0.0


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
