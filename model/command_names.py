"""Commands of this program as messages print them, so that they run where the message is read."""

from __future__ import annotations

import sys
from pathlib import Path

_MODULES = {"serve": "python app.py", "predict": "python -m model predict"}


def command(name: str, *arguments: str) -> str:
    """Return a command line for a message: of `vistazo` where that is what runs, else of Python.

    Args:
        name: The command, such as "convert".
        arguments: What follows it, quoted for a shell where that is necessary.
    """
    is_installed = Path(sys.argv[0]).stem == "vistazo" and Path(sys.argv[0]).suffix != ".py"
    start = f"vistazo {name}" if is_installed else _MODULES.get(name, f"python -m train {name}")
    return " ".join((start, *arguments))
