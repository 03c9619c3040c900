"""Three READMEs: the translations say what README.md says, and README.md says what the code does."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

import pytest

import vistazo
from interface.i18n import en, es, fr
from tests.support.serving import ROOT

ORIGINAL = "README.md"
TEXTS = {ORIGINAL: en.TEXTS, "README.es.md": es.TEXTS, "README.fr.md": fr.TEXTS}
TRANSLATIONS = [name for name in TEXTS if name != ORIGINAL]
TABS = ("image_tab", "video_tab", "camera_tab", "batch_tab", "about_tab", "compare_tab")

LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
CODE_SPAN = re.compile(r"`([^`]+)`")
COMMENT = re.compile(r"  +#.*|^#.*")
NUMBER = re.compile(r"\d+(?:\.\d+)*")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
# Options of programs other than `vistazo`: scripts/test, scripts/fuzz, benchmarks/flags.py, git, hf.
OTHER_OPTIONS = {
    "--directory",  # of Python's http.server
    "--force",
    "--orphan",
    "--renormalize",
    "--repo-type",
    "--nightly",
    "--minutes",
    "--images",
    "--rounds",  # of benchmarks/cluster.py
    "--seconds",  # of benchmarks/load.py
    "--strict",
    "--address",  # of ray
    "--array",  # of sbatch
}
# Documents besides the READMEs whose paths are looked at.
DOCUMENTS = ["CONTRIBUTING.md", "SECURITY.md", *sorted(p.relative_to(ROOT).as_posix() for p in ROOT.glob("docs/*.md"))]
MAX_LINES = 120
MAX_WORDS = 700


class Found(NamedTuple):
    line: int
    value: object


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it, up to the next; `prose` and `code` have the lines with their numbers."""

    file: str
    line: int
    level: int
    title: str
    prose: tuple[tuple[int, str], ...]
    code: tuple[tuple[int, str], ...]

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line} (“{self.title}”)"

    def matches(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str]]]:
        """Every match in the prose, those across lines included, with the line where it begins."""
        text = "\n".join(line for _, line in self.prose)
        for match in pattern.finditer(text):
            yield self.prose[text.count("\n", 0, match.start())][0], match


def sections(file: str) -> list[Section]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    start = lines.index("---", 1) + 1 if lines[0] == "---" else 0  # the front matter is the Hub's
    found: list[Section] = []
    in_code = False
    prose: list[tuple[int, str]] = []
    code: list[tuple[int, str]] = []
    heading = (0, 0, "")

    def close() -> None:
        if heading[1] or any(line.strip() for _, line in prose):
            found.append(Section(file, *heading, tuple(prose), tuple(code)))
        prose.clear()
        code.clear()

    for number, line in enumerate(lines[start:], start + 1):
        title = re.match(r"(#+) (.+)", line)
        if line.startswith("```"):
            in_code = not in_code
            code.append((number, line))
        elif in_code:
            code.append((number, line))
        elif title:
            close()
            heading = (number, len(title[1]), title[2])
        else:
            prose.append((number, line))
    close()
    return found


def commands(section: Section) -> list[Found]:
    """The code without its comments, which may be translated."""
    return [Found(number, COMMENT.sub("", line).rstrip()) for number, line in section.code]


def code_spans(section: Section) -> list[Found]:
    return [Found(line, " ".join(match[1].split())) for line, match in section.matches(CODE_SPAN)]


def links(section: Section) -> list[Found]:
    """Where links and images lead, but for those of the line that offers the languages."""
    found = [Found(line, match[1] + match[2]) for line, match in section.matches(LINK)]
    return [one for one in found if one.value not in TEXTS]


def figures_of(file: str, text: str) -> list[str]:
    """The numbers of a text as English writes them: 1,849 is 1 849 or 1849 in the others, and 0.86 is 0,86."""
    text = CODE_SPAN.sub(" ", LINK.sub(" ", text))
    if file == ORIGINAL:
        text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    else:
        text = re.sub(r"(?<=\d),(?=\d)", ".", re.sub(r"(?<=\d)[\u00a0\u202f](?=\d{3}\b)", "", text))
    return NUMBER.findall(text)


