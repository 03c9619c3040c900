"""Which packages the commands need, and the sentence for those that are missing; imports none of them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

# The name that is imported → the package that is installed.
SERVING: Mapping[str, str] = {
    "numpy": "numpy",
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "av": "av",
    "ai_edge_litert": "ai-edge-litert",
    "huggingface_hub": "huggingface_hub",
    "tqdm": "tqdm",
}
PAGE: Mapping[str, str] = {**SERVING, "gradio": "gradio", "jinja2": "jinja2"}
TRAINING: Mapping[str, str] = {
    "tensorflow": "tensorflow",
    "keras": "keras",
    "sklearn": "scikit-learn",
    "matplotlib": "matplotlib",
    "scipy": "scipy",
    "optuna": "optuna",
    **SERVING,
}


def missing_packages(command: str, needed: Mapping[str, str]) -> str | None:
    """Return the sentence for the packages that a command needs and that are not installed; None when all are there.

    Args:
        command: As the user calls it, such as "vistazo fit".
        needed: One of the lists above.
    """
    missing = [package for name, package in needed.items() if importlib.util.find_spec(name) is None]
    if not missing:
        return None
    kind, target = ("training ", ".[train]") if needed is TRAINING else ("", ".")
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    root = Path(__file__).resolve().parents[1]
    if (root / "pyproject.toml").is_file():
        place = "" if root == Path.cwd() else f" in “{root}”"
        script = (
            "bash scripts/train, which installs them by itself"
            if needed is TRAINING
            else "bash scripts/serve, which installs them by itself"
        )
        python = Path(sys.executable).name
        how = f'Install them{place} with `{python} -m pip install "{target}"`, or use {script}.'
    else:
        how = f'Install them with `uv tool install "{target}"` from a checkout.'
    return f"`{command}` needs the {kind}packages, and {missing[0]}{more} is not installed. {how}"
