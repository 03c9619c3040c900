"""`python -m model`: use a trained model, without TensorFlow."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

from model.commands import predict
from model.errors import VistazoError

_INTERRUPTED = 130  # as shells return for Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, 2 for an error that the user can correct, 130 for Ctrl-C."""
    options = _parser().parse_args(arguments)
    # Pillow warns about unusual files; what makes one unreadable is raised as an error.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        return predict.run(options)
    except VistazoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. With --csv, the same command continues from here.", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has ended; nothing more can be written, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model", description="Use a trained model, without TensorFlow.")
    commands = parser.add_subparsers(dest="command", required=True)
    predict.add_arguments(commands.add_parser("predict", help="predict images, clips, and folders of both"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
