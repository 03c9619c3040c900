"""Tests that need the same app or browser run in one worker."""

from __future__ import annotations

from tests.support.groups import APP, BROWSER, SITE, group_of
from tests.support.serving import ROOT


def test_a_test_is_in_the_group_of_the_browser_of_the_app_or_of_its_file() -> None:
    assert group_of("tests/browser/test_site_clips.py::test_a[b::c]") == SITE
    assert group_of("tests/browser/test_start.py::test_a") == BROWSER
    assert group_of(f"{APP[0]}::test_a") == group_of(f"{APP[1]}::test_b")
    assert group_of("tests/model/test_labels.py::test_a[x/y]") == "tests/model/test_labels.py"


def test_all_files_that_use_the_running_app_share_a_worker() -> None:
    using = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
        if "(served_app: ServedApp" in path.read_text(encoding="utf-8")
    }
    assert using - {"tests/test_groups.py"} == set(APP)
