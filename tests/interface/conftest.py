"""What the tests of the interface share: one running app, one long clip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.serving import ServedApp, running_app, write_long_clip


@pytest.fixture(scope="session")
def served_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    """A running app with the embedded model; a module that uses it is in APP of tests/support/groups.py."""
    folder = tmp_path_factory.mktemp("app")
    with running_app(folder, VISTAZO_MAX_REQUESTS_PER_MINUTE="1000000") as url:
        yield ServedApp(url, folder)


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip that takes many seconds to read."""
    return write_long_clip(tmp_path_factory.mktemp("long") / "long.mp4")
