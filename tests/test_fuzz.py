"""Damaged files of all kinds are read or refused in one sentence: no crash, limited time, limited memory."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from model.errors import ImageError
from tests.fuzz.corpus import CORPUS
from tests.fuzz.mutations import LARGEST, MUTATIONS, Mutation, mutate
from tests.fuzz.run import run_apart
from tests.fuzz.targets import TARGETS
from tests.support.serving import ROOT
from tests.support.tiers import NIGHTLY

LINE = re.compile(r"(.+): (\w+) (\w+), [\d.]+ s, (\d+) MiB")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="files are read in forked, limited processes")


def fuzz(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process that has no threads yet, since it forks."""
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


# More than there are seeds, so that each target reads damaged files as well.
FILES = {"image": 200, "clip": 100, "bundle": 60, "labels": 60}
FEWER_FILES = {"image": 60, "clip": 36, "bundle": 30, "labels": 30}
# 79 megapixels each, which take seconds to write and to decode.
LARGE = {"palette.png", "turned.png"}
REPLAYED = [name for name in CORPUS if NIGHTLY or name not in LARGE]


@pytest.mark.parametrize(("target", "files"), (FILES if NIGHTLY else FEWER_FILES).items())
def test_damaged_files_break_no_reader(target: str, files: int, tmp_path: Path) -> None:
    result = fuzz("--files", files, "--seed", 20, "--target", target, "--keep", tmp_path)

    assert result.returncode == 0, result.stdout
    assert f"{target}: {files} files: " in result.stdout
    assert not re.search(r"\b0 answered|\b0 refused", result.stdout)  # so that some files were read and some refused
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, int]]:
    """Each file of the corpus, read in a process of its own: what became of it, in how many MiB."""
    folder = tmp_path_factory.mktemp("corpus")
    outcomes = {}
    for target in ("image", "clip"):
        files = [folder / name for name in REPLAYED if CORPUS[name][0] == target]
        for file in files:
            CORPUS[file.name][2](file)
        result = fuzz("--target", target, "--replay", *files)
        for found in LINE.finditer(result.stdout):
            outcomes[found[1]] = (found[3], int(found[4]))
    return outcomes


@pytest.mark.parametrize("name", REPLAYED)
def test_files_that_once_broke_a_reader(name: str, replayed: dict[str, tuple[str, int]]) -> None:
    _, expected, _ = CORPUS[name]
    word, mebibytes = replayed[name]

    assert word in ([expected] if expected else ["answered", "refused"])
    assert mebibytes < 1000
    if word == "refused":  # by its header, before anything of it was decoded
        assert mebibytes < 60


def _crash(path: Path) -> str:
    os.abort()


def _hang(path: Path) -> str:
    while True:
        pass


def _grow(path: Path) -> str:
    return str(len(bytearray(300 * 2**20)))


def _stumble(path: Path) -> str:
    raise KeyError("not an error of ours")


def _ramble(path: Path) -> str:
    raise ImageError("Two\nlines.")


def _refuse(path: Path) -> str:
    raise ImageError("It is not an image.")


@pytest.mark.parametrize(
    ("check", "word", "detail"),
    [
        (_crash, "crash", "SIGABRT"),
        (_hang, "hang", "_hang"),
        (_grow, "memory", "MiB more"),
        (_stumble, "unexpected", "KeyError"),
        (_ramble, "unexpected", "AssertionError"),
        (_refuse, "refused", ""),
        (lambda path: "fine", "answered", ""),
    ],
)
def test_what_breaks_is_noticed(check: Callable[[Path], str], word: str, detail: str, tmp_path: Path) -> None:
    """So the tests above can fail."""
    outcome = run_apart(check, tmp_path / "any", cpu=1, memory=100 * 2**20)

    assert outcome.word == word, outcome.detail
    assert detail in outcome.detail


def test_findings_are_kept_and_can_be_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.fuzz.__main__ import main
    from tests.fuzz.targets import Target

    monkeypatch.setitem(TARGETS, "labels", Target(lambda: {"a.txt": b"content"}, _stumble))

    assert main(["--target", "labels", "--files", "3", "--seed", "5", "--keep", str(tmp_path)]) == 1

    said = capsys.readouterr().out
    assert said.startswith("seed 5\n") and "3 findings" in said
    kept = sorted(tmp_path.iterdir())
    assert [folder.name for folder in kept] == [f"labels-5-{number}-unexpected" for number in range(3)]
    assert (kept[0] / "a.txt").read_bytes() == b"content"
    assert "KeyError" in (kept[0] / "what-happened.txt").read_text(encoding="utf-8")
    assert main(["--target", "labels", "--replay", str(kept[0] / "a.txt")]) == 1
    assert "KeyError" in capsys.readouterr().out


def test_the_same_seed_damages_in_the_same_way_and_another_in_another() -> None:
    content, others = random.Random(0).randbytes(5000), [random.Random(1).randbytes(900)]

    def damaged(seed: int) -> list[bytes]:
        rng = random.Random(seed)
        return [mutate(content, rng, others) for _ in range(50)]

    assert damaged(1) == damaged(1) != damaged(2)
    assert sum(copy == content for copy in damaged(1)) < 5


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
@pytest.mark.parametrize("content", [b"", b"x", b'{"a": 1}', bytes(5000)], ids=len)
def test_every_mutation_takes_files_of_any_size(mutation: Mutation, content: bytes) -> None:
    for seed in range(30):
        assert len(mutation(content, random.Random(seed), [content, b"other"])) <= LARGEST


def test_a_time_can_be_given_instead_of_a_number(tmp_path: Path) -> None:
    started = time.monotonic()
    result = fuzz("--minutes", 0.02, "--target", "labels", "--keep", tmp_path)

    assert result.returncode == 0
    assert re.search(r"^seed \d+\nlabels: [\d,]+ files", result.stdout)
    assert time.monotonic() - started > 1


def test_any_folder_gives_more_files_to_begin_with(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "mine.png").write_bytes(b"no image")
    count = len(TARGETS["image"].seeds())

    result = fuzz("--target", "image", "--files", count + 1, "--seeds", tmp_path / "seeds", "--keep", tmp_path)

    assert f"{count} answered, 1 refused" in result.stdout
    assert fuzz("--seeds", tmp_path / "nowhere").returncode == 2


def test_guided_fuzzing_says_what_it_needs(tmp_path: Path) -> None:
    code = (
        "import importlib.util, sys; find = importlib.util.find_spec;"
        "importlib.util.find_spec = lambda name, *a: None if name == 'atheris' else find(name, *a);"
        "from tests.fuzz.__main__ import main; sys.exit(main(['--coverage', '--target', 'labels']))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 2
    assert "needs atheris" in result.stderr and "tests/fuzz/requirements.txt" in result.stderr
