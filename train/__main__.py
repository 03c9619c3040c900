"""`python -m train`: the command line of training; each command is a module in `train/commands`."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

from model.errors import VistazoError
from model.hub.http import configure_client
from train.commands import check, compare, convert, evaluate, explain, fit, pull, push, site, tune, versions
from train.resource_errors import resource_error

# A command is a module with `add_arguments(parser)` and `run(options) -> int`; its docstring is its help. `INTERRUPTED`
# describes what Ctrl-C leaves behind, where something may be.
_COMMANDS = {
    "check": check,
    "fit": fit,
    "evaluate": evaluate,
    "explain": explain,
    "compare": compare,
    "tune": tune,
    "convert": convert,
    "site": site,
    "push": push,
    "versions": versions,
    "pull": pull,
}
# The others work without the Hub, and its client takes a quarter of a second to import.
_HUB_COMMANDS = ("evaluate", "explain", "compare", "convert", "site", "push", "versions", "pull")


def main(arguments: Sequence[str] | None = None, prog: str = "python -m train") -> int:
    """Run the command line; return the exit status: 0, 2 for a user's mistake, 130 when interrupted."""
    # Otherwise TensorFlow reports missing GPUs and CPU flags to every user; it reads this when it is imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    options = _parser(prog).parse_args(arguments)
    # Pillow warns about odd files; what matters is reported as an error.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    if options.command in _HUB_COMMANDS:
        configure_client()
    try:
        return _COMMANDS[options.command].run(options)
    except VistazoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Exception as error:
        reason = resource_error(error)
        if reason is None:
            raise
        print(f"error: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        left = getattr(_COMMANDS[options.command], "INTERRUPTED", "nothing was written")
        print(f"Interrupted; {left}.", file=sys.stderr)
        return 130


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description="Train, evaluate and publish image classifiers.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in _COMMANDS.items():
        meaning = (command.__doc__ or "").partition(": ")[2].strip().rstrip(".")
        command.add_arguments(
            commands.add_parser(name, help=meaning, description=meaning[:1].upper() + meaning[1:] + ".")
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
