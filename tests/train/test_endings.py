"""What commands say at their end: sentences, or JSON and nothing else on stdout."""

from __future__ import annotations

import json

import pytest

from train.commands.ending import Ending, accuracy_sentences, is_chance

GOOD = {"split": "test", "n": 45, "accuracy": 38 / 45, "majority_accuracy": 0.4}


def test_the_sentence_counts_images_and_gives_the_interval() -> None:
    assert accuracy_sentences(GOOD) == ["38 of 45 test images right (84%, 95% interval 71 to 92)."]


def test_a_share_near_one_is_not_rounded_to_certainty() -> None:
    (sentence,) = accuracy_sentences(GOOD | {"n": 1000, "accuracy": 0.998})
    assert "(99.8%, 95% interval 99.3 to 99.9)" in sentence
    (sentence,) = accuracy_sentences(GOOD | {"n": 10_000, "accuracy": 0.9998})
    assert sentence.endswith("(99.9%, 95% interval 99.9 to 99.9).")


def test_all_right_is_a_hundred_percent() -> None:
    (sentence,) = accuracy_sentences(GOOD | {"n": 60, "accuracy": 1.0})
    assert sentence == "60 of 60 test images right (100%, 95% interval 94 to 100)."


@pytest.mark.parametrize(
    ("n", "accuracy", "majority", "said"),
    [
        (9, 3 / 9, 3 / 9, "no better than chance"),
        (9, 5 / 9, 3 / 9, "not shown to be better than chance"),
        (900, 500 / 900, 300 / 900, ""),
    ],
)
def test_a_model_that_may_be_no_better_than_chance_is_called_so(
    n: int, accuracy: float, majority: float, said: str
) -> None:
    metrics = {"split": "validation", "n": n, "accuracy": accuracy, "majority_accuracy": majority}
    first, *more = accuracy_sentences(metrics)
    assert "validation images right" in first
    assert is_chance(metrics) == bool(said) == bool(more)
    assert not said or said in more[0]


def test_images_of_the_labels_that_would_be_none_of_these_are_counted() -> None:
    assert accuracy_sentences(GOOD | {"unknown_images": 0}) == accuracy_sentences(GOOD)
    _, unknown = accuracy_sentences(GOOD | {"unknown_images": 5})
    assert unknown == "For 5 of these images, the answer would be “none of these”."


def test_several_labels_an_image_are_right_together() -> None:
    (sentence,) = accuracy_sentences({"split": "whole folder", "n": 4, "accuracy": 0.5, "multi_label": True})
    assert sentence.startswith("2 of 4 images with exactly the right labels (50%")


def test_people_read_the_result_on_stdout_and_the_next_command_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    Ending(["Done."], "Next.", [{"n": 1}]).print(as_json=False)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("Done.\n", "Next.\n")


def test_json_is_alone_on_stdout_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    Ending(["Done."], "Next.", [{"n": 1}, {"n": 2}]).print(as_json=True)
    captured = capsys.readouterr()
    assert [json.loads(line) for line in captured.out.splitlines()] == [{"n": 1}, {"n": 2}]
    assert captured.err == "Done.\nNext.\n"
