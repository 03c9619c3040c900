"""`predict --out`: predict many files in parts, into a folder or a storage."""

from __future__ import annotations

import argparse
import os
import sys

from tqdm import tqdm

from model.bulk import one_machine, ray_engine
from model.bulk.listing import PART_SIZE
from model.bulk.part_table import require_pyarrow
from model.bulk.places import file_system, is_address, place
from model.bulk.run import Order, Share, run
from model.bulk.run_folder import Job
from model.bundle import MANIFEST, load_bundle, sha256_of
from model.errors import SettingsError
from model.hub.resolve import find_model
from model.video.reader import FrameRange

_ONLY_WITH_OUT = ("part", "on", "part_size", "table")


def refuse_without_out(options: argparse.Namespace) -> None:
    """Raise `SettingsError` for options and addresses that need --out."""
    for name in _ONLY_WITH_OUT:
        if getattr(options, name) is not None:
            raise SettingsError(f"--{name.replace('_', '-')} needs --out, a folder for the tables.")
    for text in options.paths:
        if is_address(text):
            raise SettingsError(f"“{text}” is an address. Give --out, a folder for the tables, as well.")


def predict_into_folder(options: argparse.Namespace, frame_range: FrameRange) -> int:
    """Run the command with --out; returns the exit status: 0, or 2 when a file could not be read."""
    share = Share.parse(options.part) if options.part else Share()
    size = PART_SIZE if options.part_size is None else options.part_size
    if size < 1:
        raise SettingsError(f"--part-size should be at least 1. Received: {size}.")
    if options.out.startswith("hf://") and not options.out.startswith("hf://buckets/"):
        raise SettingsError(
            f"“{options.out}” is a repository, in which every table would be a commit. Give a bucket: hf://buckets/…"
        )
    if options.table == "parquet":
        require_pyarrow()
    out, places = place(options.out), [place(text) for text in options.paths]
    for one in (out, *places):
        if not one.is_local:
            file_system(one.text)
    if out.is_local and out.exists() and not out.is_folder():
        raise SettingsError(f"--out should name a folder. “{out.text}” is a file.")
    source = find_model(options.model or os.environ.get("VISTAZO_MODEL"))
    if source.note:
        print_note(f"{source.title}: {source.note}")
    bundle = load_bundle(source.directory)
    job = Job(
        out,
        f"{source.repository}@{source.commit}" if source.repository else str(source.directory.resolve()),
        sha256_of(source.directory / MANIFEST),
        min(options.top, len(bundle.labels)),
        frame_range,
        options.table or "csv",
    )
    engine = one_machine.predict_parts
    if options.on == "ray":
        ray_engine.require_ray()
        engine = ray_engine.predict_parts
    return 0 if run(Order(job, places, size, share, engine), print_note) else 2


def print_note(*words: str) -> None:
    """Print a line to stderr, which is not a prediction; a progress bar that is being shown makes room."""
    tqdm.write(" ".join(words), file=sys.stderr)
