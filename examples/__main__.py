"""Make the example material: `python -m examples dataset OUT`, `embedded`, `images` or `clips`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from examples.clips import write_clips
from examples.dataset import write_dataset
from examples.images import write_images
from model.errors import VistazoError

_HERE = Path(__file__).parent


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples", description="Make the example material.")
    commands = parser.add_subparsers(dest="command", required=True)
    dataset = commands.add_parser("dataset", help="write a data set of flag images, a folder per flag")
    dataset.add_argument("out", type=Path, metavar="OUT", help="directory to write to; new or empty")
    dataset.add_argument("--per-class", type=int, default=420, help="images of each flag (default %(default)s)")
    dataset.add_argument("--no-flag", type=int, default=5000, help="images without a flag (default %(default)s)")
    dataset.add_argument("--seed", type=int, default=1, help="another seed gives other images (default %(default)s)")
    dataset.add_argument("--workers", type=int, default=2, help="processes (default %(default)s)")
    images = commands.add_parser("images", help="write the example images")
    images.add_argument("--out", type=Path, default=_HERE / "images", help="folder (default: examples/images)")
    embedded = commands.add_parser("embedded", help="write the embedded model's bundle from a fitted one")
    embedded.add_argument("fitted", type=Path, metavar="FITTED", help="bundle that `vistazo fit --recipe small` wrote")
    embedded.add_argument("data", type=Path, metavar="DATA", help="drawings: a folder with train, validation and test")
    embedded.add_argument("out", type=Path, metavar="OUT", help="the new bundle's directory")
    clips = commands.add_parser("clips", help="write the example clips and their ground truth")
    clips.add_argument("--out", type=Path, default=_HERE / "clips", help="folder (default: examples/clips)")
    return parser


def main() -> int:
    """Run the command line; returns the exit status."""
    options = _arguments().parse_args()
    try:
        if options.command == "dataset":
            count = write_dataset(options.out, options.per_class, options.no_flag, options.seed, options.workers)
            print(f"{count} images written to {options.out}")
        elif options.command == "embedded":
            from examples.embedded import write_embedded  # the only command that needs what training needs

            write_embedded(options.fitted, options.data, options.out)
        else:
            write = write_images if options.command == "images" else write_clips
            for path in write(options.out):
                print(path)
    except (ValueError, OSError, VistazoError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
