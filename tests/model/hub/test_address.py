"""Names of repositories, as people write and paste them."""

from __future__ import annotations

import pytest

from model.errors import ModelNotFoundError
from model.hub.address import Address, parse_address
from model.hub.resolve import repository_of

HOST = "https://huggingface.co"


@pytest.mark.parametrize(
    ("text", "revision"),
    [
        ("user/name", None),
        (" user/name/\n", None),
        ("user/name@v1.0", "v1.0"),
        ("user/name@feature/new", "feature/new"),
        ("user/name@refs/pr/1", "refs/pr/1"),
        ("hf://user/name", None),
        ("hf://models/user/name", None),
        ("hf://user/name@v1/labels.txt", "v1"),
        ("huggingface.co/user/name", None),
        ("hf.co/user/name?library=keras#usage", None),
        (f"{HOST}/user/name", None),
        (f"{HOST}/user/name/", None),
        (f"{HOST}/user/name.git", None),
        (f"{HOST}/user/name@v1", "v1"),
        (f"{HOST}/user/name/tree/main", "main"),
        (f"{HOST}/user/name/tree/main/report", "main"),
        (f"{HOST}/user/name/tree/refs%2Fpr%2F1", "refs/pr/1"),
        (f"{HOST}/user/name/blob/refs/pr/1/config.json", "refs/pr/1"),
        (f"{HOST}/user/name/resolve/main/model.tflite?download=true", "main"),
        (f"{HOST}/user/name/commit/0123456", "0123456"),
        (f"{HOST}/user/name/discussions/3", None),
    ],
)
def test_a_models_address_gives_its_repository_and_revision(text: str, revision: str | None) -> None:
    assert parse_address(text) == Address("user/name", revision, "model")
    assert repository_of(text) == ("user/name", revision)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"{HOST}/spaces/user/name", "Space"),
        (f"{HOST}/spaces/user/name/tree/main", "Space"),
        ("spaces/user/name", "Space"),
        ("hf://datasets/user/name", "data set"),
        (f"{HOST}/datasets/user/name/viewer", "data set"),
    ],
)
def test_the_address_of_something_else_says_what_it_is_of(text: str, kind: str) -> None:
    found = parse_address(text)
    assert found is not None and (found.repository, found.kind) == ("user/name", kind)
    with pytest.raises(ModelNotFoundError, match=f"is the address of a {kind}, not of a model"):
        repository_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "a/b/c",
        "../a/b",
        "user/..",
        "a--b/c",
        "user/name@../x",
        "https://example.org/user/name",
        f"{HOST}/user",
    ],
)
def test_what_names_no_repository_is_refused(text: str) -> None:
    assert parse_address(text) is None
    if text:
        with pytest.raises(ModelNotFoundError, match="There is no directory"):
            repository_of(text)


def test_a_hub_of_ones_own_has_addresses_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example:8080")
    assert parse_address("http://hub.example:8080/user/name/tree/dev") == Address("user/name", "dev", "model")