def figures(section: Section) -> list[Found]:
    """The numbers of the prose and of the comments in the code."""
    comments = [(number, "".join(COMMENT.findall(line))) for number, line in section.code]
    texts = [(number, line) for number, line in section.prose if not line.startswith("|")] + comments
    return [Found(number, figure) for number, text in texts for figure in figures_of(section.file, text)]


def rows(section: Section) -> list[Found]:
    """The tables' rows, as the figures and the code of each cell, in any order within it."""
    found = []
    for number, line in section.prose:
        if line.startswith("|"):
            cells = line.strip().strip("|").split("|")
            found.append(Found(number, [sorted(figures_of(section.file, c) + CODE_SPAN.findall(c)) for c in cells]))
    return found


def paragraphs(section: Section) -> int:
    text = "\n".join(line for _, line in section.prose)
    return sum(bool(block.strip()) for block in re.split(r"\n\s*\n|\n(?=- )", text))


def pairs(translation: str) -> list[tuple[Section, Section]]:
    return list(zip(sections(ORIGINAL), sections(translation), strict=False))


def out_of_order(translation: str, what: Callable[[Section], list[Found]]) -> list[str]:
    """Say where the sections of a translation do not have the same things in the same order."""
    said = []
    for original, other in pairs(translation):
        for ours, theirs in zip_longest(what(original), what(other)):
            if (ours and ours.value) != (theirs and theirs.value):
                here = f"{original.file}:{ours.line} has {ours.value!r}" if ours else f"{original.name} ends"
                there = f"{other.file}:{theirs.line} has {theirs.value!r}" if theirs else f"{other.name} ends"
                said.append(f"{here}; {there}")
                break  # what follows in this section is only shifted
    return said


def missing(translation: str, what: Callable[[Section], list[Found]]) -> list[str]:
    """Say what one section has that its translation lacks, or the other way round, in any order."""
    said = []
    for original, other in pairs(translation):
        for one, two in ((original, other), (other, original)):
            left = [found.value for found in what(two)]
            for found in what(one):
                if found.value in left:
                    left.remove(found.value)
                else:
                    said.append(f"{one.file}:{found.line} has {found.value!r}, which {two.name} lacks")
    return said


def report(said: list[str]) -> str:
    return "out of step:\n" + "\n".join(said)


@pytest.mark.parametrize("translation", TRANSLATIONS)
def test_a_translation_has_the_same_headings(translation: str) -> None:
    said = []
    for original, other in zip_longest(sections(ORIGINAL), sections(translation)):
        if (original and original.level) != (other and other.level):
            said.append(" / ".join(f"{s.name}, level {s.level}" if s else "nothing" for s in (original, other)))
    assert not said, report(said[:1])


@pytest.mark.parametrize("translation", TRANSLATIONS)
def test_a_translation_has_as_many_paragraphs_under_each_heading(translation: str) -> None:
    counted = [(one.name, paragraphs(one), two.name, paragraphs(two)) for one, two in pairs(translation)]
    said = [f"{one}: {ours} paragraphs; {two}: {theirs}" for one, ours, two, theirs in counted if ours != theirs]
    assert not said, report(said)


@pytest.mark.parametrize("translation", TRANSLATIONS)
def test_a_translation_has_the_same_commands(translation: str) -> None:
    said = out_of_order(translation, commands)
    assert not said, report(said)


@pytest.mark.parametrize("translation", TRANSLATIONS)
def test_a_translation_has_the_same_table_rows_with_equal_figures(translation: str) -> None:
    said = out_of_order(translation, rows)
    assert not said, report(said)


