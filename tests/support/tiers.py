"""Which tier of tests runs: the default one, or the nightly one with more cases."""

from __future__ import annotations

import os

NIGHTLY = os.environ.get("VISTAZO_TEST_TIER") == "nightly"
