"""Places: whole files or none, several tries, storages by their addresses."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model.bulk import places
from model.bulk.places import Place, place
from model.errors import SettingsError, StorageError


@pytest.fixture(params=["disk", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "disk":
        yield place(str(tmp_path / "out"))
        return
    root = place(f"memory://{uuid.uuid4().hex}")
    yield root
    places.file_system(root.text).rm(root.text, recursive=True)


def test_what_is_written_is_there_whole_and_can_be_replaced_and_removed(folder: Place) -> None:
    file = folder.child("inner/file.csv")

    assert folder.names() == folder.child("inner").names() == []
    file.write(b"first")
    file.write(b"second")

    assert (file.read(), file.exists(), folder.child("inner").names()) == (b"second", True, ["file.csv"])
    file.remove()
    file.remove()
    assert not file.exists()
    folder.child("left").write(b"")  # so that there is something to clean up


def test_of_two_who_create_a_file_one_succeeds(folder: Place) -> None:
    file = folder.child("locks/run")

    assert [file.create(b"a"), file.create(b"b")] == [True, False]
    assert file.read() == b"a"


class Flaky:
    """A storage that fails some times before it works."""

    def __init__(self, failures: list[Exception]) -> None:
        self.failures = failures

    def cat_file(self, _: str) -> bytes:
        if self.failures:
            raise self.failures.pop(0)
        return b"content"


def flaky(monkeypatch: pytest.MonkeyPatch, *failures: Exception) -> list[float]:
    pauses: list[float] = []
    storage = Flaky(list(failures))
    monkeypatch.setattr(places, "file_system", lambda _: storage)
    monkeypatch.setattr(places.time, "sleep", pauses.append)
    return pauses


def test_a_storage_that_throttles_is_asked_again_after_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = flaky(monkeypatch, OSError("SlowDown"), RuntimeError("reset"), TimeoutError())

    assert Place("s3://bucket/photo.jpg").read() == b"content"
    assert pauses == sorted(pauses) and len(pauses) == 3


def test_a_storage_that_keeps_failing_is_named_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    flaky(monkeypatch, *[OSError("503 SlowDown")] * 4)

    with pytest.raises(StorageError, match=r"“s3://bucket/photo.jpg” cannot be read or written.*503 SlowDown"):
        Place("s3://bucket/photo.jpg").read()


def test_a_file_that_is_not_there_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = flaky(monkeypatch, FileNotFoundError())

    with pytest.raises(FileNotFoundError):
        Place("s3://bucket/photo.jpg").read()
    assert pauses == []


def test_an_unknown_storage_is_refused() -> None:
    with pytest.raises(SettingsError, match="“nowhere://x” is in a storage that is not known"):
        places.file_system("nowhere://x")


def test_a_storage_whose_package_is_missing_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> Any:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.filesystem", missing)

    with pytest.raises(SettingsError, match=r"vistazo\[s3\]"):
        places.file_system("s3://bucket")


def test_a_path_becomes_absolute_and_an_address_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert place("photos/").text == str(tmp_path / "photos")
    assert place("s3://bucket/photos/").text == "s3://bucket/photos"
