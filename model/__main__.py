"""`python -m model`: use a trained model, without TensorFlow."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Sequence

from model.command_names import command
from model.errors import VistazoError
from model.hub.http import configure_client
from model.packages import SERVING, asks_for_help, missing_packages
from model.parser import Parser
from model.program import Terminated, run_as_program

with contextlib.suppress(ModuleNotFoundError):  # `main` says which package is missing
    from model.bulk.predictions import close_decoders
    from model.commands import predict
    from model.hub.resolve import repository_of

_INTERRUPTED = 130  # as shells return for Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, 2 for an error that the user can correct, 130 for Ctrl-C."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    sentence = missing_packages(command("predict"), SERVING)
    if sentence and not (asks_for_help(arguments) and "predict" in globals()):
        print(f"error: {sentence}", file=sys.stderr)
        return 2
    options = _parser().parse_args(arguments)
    # Pillow warns about unusual files; what makes one unreadable is raised as an error.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        if repository_of(options.model):  # the client takes a quarter of a second to import
            configure_client()
        return predict.run(options)
    except VistazoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. With --csv or --out, the same command continues from here.", file=sys.stderr)
        return _INTERRUPTED
    except Terminated:
        print("Terminated. With --csv or --out, the same command continues from here.", file=sys.stderr)
        raise
    except BrokenPipeError:  # the reader, such as `head`, has ended; nothing more can be written, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        close_decoders()


def _parser() -> Parser:
    parser = Parser(prog="python -m model", description="Use a trained model, without TensorFlow.")
    commands = parser.add_subparsers(dest="command", required=True)
    what = "predict images, clips, and folders of both"
    predict.add_arguments(commands.add_parser("predict", prog=command("predict"), help=what))
    return parser


if __name__ == "__main__":
    sys.exit(run_as_program(main))
