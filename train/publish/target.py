"""Where a push goes to, and how the Hub's client is called on its behalf: a few attempts, and a deadline."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from model.bundle import MAX_JSON_BYTES
from model.hub.contents import RepositoryContents, read_contents
from model.hub.download import SLOWEST_BYTES_PER_SECOND
from model.hub.http import Budget
from model.hub.retry import call_hub
from train.publish.errors import describe_push_error
from train.publish.space_settings import SpaceSettings

Result = TypeVar("Result")

# For one question or one commit, and for the part of an upload that does not depend on its size; with all attempts.
CALL_SECONDS = 60.0
# The longest pause that a server may ask for: longer than in the app, where somebody waits for a page.
MAX_PAUSE = 30.0
# The longest silence of a server that checks and stores what was sent.
STORING_SECONDS = 30.0
# What comes before the name in the address of a page.
_PAGES = {"space": "spaces/", "dataset": "datasets/"}


@dataclass(frozen=True)
class Target:
    """Where to push.

    Attributes:
        repository: "user/name".
        kind: "model", "space" or "dataset".
        branch: None for the default branch.
        as_pull_request: Open a pull request instead of changing the branch.
        private: Make the repository private, where it has to be made.
        space: Settings of a Space that has to be made.
    """

    repository: str
    kind: str = "model"
    branch: str | None = None
    as_pull_request: bool = False
    private: bool = False
    space: SpaceSettings | None = None

    @property
    def url(self) -> str:
        """The address of its page."""
        from huggingface_hub import constants

        at = f"/tree/{self.branch}" if self.branch else ""
        return f"{constants.ENDPOINT}/{_PAGES.get(self.kind, '')}{self.repository}{at}"

    def call(
        self,
        work: Callable[[], Result],
        *,
        upload_bytes: int = 0,
        request_seconds: float | None = None,
        already_done: Callable[[], Result | None] = lambda: None,
    ) -> Result:
        """Call `work` until it succeeds, a few times.

        Args:
            work: Calls the client in the thread that it is called in, and in no other.
            upload_bytes: The size of the file that it sends; 0 where it sends none.
            request_seconds: The longest silence of a server; None for the usual time.
            already_done: Called after an error; returns the result where the work was done all the same.

        Raises:
            PushError: Another attempt would not help.
            HubUnreachableError: No attempt succeeded.
        """
        sending = upload_bytes / SLOWEST_BYTES_PER_SECOND
        budget = Budget(
            CALL_SECONDS + sending, CALL_SECONDS / 2 + sending, MAX_JSON_BYTES, request_seconds, max_pause=MAX_PAUSE
        )
        describe = partial(
            describe_push_error,
            repository=self.repository,
            uploading=upload_bytes > 0,
            served=self.space.model if self.space else None,
        )
        return call_hub(work, budget, describe, print_retry, already_done)

    def contents(self, revision: str | None = None, *, must_exist: bool = False) -> RepositoryContents:
        """Ask the Hub what the branch holds; nothing where there is no such repository or branch.

        Args:
            revision: Another branch, tag or commit.
            must_exist: Raise `PushError` where there is no such repository or branch.
        """
        from huggingface_hub.errors import HfHubHTTPError

        def read() -> RepositoryContents:
            try:
                return read_contents(self.repository, revision or self.branch, self.kind)
            except HfHubHTTPError as error:
                if error.response.status_code != 404 or must_exist:
                    raise
                return RepositoryContents(self.repository)

        return self.call(read)


def print_retry(sentence: str) -> None:
    """Say on standard error why the Hub is asked again."""
    print(f"{sentence.partition('. ')[0].rstrip('.')}. Trying again.", file=sys.stderr)
