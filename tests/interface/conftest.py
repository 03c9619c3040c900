"""What the tests of the interface share: one long clip."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.serving import write_long_clip


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip that takes many seconds to read."""
    return write_long_clip(tmp_path_factory.mktemp("long") / "long.mp4")
