"""Tiny trained bundles: each is fitted once in a run, whichever worker of pytest-xdist needs it first."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.support.images import hashes

QUICK = ["--recipe", "small", "--size", "32", "--batch-size", "8", "--seed", "3"]
CORRUPT = "not an image.png"


@dataclass(frozen=True)
class Fitted:
    """A finished `vistazo fit`: where it read and wrote, what it printed, and the data's hashes before it."""

    data: Path
    bundle: Path
    out: str
    err: str
    before: dict[str, str]


def fit(data: Path, bundle: Path, *options: str, plots: bool = False) -> Fitted:
    """Run `vistazo fit` in this process, which pays for TensorFlow's start-up only once; plots take seconds as well."""
    from train.__main__ import main

    before = hashes(data)
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        if not plots:
            patch.setattr("train.report.write._plots", lambda metrics, labels: {})
        status = main(["fit", str(data), "--out", str(bundle), "--json", *QUICK, *options])
    assert status == 0, err.getvalue()
    return Fitted(data, bundle, out.getvalue(), err.getvalue(), before)


def made_once(temporary: pytest.TempPathFactory, name: str, make: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """Return what `make` returns: it is called once in a run, also where several workers share the run.

    Args:
        temporary: The worker's temporary folders; those of all workers lie in the run's.
        name: Of what is made.
        make: Writes into the empty folder that it is given and returns a record that JSON can hold.
    """
    base = temporary.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared" / name
    record = folder.with_suffix(".json")  # beside the folder, which holds nothing but what was made
    folder.parent.mkdir(exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not record.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what an attempt that failed has left
            folder.mkdir()
            record.write_text(json.dumps(make(folder)), encoding="utf-8")
        made: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
        return made


def fitted_once(temporary: pytest.TempPathFactory, name: str, make: Callable[[Path], Fitted]) -> Fitted:
    """Return the bundle that `make` fits in the folder that it is given, once in a run."""

    def written(folder: Path) -> dict[str, Any]:
        fitted = make(folder)
        return {**asdict(fitted), "data": str(fitted.data), "bundle": str(fitted.bundle)}

    made = made_once(temporary, name, written)
    return Fitted(**{**made, "data": Path(made["data"]), "bundle": Path(made["bundle"])})


def without_statistics(bundle: Path) -> Path:
    """Take from a bundle, which is changed, what recognises images of something else; returns the bundle."""
    from train.export.bundle import write_json, write_manifest

    config = json.loads((bundle / "config.json").read_text(encoding="utf-8"))
    config["vistazo"].pop("none_of_these", None)
    write_json(bundle / "config.json", config)
    (bundle / "statistics.npz").unlink(missing_ok=True)
    write_manifest(bundle)
    return bundle
