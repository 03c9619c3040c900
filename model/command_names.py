"""Commands of this program as messages print them, so that they run where the message is read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_MODULES = {"serve": "python app.py", "predict": "python -m model predict"}
_ROOT = Path(__file__).resolve().parents[1]


def command(name: str, *arguments: str) -> str:
    """Return a command line for a message: of `vistazo` or a script where that is what runs, else of Python.

    Args:
        name: The command, such as "convert".
        arguments: What follows it, quoted for a shell where that is necessary.
    """
    is_installed = Path(sys.argv[0]).stem == "vistazo" and Path(sys.argv[0]).suffix != ".py"
    if is_installed:
        start = f"vistazo {name}"
    elif _started_by_script():
        start = _script("serve") if name == "serve" else f"{_script('train')} {name}"
    else:
        start = _MODULES.get(name, f"python -m train {name}")
    return " ".join((start, *arguments))


def _started_by_script() -> bool:
    """Return whether scripts/serve or scripts/train started this: in their environment, which nobody has activated."""
    return Path(sys.prefix) == _ROOT / ".venv" and "VIRTUAL_ENV" not in os.environ


def _script(name: str) -> str:
    file = _ROOT / "scripts" / (f"{name}.cmd" if sys.platform == "win32" else name)
    shown = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    return str(shown) if sys.platform == "win32" else f"bash {shown}"
