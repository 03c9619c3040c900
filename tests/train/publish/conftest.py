"""What the tests of publishing share."""

from __future__ import annotations

import pytest

from tests.fake_hub.server import Hub


@pytest.fixture
def bare_hub(hub: Hub) -> None:
    """Make the fake Hub create a Space without its variables, which then need requests of their own."""
    hub.dialect.add("bare")
