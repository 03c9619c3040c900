"""What happens in the directory that a bundle is pulled into."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from model.errors import ModelNotFoundError, SettingsError
from model.hub import pull
from model.hub.contents import HubFile
from model.hub.download import fetch_file
from model.hub.pull import pull_bundle


def test_a_directory_that_another_pull_filled_meanwhile_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "copy"

    def fetch(_: object, partial: Path, *__: object) -> tuple[str, ...]:
        (partial / "config.json").write_text("second", encoding="utf-8")
        out.mkdir()
        (out / "config.json").write_text("first", encoding="utf-8")
        return ()

    monkeypatch.setattr(pull, "list_contents", lambda *_: SimpleNamespace(commit="c"))
    monkeypatch.setattr(pull, "require_bundle", lambda *_: [])
    monkeypatch.setattr(pull, "_fetch_all", fetch)
    with pytest.raises(SettingsError, match="is not empty, and nothing is overwritten"):
        pull_bundle("user/flags", None, out)
    assert (out / "config.json").read_text(encoding="utf-8") == "first"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("past_the_cache", [True, False])
def test_the_disk_that_is_full_is_named(
    number: int, past_the_cache: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(*_: object, **__: Any) -> str:
        raise OSError(number, "full")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", fetch)
    file = HubFile("user/flags", "c" * 40, "config.json", 2, frozenset())
    with pytest.raises(ModelNotFoundError) as caught:
        fetch_file(file, 5, folder=tmp_path / ".copy.partial" if past_the_cache else None)
    assert (f"the disk of “{tmp_path}” is full" in str(caught.value)) == past_the_cache
    assert ("HF_HOME" in str(caught.value)) != past_the_cache
