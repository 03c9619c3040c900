"""An archive is unpacked once, into the cache; no path leads out of it, no bomb fills the disk."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from model.errors import DataError
from train.data import archive as archives
from train.data.archive import unpacked
from train.data.source import DataSource, read_data


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "vistazo" / "data"


def zipped(path: Path, **files: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return path


IMAGES = {
    f"flowers/{label}/{number}.png": f"{label}{number}".encode() for label in ("rose", "tulip") for number in "12"
}


def test_a_zip_is_read_like_its_folder(tmp_path: Path, cache: Path) -> None:
    archive = zipped(
        tmp_path / "in" / "a.zip", **IMAGES, **{"__MACOSX/flowers/1.png": b"", "clip.mp4": b"long", "flowers/.x": b""}
    )

    data = read_data(DataSource(archive))

    assert [(e.label, e.path.read_bytes()) for e in data.examples] == [
        ("rose", b"rose1"),
        ("rose", b"rose2"),
        ("tulip", b"tulip1"),
        ("tulip", b"tulip2"),
    ]
    assert all(e.path.is_relative_to(cache) for e in data.examples)
    assert "1 file that is not an image (.mp4)" in data.summary()
    assert [path.name for path in archive.parent.iterdir()] == ["a.zip"]


def test_a_disk_that_is_nearly_full_takes_no_archive(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = zipped(tmp_path / "in" / "a.zip", **IMAGES)
    monkeypatch.setattr("train.data.cache.shutil.disk_usage", lambda _: SimpleNamespace(total=100, free=4))

    with pytest.raises(DataError, match=r"too full for the files of “.*a\.zip”. Free some space"):
        unpacked(archive)

    assert list(cache.iterdir()) == []


def test_names_in_utf8_are_read_whether_or_not_the_zip_says_so(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", **{f"{label}/1.png": b"image" for label in ("perú", "ni__o", "_te")})
    # The name of plain ASCII is not said to be UTF-8, whatever its bytes become.
    content = archive.read_bytes().replace(b"ni__o", "niño".encode())
    archive.write_bytes(content.replace(b"_te", "éte".encode("cp437")))

    assert {example.label for example in read_data(DataSource(archive)).examples} == {"perú", "niño", "éte"}


def test_a_zip_is_unpacked_without_its_links_and_counts_them(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", **IMAGES)
    with zipfile.ZipFile(archive, "a") as opened:
        link = zipfile.ZipInfo("flowers/rose/3.png")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        opened.writestr(link, "/etc/passwd")

    data = read_data(DataSource(archive))

    assert len(data.examples) == 4
    assert "1 file that is not an image (.link)" in data.summary()


def test_a_tar_is_unpacked_without_its_links_and_counts_them(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    with tarfile.open(archive, "w:gz") as opened:
        for name, content in IMAGES.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("flowers/rose/3.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        opened.addfile(link)

    data = read_data(DataSource(archive))

    assert len(data.examples) == 4
    assert "1 file that is not an image (.link)" in data.summary()


def test_an_archive_is_unpacked_once_and_again_when_it_changes(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", **IMAGES)
    first = unpacked(archive)
    (first / "mark").touch()

    assert (unpacked(archive) / "mark").exists()
    zipped(archive, **IMAGES, more=b"")
    assert unpacked(archive) != first


@pytest.mark.parametrize("name", ["../out.png", "a/../../out.png", "/out.png", "..\\out.png", "C:\\out.png"])
def test_paths_that_lead_out_are_refused(name: str, tmp_path: Path, cache: Path) -> None:
    archive = zipped(tmp_path / "a.zip", **IMAGES, **{name: b"x"})

    with pytest.raises(DataError, match="leads out of it"):
        unpacked(archive)

    assert list(cache.iterdir()) == []
    assert not list(tmp_path.rglob("*out.png"))


def test_a_bomb_is_refused_and_leaves_nothing(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "ALWAYS_ALLOWED", 1000)
    archive = zipped(tmp_path / "a.zip", **{"a/1.png": bytes(10**6)})

    with pytest.raises(DataError, match="more than 50 times its size"):
        unpacked(archive)

    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_what_is_no_archive_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"no archive")

    with pytest.raises(DataError, match="is damaged or no archive of its kind"):
        unpacked(tmp_path / name)
