"""`vistazo check --weights` finds labels that are probably wrong, or says why it cannot."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.images import squares, write_squares
from train.__main__ import main


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_squares(tmp_path / "data")


def black_and_white(root: Path) -> Path:
    """Write images that even random features tell apart."""
    rng = np.random.default_rng(1)
    for label, level in (("black", 40), ("white", 200)):
        (root / label).mkdir(parents=True)
        for index in range(25):
            Image.fromarray(rng.integers(level, level + 40, (32, 32, 3), np.uint8)).save(root / label / f"{index}.png")
    return root


def test_exchanged_labels_are_probable_errors(
    backbone_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = black_and_white(tmp_path / "plain")
    for index in (3, 11):
        (root / "black" / f"{index}.png").rename(root / "white" / f"exchanged {index}.png")

    status = main(["check", str(root), "--json", "--weights", str(backbone_weights)])

    found = {finding["kind"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert status == 1
    errors = found["Probable label errors"]
    assert errors["files"] and set(errors["files"]) <= {"white/exchanged 3.png", "white/exchanged 11.png"}
    shares = [int(re.fullmatch(r".*: black, (\d+)% probable", item)[1]) for item in errors["items"]]  # type: ignore[index]
    assert shares == sorted(shares, reverse=True) and min(shares) > 80, "the most probable first, and none that is not"


def test_copies_with_the_same_wrong_label_do_not_hide_each_other(
    backbone_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = black_and_white(tmp_path / "plain")
    wrong = ["white/3.png", *(f"white/3 copy {number}.png" for number in range(3))]
    for name in wrong:
        shutil.copy(root / "black" / "3.png", root / name)
    (root / "black" / "3.png").unlink()

    main(["check", str(root), "--json", "--weights", str(backbone_weights)])

    found = {finding["kind"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert set(found["Probable label errors"]["files"]) == set(wrong)


def test_images_that_look_alike_are_too_few_to_find_label_errors(
    backbone_weights: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "frames").mkdir()
    for number in range(6):
        squares(555).save(data / "frames" / f"{number}.png")

    (data / "cat" / "bad.png").write_bytes(b"no image")

    assert main(["check", str(data), "--weights", str(backbone_weights), "--json"]) == 1
    found = {finding["kind"]: finding for finding in json.loads(capsys.readouterr().out)}
    (reason,) = found["Label errors not looked for"]["items"]
    assert "“frames” has fewer than 5 images, or all of them look alike" in reason
    assert found["Files that cannot be read"]["files"] == ["cat/bad.png"]


def test_of_few_clips_label_errors_are_found_by_fewer_folds(
    backbone_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place, label in enumerate(("cat", "dog")):
        (tmp_path / label).mkdir()
        for clip in range(2):
            for frame in range(3):
                squares(10 * place + clip).save(tmp_path / label / f"{clip}-{frame}.png")

    main(["check", str(tmp_path), "--weights", str(backbone_weights), "--json"])
    assert "Label errors not looked for" not in {finding["kind"] for finding in json.loads(capsys.readouterr().out)}


@pytest.mark.parametrize("content", [b"no image", None])
def test_of_one_label_or_none_label_errors_are_not_found(
    content: bytes | None, data: Path, backbone_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (data / "cat").iterdir() if content is None else data.glob("*/*"):
        path.write_bytes(content or b"no image")
    main(["check", str(data), "--weights", str(backbone_weights), "--json"])
    found = {finding["kind"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert "two labels" in found["Label errors not looked for"]["items"][0]


def test_label_errors_are_not_looked_for_among_several_labels(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "dog").rename(data / "cat+dog")

    main(["check", str(data), "--multi-label", "--json", "--weights", str(tmp_path / "not read.h5")])

    captured = capsys.readouterr()
    assert "Probable label errors" not in {finding["kind"] for finding in json.loads(captured.out)}
    assert "Label errors are not looked for, since images have several labels." in captured.err
