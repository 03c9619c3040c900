"""Labels in other languages: shown where they are whole and clean, refused in one sentence where they are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.bundle import Bundle, load_bundle
from model.errors import BundleError
from model.hub.resolve import EMBEDDED
from model.labels import MAX_LABEL_LENGTH, check_translations, clean_label, language_of
from train.export.bundle import write_manifest

SPANISH = "2 verde\n10 rojo\nazul\n"


def with_names(directory: Path, content: str | bytes, name: str = "labels.es.txt") -> Bundle:
    """Add a file of translated names to a bundle and read it."""
    (directory / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    write_manifest(directory)
    return load_bundle(directory)


def test_names_in_a_language_are_found_by_its_tag(copied_bundle: Path) -> None:
    bundle = with_names(copied_bundle, SPANISH)

    assert bundle.labels_in("es") == ("2 verde", "10 rojo", "azul")
    assert bundle.labels_in("ES-mx") == bundle.labels_in("es_MX") == bundle.labels_in("es")
    assert bundle.label_in("Blue", "es-MX") == "azul"


@pytest.mark.parametrize("language", [None, "", "de", "e", "est", "-", "*"])
def test_without_names_in_a_language_the_labels_themselves_are_shown(language: str | None, copied_bundle: Path) -> None:
    bundle = with_names(copied_bundle, SPANISH)

    assert bundle.labels_in(language) == bundle.labels == ("2 green", "10 red", "Blue")
    assert bundle.label_in("Blue", language) == "Blue"


def test_a_region_has_its_own_names_where_there_are_any(copied_bundle: Path) -> None:
    bundle = with_names(copied_bundle, SPANISH.replace("azul", "celeste"), "labels.es-AR.txt")

    assert bundle.label_in("Blue", "es-ar") == "celeste"
    assert bundle.label_in("Blue", "es") == "Blue"


def test_what_is_no_label_stays_as_it_is(copied_bundle: Path) -> None:
    assert with_names(copied_bundle, SPANISH).label_in("something else", "es") == "something else"


def test_a_byte_order_mark_is_no_part_of_a_name(copied_bundle: Path) -> None:
    assert with_names(copied_bundle, b"\xef\xbb\xbf" + SPANISH.encode()).labels_in("es")[0] == "2 verde"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("2 verde\n10 rojo\n", "2 lines for 3 labels"),
        (SPANISH + "gris\n", "4 lines for 3 labels"),
        (SPANISH + "\n", "4 lines for 3 labels"),
        ("2 verde\n\nazul\n", "line 2"),
        ("2 verde\nrojo \nazul\n", "line 2"),
        ("2 verde\nrojo\u202egpj\nazul\n", "line 2"),
        ("2 verde\n10 rojo\n" + "x" * (MAX_LABEL_LENGTH + 1) + "\n", "line 3"),
        ("verde\nazul\nverde\n", "lines 1 and 3"),
        (SPANISH.encode("utf-16"), "UTF-8"),
    ],
)
def test_names_that_are_not_one_clean_name_a_class_are_refused(
    content: str | bytes, reason: str, copied_bundle: Path
) -> None:
    with pytest.raises(BundleError, match=reason) as caught:
        with_names(copied_bundle, content)

    assert "labels.es.txt" in str(caught.value)


def test_names_larger_than_any_names_are_refused_unread(copied_bundle: Path) -> None:
    with (copied_bundle / "labels.es.txt").open("wb") as file:
        file.truncate(30 * 2**20)

    with pytest.raises(BundleError, match="too large"):
        load_bundle(copied_bundle)


def test_damaged_names_do_not_match_the_manifest(copied_bundle: Path) -> None:
    with_names(copied_bundle, SPANISH)
    (copied_bundle / "labels.es.txt").write_text(SPANISH.replace("azul", "amar"), encoding="utf-8")

    with pytest.raises(BundleError, match=r"labels\.es\.txt.* is damaged"):
        load_bundle(copied_bundle)


@pytest.mark.parametrize("name", ["labels.txt", "labels..txt", "labels.e.txt", "labels.es.txt.bak", "labels.../es.txt"])
def test_other_files_are_no_names(name: str) -> None:
    assert language_of(name) is None


@pytest.mark.parametrize("language", ["es", "fr"])
def test_the_embedded_flags_have_their_names_in_every_language(language: str) -> None:
    bundle = load_bundle(EMBEDDED)
    names = bundle.labels_in(language)

    check_translations(names, bundle.labels, language)
    assert names != bundle.labels
    assert bundle.label_in("Germany", language) == {"es": "Alemania", "fr": "Allemagne"}[language]
    assert bundle.label_in("no flag", language) == {"es": "sin bandera", "fr": "aucun drapeau"}[language]


def test_the_embedded_names_are_in_the_manifest() -> None:
    listed = json.loads((EMBEDDED / "manifest.json").read_text(encoding="utf-8"))["files"]

    assert {"labels.txt", "labels.es.txt", "labels.fr.txt"} <= set(listed)


@given(st.one_of(st.text(max_size=200), st.text(alphabet="a \u202e", min_size=100, max_size=200)))
def test_a_cleaned_label_is_clean_short_and_stays_as_it_is(text: str) -> None:
    label = clean_label(text)

    assert clean_label(label) == label
    assert label == label.strip()
    assert len(label) <= MAX_LABEL_LENGTH
    assert label.splitlines() in ([], [label])
