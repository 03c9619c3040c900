"""Which packages the commands need, and the sentence for those that are missing; imports none of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence

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
    kind, extra = ("training packages", "[train]") if needed is TRAINING else ("packages", "")
    absent = f"{missing[0]} is" if len(missing) == 1 else f"{missing[0]} and {len(missing) - 1} more are"
    how = f'from a checkout with `uv tool install ".{extra}"` or `pip install ".{extra}"`'
    script = f"bash scripts/{'serve' if needed is PAGE else 'train'}"
    return (
        f"`{command}` needs the {kind}, and {absent} not installed. Install them {how}; or use `{script}`, which "
        "installs what it needs by itself."
    )


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Return whether a command is only asked for its help, which needs no packages."""
    return bool({"-h", "--help"} & set(arguments))
