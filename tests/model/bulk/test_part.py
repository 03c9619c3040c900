"""A part: rows in the order of the files, and damaged files as rows with an error."""

from __future__ import annotations

import csv
import io
import sys
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from model.bulk import one_machine, ray_engine, reading
from model.bulk.part import PartOutcome, PartWorker
from model.bulk.places import Place, file_system, place
from model.bulk.run_folder import Job
from model.errors import SettingsError, StorageError
from tests.support import hostile_tasks
from tests.support.images import scene, write_clip
from tests.support.many_files import job, jpeg, run_job, tables, write_images


def here(order_job: Job, parts: Iterable[int]) -> Iterator[PartOutcome]:
    """Predict parts in this process."""
    worker = PartWorker(order_job, threads=2)
    try:
        yield from map(worker.predict, parts)
    finally:
        worker.close()


def rows(place_of_table: Place) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(place_of_table.read().decode())))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five images, two of which cannot be read, one file that kills its decoder, and a clip."""
    folder = write_images(tmp_path_factory.mktemp("mixed") / "in", 3)
    (folder / "1a.jpg").write_bytes(b"\xff\xd8\xff and nothing more")
    (folder / "1b.jpg").write_bytes(jpeg(1) + b"KILL")
    (folder / "1c.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    write_clip(folder / "2.mkv", [scene(seed=1), scene(seed=2)], times=[0, 0.5])
    return folder


def test_every_file_has_its_rows_and_one_that_cannot_be_read_says_why(
    mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "prepared_image", hostile_tasks.crash_on_kill)
    order_job = job(tmp_path / "out")

    fine, notes = run_job(order_job, [mixed], here, part_size=100)

    assert not fine
    found = rows(order_job.predictions(1))
    names = [Path(row["path"]).name for row in found]
    assert names == ["0000.jpg", "0001.jpg", "0002.jpg", "1a.jpg", "1b.jpg", "1c.png", "2.mkv", "2.mkv"]
    assert [bool(row["label"]) for row in found] == [True] * 3 + [False] * 3 + [True] * 2
    errors = {Path(row["path"]).name: row["error"] for row in rows(order_job.errors(1))}
    assert errors == {Path(row["path"]).name: row["error"] for row in found if row["error"]}
    assert "“1a.jpg” is not an image that can be read" in errors["1a.jpg"]
    assert "stops the decoder" in errors["1b.jpg"]
    assert [row["first_frame"] for row in rows(order_job.segments(1))] != []
    assert notes[-1].startswith("3 files could not be read")


def test_a_storage_gives_the_same_predictions_as_a_disk(mixed: Path, tmp_path: Path) -> None:
    root = place(f"memory://{uuid.uuid4().hex}")
    try:
        for path in mixed.iterdir():
            root.child(f"in/{path.name}").write(path.read_bytes())
        root.child("in/.hidden/0.jpg").write(jpeg(1))
        remote, local = job(root.child("out")), job(tmp_path / "out")
        run_job(remote, [root.child("in")], here, part_size=100)
        run_job(local, [mixed], here, part_size=100)

        for table in (Job.predictions, Job.segments, Job.errors):
            there = table(remote, 1).read().replace(root.child("in").text.encode(), str(mixed).encode())
            assert there == table(local, 1).read()
    finally:
        file_system(root.text).rm(root.text, recursive=True)


def test_a_file_that_vanished_is_a_row_and_a_storage_that_fails_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, order_job = write_images(tmp_path / "in", 2), job(tmp_path / "out")
    read = Place.read
    fails = True

    def failing(self: Place) -> bytes:
        if fails and self.name == "0001.jpg":
            raise StorageError("The storage fails. Try again.")
        return read(self)

    monkeypatch.setattr(Place, "read", failing)
    fine, notes = run_job(order_job, [folder], here, part_size=100)
    assert not fine and not order_job.predictions(1).exists()
    assert "given up after 3 tries: The storage fails." in notes[-1]

    fails = False
    (folder / "0000.jpg").unlink()
    run_job(order_job, [folder], here, part_size=100)
    first, second = rows(order_job.predictions(1))
    assert "cannot be opened: No such file" in first["error"] and second["label"]


def test_parts_have_the_same_bytes_after_a_worker_was_killed(tmp_path: Path) -> None:
    import multiprocessing

    folder = write_images(tmp_path / "in", 6)
    whole, broken = job(tmp_path / "whole"), job(tmp_path / "broken")
    run_job(whole, [folder], here)

    def killing(order_job: Job, parts: Iterable[int]) -> Iterator[PartOutcome]:
        for outcome in one_machine.predict_parts(order_job, parts):
            yield outcome
            for child in multiprocessing.active_children():
                child.kill()  # the next part finds its worker dead
                child.join()

    fine, notes = run_job(broken, [folder], killing)

    assert fine and notes == []
    assert tables(tmp_path / "broken") == tables(tmp_path / "whole")


@pytest.mark.nightly  # test_run.py has an engine whose part fails
def test_a_part_that_kills_every_worker_is_tried_three_times_and_named_and_the_others_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_machine, "_work", hostile_tasks.work_that_dies_at_part_two)
    order_job = job(tmp_path / "out")

    fine, notes = run_job(order_job, [write_images(tmp_path / "in", 6)], one_machine.predict_parts)

    assert not fine
    assert notes[-1].startswith("Part 2 (2 files") and "3 tries: Its process was killed by SIGKILL." in notes[-1]
    assert order_job.out.child("predictions").names() == ["00001.csv", "00003.csv"]


def test_parquet_has_the_same_values_with_types(mixed: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra “parquet”")
    from dataclasses import replace

    as_csv, as_parquet = job(tmp_path / "csv"), replace(job(tmp_path / "parquet"), table="parquet")
    run_job(as_csv, [mixed], here, part_size=100)
    run_job(as_parquet, [mixed], here, part_size=100)

    table = parquet.read_table(as_parquet.predictions(1).text).to_pylist()
    expected = rows(as_csv.predictions(1))
    assert [row["path"] for row in table] == [row["path"] for row in expected]
    assert [row["probability"] for row in table] == [
        float(row["probability"]) if row["probability"] else None for row in expected
    ]
    assert [row["index"] for row in table][-2:] == [0, 1]


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(SettingsError, match=r"\.\[ray\]"):
        ray_engine.require_ray()