@pytest.mark.parametrize("translation", TRANSLATIONS)
@pytest.mark.parametrize("what", [figures, code_spans, links])
def test_a_translation_has_equal_figures_options_and_links_in_its_text(
    translation: str, what: Callable[[Section], list[Found]]
) -> None:
    said = missing(translation, what)
    assert not said, report(said)


@pytest.mark.parametrize("translation", TRANSLATIONS)
def test_a_translation_begins_with_its_title(translation: str) -> None:
    assert sections(translation)[0].line == 1, f"{translation}: the front matter is for {ORIGINAL} alone"


@pytest.mark.parametrize("file", TEXTS)
def test_each_readme_leads_to_the_other_languages(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert {match[2] for match in LINK.finditer(text)} & set(TEXTS) == set(TEXTS) - {file}


@pytest.mark.parametrize("file", TEXTS)
def test_every_relative_link_leads_to_a_file(file: str) -> None:
    targets = [
        (line, match[2].partition("#")[0]) for section in sections(file) for line, match in section.matches(LINK)
    ]
    said = [
        f"{file}:{line} leads to {target}, which is not there"
        for line, target in targets
        if "://" not in target and not (ROOT / target).exists()
    ]
    assert targets
    assert not said, report(said)


@pytest.mark.parametrize("file", TEXTS)
def test_the_tabs_are_named_as_the_page_names_them(file: str) -> None:
    named = re.findall(r"^- \*\*(.+?)\*\*", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert named == [TEXTS[file][tab] for tab in TABS], f"{file}: the list of tabs"


@pytest.mark.parametrize("file", TEXTS)
def test_a_doubtful_answer_is_quoted_as_the_page_says_it(file: str) -> None:
    def count(name: str) -> int:
        text = (ROOT / name).read_text(encoding="utf-8")
        words = " ".join(re.sub(r"```text\n.*?```", "", text, flags=re.DOTALL).split())  # commands speak English
        return len(re.findall(rf"[“«] ?{re.escape(TEXTS[name]['none_of_these'])} ?[”»]", words))

    assert count(file) == count(ORIGINAL) > 0, f"{file}: “{TEXTS[file]['none_of_these']}”"


@pytest.mark.parametrize("file", TEXTS)
def test_a_readme_is_short(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")

    assert len(text.splitlines()) <= MAX_LINES
    assert len(text.split()) <= MAX_WORDS


def test_the_address_of_the_repository_is_the_same_everywhere() -> None:
    address = re.search(
        r"repository: &repository https://github\.com/(\S+)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.M
    )
    assert address
    for file in (*TEXTS, "examples/train_your_own.ipynb"):
        named = re.findall(r"github(?:\.com)?/([\w-]+/[\w-]+)", (ROOT / file).read_text(encoding="utf-8"))
        assert named and set(named) == {address[1]}, file


@pytest.fixture(scope="module")
def options() -> set[str]:
    """The options of every command, as their help lists them."""
    found: set[str] = set()
    for command in vistazo.COMMANDS:
        written = io.StringIO()
        with contextlib.redirect_stdout(written), contextlib.suppress(SystemExit):
            vistazo.main([command.name, "--help"])
        found |= set(OPTION.findall(written.getvalue()))
    return found


@pytest.mark.parametrize("file", [*TEXTS, *(name for name in DOCUMENTS if name.startswith("docs/"))])
def test_every_option_is_one_of_a_command(file: str, options: set[str]) -> None:
    named = set(OPTION.findall((ROOT / file).read_text(encoding="utf-8")))
    assert named - options <= OTHER_OPTIONS, f"{file}: {sorted(named - options - OTHER_OPTIONS)}"


@pytest.mark.parametrize("file", [*TEXTS, *DOCUMENTS])
def test_every_path_in_code_is_there(file: str) -> None:
    spans = CODE_SPAN.findall((ROOT / file).read_text(encoding="utf-8"))
    paths = {span.split()[0] for span in spans if re.match(r"[\w.-]+/", span) and (ROOT / span.split("/")[0]).is_dir()}
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == [], file
