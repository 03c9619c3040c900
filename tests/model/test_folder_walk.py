"""A folder is read once, whatever links there are in it, and what is left out is counted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from model.folder_walk import HIDDEN, LISTED_LINK, OF_SYSTEM, SPECIAL, LeftOut, Reason, scan
from tests.support.training import write_files


def listed(root: Path, left_out: LeftOut | None = None) -> list[str]:
    tree = scan(root, lambda name, _path: name.endswith(".png"), left_out or LeftOut())
    return [f"{Path(folder.path).relative_to(root)}/{name}" for folder in tree.walk() for name in folder.files]


def test_wanted_files_are_listed_in_order_and_the_others_kept_apart(tmp_path: Path) -> None:
    write_files(tmp_path / "b", "2.png", "1.png", "notes.txt")
    write_files(tmp_path / "a" / "deep", "3.png")

    tree = scan(tmp_path, lambda name, _path: name.endswith(".png"), LeftOut())

    assert [folder.name for folder in tree.folders] == ["a", "b"]
    assert tree.folders[1].files == ["1.png", "2.png"]
    assert tree.folders[1].others == ["notes.txt"]
    assert (tree.total, tree.folders[0].total) == (3, 1)


def test_what_systems_leave_is_counted_by_reason(tmp_path: Path) -> None:
    for folder in ("__MACOSX/cat", "@eaDir", "cat/@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information"):
        write_files(tmp_path / folder, "thumb.png")
    write_files(tmp_path / "lost+found", "a.png")
    write_files(tmp_path / "cat", "a.png", "._a.png", "Thumbs.db", "desktop.ini")
    write_files(tmp_path / "cat" / ".ipynb_checkpoints", "a.png")
    left_out = LeftOut()

    assert listed(tmp_path, left_out) == ["cat/a.png"]
    assert left_out.count(OF_SYSTEM) == 9
    assert left_out.count(HIDDEN) == 2
    assert "2 hidden files and folders" in left_out.lines()


def test_links_to_folders_are_followed_once_and_loops_end(tmp_path: Path) -> None:
    root = tmp_path / "data"
    write_files(root / "cat", "1.png")
    write_files(root / "dog", "2.png")
    write_files(tmp_path / "pool", "3.png")
    (root / "cat" / "a link to dog").symlink_to(root / "dog")
    (root / "cat" / "pool").symlink_to(tmp_path / "pool")
    (tmp_path / "pool" / "loop").symlink_to(root)
    left_out = LeftOut()

    assert listed(root, left_out) == ["cat/1.png", "cat/pool/3.png", "dog/2.png"]
    assert left_out.count(LISTED_LINK) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_left_out_rather_than_waited_for_and_a_broken_link_is_listed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    left_out = LeftOut()

    assert listed(tmp_path, left_out) == ["./gone.png"]
    assert left_out.count(SPECIAL) == 1


def test_the_words_agree_with_the_number_and_name_a_few(tmp_path: Path) -> None:
    left_out = LeftOut()
    left_out.add(Reason("file", "files"), ".txt")
    assert str(left_out) == "1 file (.txt)"

    for suffix in (".a", ".b", ".c", ".d"):
        left_out.add(Reason("file", "files"), suffix, 300)
    left_out.add(HIDDEN)
    assert str(left_out) == "1,201 files (.a, .b, .c, .d, …), 1 hidden file or folder"
