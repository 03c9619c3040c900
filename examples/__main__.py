"""Make the example material: `python -m examples dataset OUT`, `pictures` or `clips`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from examples.clips import write_clips
from examples.dataset import write_dataset
from examples.pictures import write_pictures

_HERE = Path(__file__).parent


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples", description="Make the example material.")
    commands = parser.add_subparsers(dest="command", required=True)
    dataset = commands.add_parser("dataset", help="write a data set of flag pictures, a folder per flag")
    dataset.add_argument("out", type=Path, metavar="OUT", help="folder to write to; new or empty")
    dataset.add_argument("--per-class", type=int, default=420, help="pictures of each flag (default %(default)s)")
    dataset.add_argument("--no-flag", type=int, default=5000, help="pictures without a flag (default %(default)s)")
    dataset.add_argument("--seed", type=int, default=1, help="another seed gives other pictures (default %(default)s)")
    dataset.add_argument("--workers", type=int, default=2, help="processes (default %(default)s)")
    pictures = commands.add_parser("pictures", help="write the example pictures")
    pictures.add_argument("--out", type=Path, default=_HERE / "pictures", help="folder (default: examples/pictures)")
    clips = commands.add_parser("clips", help="write the example clips and their truth")
    clips.add_argument("--out", type=Path, default=_HERE / "clips", help="folder (default: examples/clips)")
    return parser


def main() -> int:
    """Run the command line; returns the exit status."""
    options = _arguments().parse_args()
    try:
        if options.command == "dataset":
            count = write_dataset(options.out, options.per_class, options.no_flag, options.seed, options.workers)
            print(f"{count} pictures written to {options.out}")
        else:
            write = write_pictures if options.command == "pictures" else write_clips
            for path in write(options.out):
                print(path)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
