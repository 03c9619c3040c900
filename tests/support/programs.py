"""Run programs of the page in the Node.js that comes with Playwright: what needs no browser is tested without one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import playwright


def run_program(program: str) -> Any:
    """Run a JavaScript module, and return what it prints as JSON."""
    node = Path(playwright.__file__).parent / "driver" / "node"
    done = subprocess.run(
        [node, "--input-type=module"], input=program, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
