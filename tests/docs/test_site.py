"""docs/ is one site: it builds without a warning, and it has every page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.documents import DOCS
from tests.support.serving import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def test_every_page_is_in_the_site_and_in_its_menu(site: Path) -> None:
    menu = (site / "index.html").read_text(encoding="utf-8")
    pages = [path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")]

    assert len(pages) > 10
    for page in pages:
        address = "" if page == "index" else f"{page}/"
        assert (site / address / "index.html").is_file()
        assert page == "index" or f'href="{address}"' in menu, f"{page} is not in the menu (mkdocs.yml)"


def test_links_out_of_docs_lead_to_the_repository(site: Path) -> None:
    text = (site / "programs" / "index.html").read_text(encoding="utf-8")

    assert re.search(r'href="https://[^"]+/blob/main/examples/clients/client\.py"', text)
    assert 'href="../examples' not in text


def test_the_site_asks_no_other_server_for_anything(site: Path) -> None:
    loaded = re.compile(
        r'<(?:script|img|iframe)[^>]+src="(https?:[^"]+)|<link[^>]+rel="stylesheet"[^>]+href="(https?:[^"]+)'
    )

    found = {path.name: loaded.findall(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}

    assert {name: addresses for name, addresses in found.items() if addresses} == {}
    # The theme's link to a repository asks that for its stars.
    assert 'data-md-component="source"' not in (site / "index.html").read_text(encoding="utf-8")
