"""README.md files as people leave them: read without an error, and merged without losing their text."""

from __future__ import annotations

import pytest

from train.export.card_text import BEGIN, END, merge_card, read_card, told_by

NEW = f"---\nlibrary_name: keras\ntags:\n- vistazo\n---\n\n# new\n\n{BEGIN}\nresults\n{END}\n"
DAMAGED = {
    "it is not valid YAML": "license: [mit\ntags: {",
    "it is a list instead of keys": "- license: mit\n- tags",
    "it is a text instead of keys": "just words",
    "some of its keys are not words": "1: mit\nlicense: mit",
}


@pytest.mark.parametrize("problem", DAMAGED)
def test_metadata_that_cannot_be_read_is_replaced_and_the_text_kept(problem: str) -> None:
    published = f"---\n{DAMAGED[problem]}\n---\n\n# By hand\n\n{BEGIN}\nold\n{END}\nThanks.\n"
    assert read_card(published).problem == problem
    assert told_by(published) == (None, None)

    merged = read_card(merge_card(NEW, published))
    assert merged.problem is None
    assert merged.metadata == {"library_name": "keras", "tags": ["vistazo"]}
    assert merged.text == f"\n# By hand\n\n{BEGIN}\nresults\n{END}\nThanks.\n"


def test_metadata_without_an_end_stay_as_text() -> None:
    card = read_card("---\nlicense: mit\n\n# By hand\n")
    assert (card.problem, card.metadata) == ("it has no end", {})
    merged = read_card(merge_card(NEW, "---\nlicense: mit\n\n# By hand\n"))
    assert merged.problem is None and "license: mit\n\n# By hand" in merged.text


@pytest.mark.parametrize(
    "published",
    [
        "---\r\nlicense: mit\r\n---\r\n# a\r\n",
        "\ufeff---\nlicense: mit\n---\n# a\n",
        "\n\n--- \nlicense: mit\n---\n# a",
    ],
)
def test_metadata_of_any_editor_are_read(published: str) -> None:
    assert read_card(published).metadata == {"license": "mit"}
    assert read_card(published).text.strip() == "# a"


@pytest.mark.parametrize("published", [None, "", "# only text\n", "---\n---\n# only text\n"])
def test_a_card_without_metadata_has_no_problem(published: str | None) -> None:
    assert (read_card(published).problem, read_card(published).metadata) == (None, {})


@pytest.mark.parametrize(
    "yaml", ["a: " + "[" * 5000, "d: 2026-13-45", "a: !!python/object:os.system x", "a: *b", "\tx"]
)
def test_no_metadata_raises(yaml: str) -> None:
    read_card(f"---\n{yaml}\n---\ntext\n")


@pytest.mark.parametrize("index", ["text", [], [1], [{"results": []}], [{"results": [{"dataset": 1}]}]])
def test_a_model_index_of_any_shape_names_no_data_set(index: object) -> None:
    assert told_by(f"---\nlicense: [mit]\nmodel-index: {index}\n---\n") == (None, None)


def test_the_markers_of_older_cards_are_recognised() -> None:
    older = f"# By hand\n\n{BEGIN}\nold\n{END}\nThanks.\n".replace("vistazo push", "train push")

    assert read_card(merge_card(NEW, older)).text == f"# By hand\n\n{BEGIN}\nresults\n{END}\nThanks.\n"
