"""`python -m tests.fuzz`, or `scripts/fuzz`: damage files at random and see that no reader of them breaks."""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import random
import sys
from collections.abc import Sequence
from pathlib import Path

_TARGETS = ("image", "clip", "bundle", "labels")
_APP = "app"  # all of it, running; only when it is named


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, 1 when something was found, or 2 when it cannot be run."""
    options = _parser().parse_args(arguments)
    if sys.platform != "linux":
        print("error: fuzzing forks processes and limits them, which needs Linux.", file=sys.stderr)
        return 2
    for folder in options.seeds:
        if not folder.is_dir():
            print(f"error: --seeds should name a folder of files. Received: {folder}.", file=sys.stderr)
            return 2
    if options.coverage and importlib.util.find_spec("atheris") is None:
        print(
            "error: --coverage needs atheris, which is not installed: "
            f"{sys.executable} -m pip install -r tests/fuzz/requirements.txt",
            file=sys.stderr,
        )
        return 2
    seed = random.SystemRandom().randrange(2**31) if options.seed is None else options.seed
    chosen = options.target or list(_TARGETS)
    if _APP in chosen:
        return _through_the_app(chosen, options, seed)
    if options.coverage:
        return _guided(chosen, options, seed)
    from tests.fuzz.run import FINDINGS, fuzz  # not above: what is guided by coverage is imported by atheris
    from tests.fuzz.targets import TARGETS

    if options.replay:
        return _replay(chosen, options.replay)
    print(f"seed {seed}", flush=True)
    found = 0
    for name in chosen:
        tally = fuzz(
            name,
            TARGETS[name],
            seed=seed,
            files=options.files,
            minutes=None if options.files else options.minutes / len(chosen),
            folders=options.seeds,
            keep=options.keep,
            say=lambda line: print(line, flush=True),
        )
        print(f"{name}: {tally}", flush=True)
        found += sum(tally.words[word] for word in FINDINGS)
    if found:
        print(f"{found} findings, kept in {options.keep}; --replay FILE --target NAME reads one again.")
    return 1 if found else 0


def _through_the_app(chosen: list[str], options: argparse.Namespace, seed: int) -> int:
    if len(chosen) > 1 or options.coverage or options.replay:
        print("error: --target app goes without other targets, --coverage and --replay.", file=sys.stderr)
        return 2
    from tests.fuzz.run import FINDINGS
    from tests.fuzz.served import fuzz_app

    print(f"seed {seed}", flush=True)
    tally = fuzz_app(
        seed=seed,
        files=options.files,
        minutes=None if options.files else options.minutes,
        folders=options.seeds,
        keep=options.keep,
        say=lambda line: print(line, flush=True),
    )
    print(tally, flush=True)
    return int(any(tally.words[word] for word in FINDINGS))


def _guided(chosen: list[str], options: argparse.Namespace, seed: int) -> int:
    if len(chosen) > 1:
        print("error: --coverage needs one --target.", file=sys.stderr)
        return 2
    from tests.fuzz.coverage import run_guided

    print(f"seed {seed}", flush=True)
    run_guided(chosen[0], options.minutes, seed, options.keep)
    return 0


def _replay(chosen: list[str], files: list[Path]) -> int:
    from tests.fuzz.run import FINDINGS, run_apart
    from tests.fuzz.targets import TARGETS

    status = 0
    for name, file in itertools.product(chosen, files):
        outcome = run_apart(TARGETS[name].check, file)
        print(f"{file.name}: {name} {outcome.word}, {outcome.seconds:.1f} s, {outcome.memory / 2**20:.0f} MiB")
        if outcome.detail:
            print(outcome.detail)
        status |= outcome.word in FINDINGS
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--minutes", metavar="N", type=float, default=10, help="for so long (default: 10)")
    parser.add_argument("--files", metavar="N", type=int, help="so many files of each target instead")
    parser.add_argument(
        "--target",
        choices=(*_TARGETS, _APP),
        action="append",
        help="only this one; may be repeated; app: images and clips through the app's endpoints",
    )
    parser.add_argument("--seed", metavar="N", type=int, help="to have the same files again; printed at the start")
    parser.add_argument(
        "--seeds",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help="a folder of images and clips to start from as well; may be repeated",
    )
    parser.add_argument(
        "--keep",
        metavar="DIR",
        type=Path,
        default=Path("fuzz-findings"),
        help="where files that break a reader are kept (default: fuzz-findings)",
    )
    parser.add_argument(
        "--replay", metavar="FILE", type=Path, nargs="+", help="read only these files and tell all about them"
    )
    parser.add_argument("--coverage", action="store_true", help="guided by coverage; needs atheris and one --target")
    return parser


if __name__ == "__main__":
    sys.exit(main())
