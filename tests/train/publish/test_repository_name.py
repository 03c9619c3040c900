"""Where a push goes, as people write and paste it."""

from __future__ import annotations

import pytest

from model.errors import SettingsError
from train.publish.push import repository_name

HOST = "https://huggingface.co"


@pytest.mark.parametrize("text", ["user/name", "user/name/", "hf://user/name", f"{HOST}/user/name"])
def test_a_model_goes_to_the_repository_of_its_address(text: str) -> None:
    assert repository_name("REPO", text) == "user/name"


@pytest.mark.parametrize("text", ["user/name", "hf://spaces/user/name", f"{HOST}/spaces/user/name"])
def test_a_space_goes_to_the_repository_of_its_address(text: str) -> None:
    assert repository_name("--space", text, "Space") == "user/name"


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        (f"{HOST}/spaces/user/name", "model", "REPO should be a model. .* is the address of a Space"),
        (f"{HOST}/datasets/user/name", "model", "is the address of a data set"),
        (f"{HOST}/user/name", "Space", "REPO should be a Space. .* is the address of a model"),
        (f"{HOST}/user/name/tree/main", "model", "without a revision"),
        ("user/name@dev", "model", "Give user/name; --revision names a branch"),
        ("name", "model", "such as user/name"),
        ("user/na--me", "model", "such as user/name"),
    ],
)
def test_what_a_push_cannot_go_to_is_refused(text: str, kind: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        repository_name("REPO", text, kind)
