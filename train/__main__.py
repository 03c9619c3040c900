"""`python -m train`: the command line of training; each command is a file in `train/commands`."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

from model.errors import VistazoError
from model.hub.http import configure_client
from train.commands import check, compare, convert, evaluate, explain, fit, push, tune
from train.resource_errors import shortage

# A command is a module with `add_arguments(parser)` and `run(options) -> int`; its docstring is its help. `INTERRUPTED`
# says what Ctrl-C leaves behind, where it is not nothing.
_COMMANDS = {
    "check": check,
    "fit": fit,
    "evaluate": evaluate,
    "explain": explain,
    "compare": compare,
    "tune": tune,
    "convert": convert,
    "push": push,
}


def main(arguments: Sequence[str] | None = None, prog: str = "python -m train") -> int:
    """Run the command line; returns the exit status: 0, 2 for a user's mistake, 130 when interrupted."""
    # TensorFlow tells every user about missing GPUs and CPU flags otherwise; it reads this at import.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    options = _parser(prog).parse_args(arguments)
    # Pillow prints about odd files, in lines of its own; what matters becomes an error.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    configure_client()
    try:
        return _COMMANDS[options.command].run(options)
    except VistazoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Exception as error:
        short = shortage(error)
        if short is None:
            raise
        print(f"error: {short}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        left = getattr(_COMMANDS[options.command], "INTERRUPTED", "nothing was written")
        print(f"Interrupted; {left}.", file=sys.stderr)
        return 130


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description="Make a model from folders of images.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in _COMMANDS.items():
        meaning = (command.__doc__ or "").partition(": ")[2].strip().rstrip(".")
        command.add_arguments(commands.add_parser(name, help=meaning, description=meaning))
    return parser


if __name__ == "__main__":
    sys.exit(main())
