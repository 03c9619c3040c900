"""A folder of small images, and the record of a run over it with the embedded model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2

from model.bulk.places import Place, place
from model.bulk.run import Engine, Order, Share, run
from model.bulk.run_folder import Job
from model.bundle import MANIFEST, sha256_of
from model.hub.resolve import EMBEDDED
from model.video.reader import EVERY_FRAME
from tests.support.images import scene


def jpeg(seed: int) -> bytes:
    return cv2.imencode(".jpg", scene(seed=seed))[1].tobytes()


def write_images(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:04}.jpg").write_bytes(jpeg(number))
    return folder


def job(out: Place | Path) -> Job:
    where = out if isinstance(out, Place) else place(str(out))
    return Job(where, str(EMBEDDED), sha256_of(EMBEDDED / MANIFEST), 2, EVERY_FRAME)


def run_job(
    order_job: Job, places: Sequence[Path | Place], engine: Engine, part_size: int = 2, share: Share | None = None
) -> tuple[bool, list[str]]:
    """Run a job; return whether all went well, and what the user was told."""
    notes: list[str] = []
    found = [one if isinstance(one, Place) else place(str(one)) for one in places]
    return run(Order(order_job, found, part_size, share or Share(), engine), notes.append), notes


def tables(out: Path) -> dict[str, bytes]:
    """Return the content of every table of a run."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for kind in ("predictions", "segments", "errors")
        for path in sorted((out / kind).glob("*"))
    }
