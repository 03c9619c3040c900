"""The cache of data sets: each is made once, whole or not at all, and the oldest go when there are too many."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from model.errors import SettingsError
from train.data import cache
from train.data.cache import cached, data_cache


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def of_size(size: int) -> Callable[[Path], None]:
    def fill(folder: Path) -> None:
        (folder / "file").write_bytes(bytes(size))

    return fill


def unused_for(folder: Path, days: float) -> Path:
    then = time.time() - days * 86_400
    os.utime(folder, (then, then))
    return folder


def test_a_folder_is_made_once() -> None:
    folder = cached("a", of_size(3))
    assert cached("a", lambda _: pytest.fail("it is there")) == folder
    assert (folder / "file").stat().st_size == 3 and cached("b", of_size(1)) != folder


def test_what_fails_leaves_nothing() -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise ValueError

    with pytest.raises(ValueError):
        cached("a", fail)
    assert list(data_cache().iterdir()) == []


def test_the_folders_that_were_not_used_for_longest_go_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_limit", lambda: 100 / 10**9)
    old, older, recent = (cached(name, of_size(40)) for name in ("old", "older", "recent"))
    unused_for(old, 2), unused_for(older, 3)
    left = data_cache() / "unpacking-killed"
    left.mkdir()
    unused_for(left, 2)

    new = cached("new", of_size(10))

    assert not older.exists() and old.exists() and recent.exists() and new.exists() and not left.exists()
    cached("large", of_size(90))
    assert not old.exists() and recent.exists() and new.exists()  # used today


@pytest.mark.parametrize("text", ["-1", "much", "0", "1.5"])
def test_the_limit_is_a_whole_number(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISTAZO_MAX_DATA_CACHE_GB", text)
    with pytest.raises(SettingsError, match="VISTAZO_MAX_DATA_CACHE_GB should be a whole number"):
        cached("a", of_size(1))
