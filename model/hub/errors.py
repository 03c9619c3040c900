"""What an error of the Hub's client means, in one sentence that names the repository, the revision or the right.

Nothing of the server's own words is repeated: they may be long, HTML, or hold an address with a key.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model.errors import FULL_DISK, HubUnreachableError, ModelNotFoundError, Sentence, VistazoError
from model.hub.http import BodyTooLargeError, DeadlineError

_FULL = FULL_DISK | {errno.EFBIG}
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}
# Statuses after which another attempt may help.
TEMPORARY = {408, 425, 429, *range(500, 600)}


@dataclass(frozen=True)
class Failure:
    """Why an attempt failed.

    Attributes:
        error: What to raise.
        may_pass: Whether another attempt may help.
        pause: For how many seconds the server asks to wait before it; 0 where it does not.
    """

    error: VistazoError
    may_pass: bool = False
    pause: float = 0.0


def describe_error(
    error: Exception, repository: str, revision: str | None, name: str | None = None, folder: Path | None = None
) -> Failure:
    """Say what an error means for a call that reads.

    Args:
        error: What the client, or a limit of ours, raised.
        repository: "user/name".
        revision: Branch, tag or commit; None for the default branch.
        name: The file, when it was about one.
        folder: Where it was to be stored; None for the client's cache.

    Returns:
        A failure with `HubUnreachableError` where another attempt may help, else with `ModelNotFoundError`.
    """
    for cause in causes(error):
        described = _describe(cause, repository, revision, name, folder)
        if described:
            return Failure(described, isinstance(described, HubUnreachableError), _requested_pause(cause))
    what = f"“{name}” of “{repository}”" if name else f"“{repository}”"
    return Failure(
        HubUnreachableError(f"The Hub's response about {what} cannot be used ({type(error).__name__})."), True
    )


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, what caused it, what caused that, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _describe(
    error: BaseException, repository: str, revision: str | None, name: str | None, folder: Path | None
) -> ModelNotFoundError | None:
    from httpx2 import HTTPError, TimeoutException
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return ModelNotFoundError(
            Sentence("HF_HUB_OFFLINE is set: the Hub was not asked for “{name}”.", name=repository)
        )
    if isinstance(error, HfHubHTTPError):
        if error.response.status_code in TEMPORARY:
            return _temporary(repository, error.response.status_code)
        return ModelNotFoundError(_describe_refusal(error, repository, revision, name))
    if isinstance(error, HFValidationError):
        return ModelNotFoundError(f"“{repository}” is not a name that a Hub repository can have.")
    if isinstance(error, BodyTooLargeError):
        return ModelNotFoundError(f"The Hub sends more of “{repository}” than it announced. It was not fetched.")
    if isinstance(error, DeadlineError) and error.status in TEMPORARY:
        return _temporary(repository, error.status)
    if isinstance(error, DeadlineError | TimeoutException):
        return HubUnreachableError(Sentence("The Hub did not respond in time for “{name}”.", name=repository))
    if isinstance(error, HTTPError):
        reason = type(error).__name__
        return HubUnreachableError(
            Sentence(
                "The Hub cannot be reached for “{name}” ({reason}). Check the connection, or try again later.",
                name=repository,
                reason=reason,
            )
        )
    if isinstance(error, OSError) and error.errno in _FULL | _READ_ONLY:
        from huggingface_hub.constants import HF_HUB_CACHE

        problem = "is full" if error.errno in _FULL else "cannot be written"
        other = "choose another place" if folder else "set HF_HOME to another place"
        return ModelNotFoundError(
            f"“{repository}” could not be stored: the disk of “{folder or HF_HUB_CACHE}” {problem}. "
            f"Make room there, or {other}."
        )
    return None


def _temporary(repository: str, status: int | None) -> HubUnreachableError:
    if status == 429:
        return HubUnreachableError(
            Sentence("The Hub is limiting requests (status {status} for “{name}”).", status=status, name=repository)
        )
    return HubUnreachableError(
        Sentence("The Hub reports an error (status {status} for “{name}”).", status=status, name=repository)
    )


def _describe_refusal(error: OSError, repository: str, revision: str | None, name: str | None) -> str:
    from huggingface_hub import errors, get_token

    status: int = error.response.status_code  # type: ignore[attr-defined]
    token = get_token()
    no_repository = isinstance(error, errors.RepositoryNotFoundError)
    if isinstance(error, errors.RevisionNotFoundError):
        return f"“{repository}” has no branch, tag or commit “{revision or 'main'}”."
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return f"“{repository}” has no file “{name}” any more."
    if isinstance(error, errors.GatedRepoError):
        return (
            f"“{repository}” is gated: accept its conditions on its page, with the account whose token is in HF_TOKEN."
        )
    if isinstance(error, errors.DisabledRepoError):
        return f"“{repository}” has been disabled on the Hub. Name another."
    if status == 403:
        right = "the token in HF_TOKEN needs the right to read this repository." if token else "set HF_TOKEN."
        return f"The Hub forbids reading “{repository}” (403): {right}"
    if status == 401 and token and not no_repository:
        return (
            f"The Hub does not accept the token in HF_TOKEN for “{repository}” (401). Make a new one with the right to "
            "read it."
        )
    if status == 401 or (status == 404 and no_repository):
        right = (
            "or the token in HF_TOKEN has no right to read it"
            if token
            else "or it is private: then set HF_TOKEN to a token with the right to read it"
        )
        return f"There is no repository “{repository}” on the Hub ({status}), {right}."
    if status == 404:
        what = f"file “{name}” of “{repository}”" if name else f"“{repository}”, or no revision “{revision or 'main'}”"
        return f"The Hub has no {what} (404)."
    return f"The Hub refuses to give “{repository}” (status {status})."


def _requested_pause(error: BaseException) -> float:
    response = getattr(error, "response", None)
    pause = response.headers.get("retry-after", "") if response is not None else ""
    return float(pause) if pause.strip().isdigit() else 0.0
