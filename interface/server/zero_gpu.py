"""What the Hub's ZeroGPU hardware wants of a program before it lets it run.

https://huggingface.co/docs/hub/spaces-zerogpu and the package `spaces`, which the Hub installs into every Gradio Space.
"""

from __future__ import annotations

import importlib
import logging
import os

_VARIABLE = "SPACES_ZERO_GPU"


def register_with_zero_gpu() -> bool:
    """Mark a function for the GPU where the program runs on ZeroGPU, which ends a program that has marked none.

    The network needs no GPU: the marked function is never called, so that no visitor's GPU time is used. The package
    reports it to the Hub when Gradio launches; this comes before.

    Returns:
        Whether a function was marked; False on all other hardware, where nothing is imported.
    """
    if os.environ.get(_VARIABLE, "").lower() not in ("1", "t", "true"):  # as the package reads it
        return False
    try:
        spaces = importlib.import_module("spaces")
    except ImportError as error:
        logging.getLogger("vistazo").warning(f"ZeroGPU needs the package spaces, which cannot be imported: {error}")
        return False
    spaces.GPU(_no_work)
    return True


def _no_work() -> None:
    """Do nothing: a function that asks for the GPU."""
