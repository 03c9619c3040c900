"""Run a function in a Python process of its own in which Keras runs on TensorFlow.

Only TensorFlow writes LiteRT files, and the Keras backend of a process cannot be changed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def tensorflow_command(function: Callable[[str], object], argument: Path) -> list[str]:
    """Return the command that calls a function and exits with the status that it returns.

    Args:
        function: A function at the top level of a module.
        argument: Its only argument, passed as text.
    """
    program = f"import sys; from {function.__module__} import {function.__name__} as run; sys.exit(run(sys.argv[1]))"
    return [sys.executable, "-c", program, str(argument)]


def tensorflow_environment() -> dict[str, str]:
    """Return the environment variables of that process: TensorFlow, on the processor, with few messages."""
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")])),
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",  # the accelerator's memory belongs to the backend that trains
    }
