"""`python -m train`: the command line of training; each command is a module in `train/commands`."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from types import ModuleType

from model.command_names import command
from model.errors import VistazoError
from model.hub.http import configure_client
from model.packages import SERVING, TRAINING, asks_for_help, missing_packages
from model.parser import Parser
from model.program import Terminated, run_as_program

_PROGRAM = "python -m train"
# A command is a module of this name with `add_arguments(parser)` and `run(options) -> Ending`; its docstring is its
# help. `INTERRUPTED` describes what Ctrl-C leaves behind, where something may be.
_COMMANDS = (
    "check",
    "fit",
    "evaluate",
    "explain",
    "compare",
    "tune",
    "convert",
    "site",
    "push",
    "push-data",
    "versions",
    "pull",
)
# The others work without the Hub, and its client takes a quarter of a second to import.
_HUB_COMMANDS = ("evaluate", "explain", "compare", "convert", "site", "push", "push-data", "versions", "pull")
_UNTRAINED = ("site", "push", "push-data", "versions", "pull")  # these need no training packages


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 0, 2 for a user's mistake, 130 when interrupted."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if sentence := _missing(arguments):
        print(f"error: {sentence}", file=sys.stderr)
        return 2
    _quiet()
    try:
        parser = _parser(arguments)
    except ModuleNotFoundError:  # even the help names the settings' choices, which a few packages have
        print(f"error: {missing_packages(_PROGRAM, TRAINING)}", file=sys.stderr)
        return 2
    options = parser.parse_args(arguments)
    if options.command in _HUB_COMMANDS:
        configure_client()
    try:
        # What is printed on the way, by Keras as well, is progress. Only the ending goes to stdout.
        with contextlib.redirect_stdout(sys.stderr):
            ending = _module(options.command).run(options)
        ending.print(as_json=options.json)
        return int(ending.status)
    except VistazoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as `head`, has ended; nothing more can be written, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        from train.resource_errors import resource_error

        reason = resource_error(error)
        if reason is None:
            raise
        print(f"error: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        print(f"Interrupted; {_left_by(options.command, error)}", file=sys.stderr)
        return 130
    except Terminated as error:
        print(f"Terminated; {_left_by(options.command, error)}", file=sys.stderr)
        raise


def _missing(arguments: Sequence[str]) -> str | None:
    """Return a sentence when the command needs packages that are not installed; its help needs none."""
    if not arguments or arguments[0] not in _COMMANDS or asks_for_help(arguments):
        return None
    needed = SERVING if arguments[0] in _UNTRAINED else TRAINING
    return missing_packages(command(arguments[0]), needed)


def _quiet() -> None:
    """Keep the libraries' remarks about themselves from the user; these are read when they are imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in ("absl", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # Pillow warns about odd files; what matters is reported as an error.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    warnings.filterwarnings("ignore", message="The least populated class")  # `check` names labels with few images


def _left_by(command: str, error: BaseException) -> str:
    """Return what an interrupted command leaves behind: what it noted on the way, else what it always does."""
    for note in getattr(error, "__notes__", []):
        return str(note)
    return f"{getattr(_module(command), 'INTERRUPTED', 'nothing was written')}."


def _module(command: str) -> ModuleType:
    return importlib.import_module(f"train.commands.{command.replace('-', '_')}")


def _parser(arguments: Sequence[str] = ()) -> Parser:
    """Return the parser; where a command is named first, with the options of that command alone, which is quicker."""
    parser = Parser(prog=_PROGRAM, description="Train, evaluate and publish image classifiers.")
    commands = parser.add_subparsers(dest="command", required=True)
    named = arguments[:1] and arguments[0] in _COMMANDS
    for name in arguments[:1] if named else _COMMANDS:
        module = _module(name)
        meaning = (module.__doc__ or "").partition(": ")[2].strip().rstrip(".")
        module.add_arguments(
            commands.add_parser(
                name, prog=command(name), help=meaning, description=meaning[:1].upper() + meaning[1:] + "."
            )
        )
    return parser


if __name__ == "__main__":
    sys.exit(run_as_program(main))
