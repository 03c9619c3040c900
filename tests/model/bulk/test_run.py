"""A run over many files: parts that exist are done, parts that fail are tried three times, settings are kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from model.bulk.listing import ListedFile, parts_of
from model.bulk.part import PartDone, PartFailed, PartOutcome
from model.bulk.places import Place
from model.bulk.run import Share
from model.bulk.run_folder import Job
from model.bulk.run_lock import RunLock
from model.errors import SettingsError
from tests.support.many_files import job, run_job


class Recorder:
    """An engine that writes an empty table for each part, except for those that fail the next time."""

    def __init__(self, failing: Sequence[int] = ()) -> None:
        self.failing = list(failing)
        self.passes: list[list[int]] = []

    def __call__(self, order_job: Job, parts: Iterable[int]) -> Iterator[PartOutcome]:
        self.passes.append(list(parts))
        for part in self.passes[-1]:
            if part in self.failing:
                self.failing.remove(part)
                yield PartFailed(part, "Its process was killed by SIGKILL.")
            else:
                order_job.predictions(part).write(b"path\n")
                yield PartDone(part, len(order_job.files(part)), 0)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(7):
        path = tmp_path / "photos" / ("a" if number < 4 else "b") / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "photos" / "notes.txt").touch()
    return tmp_path / "photos"


def test_every_file_is_in_one_part_and_what_was_left_out_is_said(photos: Path, tmp_path: Path) -> None:
    engine, order_job = Recorder(), job(tmp_path / "out")
    fine, notes = run_job(order_job, [photos], engine)

    assert fine and engine.passes == [[1, 2, 3, 4]]
    listed = [file.place.name for part in range(1, 5) for file in order_job.files(part)]
    assert listed == [f"{number}.jpg" for number in range(7)]
    assert notes == [f"Left out in “{photos}”: 1 file of another kind (.txt)."]


def test_the_list_is_made_once_and_parts_that_exist_are_not_predicted_again(photos: Path, tmp_path: Path) -> None:
    first, second, order_job = Recorder(failing=[3] * 3), Recorder(), job(tmp_path / "out")
    run_job(order_job, [photos], first)
    (photos / "new.jpg").touch()
    fine, notes = run_job(order_job, [photos], second)

    assert fine and second.passes == [[3]]
    assert notes == [f"3 of 4 parts are in “{tmp_path / 'out'}” already."]


def test_a_part_that_fails_is_tried_after_all_others_three_times_and_named(photos: Path, tmp_path: Path) -> None:
    engine = Recorder(failing=[2, 2, 2, 4])
    fine, notes = run_job(job(tmp_path / "out"), [photos], engine)

    assert engine.passes == [[1, 2, 3, 4], [2, 4], [2]]
    assert not fine
    assert notes[-1].startswith(f"Part 2 (2 files from “{photos}/a/2.jpg” to “{photos}/a/3.jpg”) was given up after 3")
    assert "SIGKILL" in notes[-1]


def test_runs_that_share_the_work_predict_every_part_once(photos: Path, tmp_path: Path) -> None:
    engine = Recorder()
    for number in (1, 2, 3):
        run_job(job(tmp_path / "out"), [photos], engine, share=Share(number, 3))

    assert engine.passes == [[1, 4], [2], [3]]


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "a/b", "-1/2"])
def test_a_share_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--part should be I/N"):
        Share.parse(text)


@pytest.mark.parametrize(
    ("mine", "others", "refused"),
    [
        (Share(), "part-1-of-2", True),
        (Share(1, 2), "run", True),
        (Share(1, 2), "part-1-of-2", True),
        (Share(1, 2), "part-2-of-3", True),
        (Share(1, 2), "part-2-of-2", False),
    ],
)
def test_a_run_that_would_do_the_work_of_one_that_is_alive_is_refused(
    mine: Share, others: str, refused: bool, photos: Path, tmp_path: Path
) -> None:
    engine, order_job = Recorder(), job(tmp_path / "out")
    with RunLock(order_job.out.child(f"locks/{others}")):
        if refused:
            with pytest.raises(SettingsError, match=f"locks/{others}” is held"):
                run_job(order_job, [photos], engine, share=mine)
        else:
            run_job(order_job, [photos], engine, share=mine)
    assert bool(engine.passes) is not refused


def test_other_settings_models_and_files_are_refused_by_name(photos: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    order_job = job(tmp_path / "out")
    run_job(order_job, [photos], Recorder())

    for other, places, word in (
        (replace(order_job, top=1), [photos], "top: 2 there, 1 now"),
        (replace(order_job, manifest="0" * 64), [photos], "another model"),
        (replace(order_job, table="parquet"), [photos], "another table"),
        (order_job, [photos / "a"], "another places"),
    ):
        with pytest.raises(SettingsError, match=word):
            run_job(other, places, Recorder())


def test_nothing_to_predict_and_a_missing_place_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(SettingsError, match="There is no image and no clip in"):
        run_job(job(tmp_path / "out"), [tmp_path / "empty"], Recorder())
    with pytest.raises(SettingsError, match=r"There is no file and no folder “.*nowhere”"):
        run_job(job(tmp_path / "out"), [tmp_path / "nowhere"], Recorder())


def test_errors_of_every_part_are_named_and_counted(photos: Path, tmp_path: Path) -> None:
    order_job = job(tmp_path / "out")
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["path", "error"], ["photo.jpg", "It is damaged."]])
    order_job.errors(2).write(text.getvalue().encode())

    fine, notes = run_job(order_job, [photos], Recorder())

    assert not fine
    assert notes[-2] == "error: photo.jpg: It is damaged."
    assert notes[-1].startswith("1 file could not be read")


def test_a_part_has_fewer_files_where_clips_are_among_them() -> None:
    files = [ListedFile(Place(f"/{number}.mp4")) for number in range(45)] + [ListedFile(Place("/a.jpg"))] * 10

    assert [len(part) for part in parts_of(files, 1000)] == [20, 20, 15]
