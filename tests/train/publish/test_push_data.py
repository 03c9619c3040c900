"""A data set is published as the Hub's ImageFolder, private unless said otherwise, and read back from there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fake_hub.client import HURRY, Client, Ended
from tests.fake_hub.server import Hub
from tests.fake_hub.writing import TOKEN
from tests.support.images import write_colours

NAME, KEY = "somebody/pets", "datasets/somebody/pets"
_RUN = HURRY + "import sys\nfrom train.__main__ import main\nsys.exit(main(sys.argv[1:]))"
Run = Callable[..., Ended]


@pytest.fixture
def run(client: Client) -> Run:
    """A command of `train`, which ends without a traceback and shows the token to nobody."""

    def run_(*arguments: object) -> Ended:
        done = client.run(_RUN, [*map(str, arguments)], HF_TOKEN=TOKEN)
        assert "Traceback" not in done.stderr and TOKEN not in done.stdout + done.stderr
        return done

    return run_


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_colours(tmp_path / "data", 3)


def files_of(hub: Hub) -> dict[str, bytes]:
    repository = hub.repositories[KEY]
    return repository.commits[repository.references["main"]]


def test_images_go_into_folders_of_splits_and_classes_once_and_come_back(hub: Hub, run: Run, data: Path) -> None:
    pushed = run("push-data", data, NAME, "--license", "mit")
    assert pushed.returncode == 0, pushed.stderr
    assert hub.repositories[KEY].private and hub.repositories.keys() == {KEY}
    files = files_of(hub)
    assert files["train/Blue/0.png"] == (data / "Blue" / "0.png").read_bytes() and len(files) == 9 + 2
    assert b"license: mit" in files["README.md"] and b"image-classification" in files["README.md"]

    again = run("push-data", data, NAME, "--license", "mit", "--json")
    assert json.loads(again.stdout)["changed"] == 0
    assert "3 classes, 9 images" in run("check", f"hf://{KEY}").stderr + run("check", f"hf://{KEY}").stdout


def test_images_are_added_to_what_was_pushed_and_to_a_card_with_text_of_people(hub: Hub, run: Run, data: Path) -> None:
    assert run("push-data", data, NAME, "--license", "mit").returncode == 0
    hub.commit(KEY, files={**files_of(hub), "README.md": files_of(hub)["README.md"] + b"\nTaken in May.\n"})
    shutil.copy(data / "Blue" / "0.png", data / "Blue" / "new.png")

    added = run("push-data", data, NAME, "--license", "mit", "--json")

    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)["changed"] == 2
    card = files_of(hub)["README.md"].decode()
    assert "10 images of 3 classes" in card and "Taken in May." in card


def test_what_others_have_put_there_stays_unless_it_is_to_be_replaced(hub: Hub, run: Run, data: Path) -> None:
    assert run("push-data", data, NAME, "--license", "mit").returncode == 0
    (data / "Blue" / "0.png").unlink()
    refused = run("push-data", data, NAME, "--license", "mit")
    assert refused.returncode == 2 and "train/Blue/0.png" in refused.stderr
    assert run("push-data", data, NAME, "--license", "mit", "--replace").returncode == 0
    assert "train/Blue/0.png" not in files_of(hub)


def test_nothing_is_published_without_a_licence_or_where_everybody_would_see_it(hub: Hub, run: Run, data: Path) -> None:
    done = run("push-data", data, NAME)
    assert done.returncode == 2 and "--license should name the licence" in done.stderr
    assert run("push-data", data, NAME, "--license", "mit", "--dry-run").returncode == 0
    assert not hub.repositories
    hub.commit(KEY, files={".gitattributes": b""})
    done = run("push-data", data, NAME, "--license", "mit")
    assert done.returncode == 2 and "is public already" in done.stderr
    assert run("push-data", data, NAME, "--license", "mit", "--public").returncode == 0


def test_a_label_that_cannot_be_a_folder_is_refused(hub: Hub, run: Run, data: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "file,label\n" + "".join(f"Blue/{n}.png,sea/sky\n10 red/{n}.png,sun\n" for n in range(3)), encoding="utf-8"
    )
    done = run("push-data", data, NAME, "--license", "mit", "--labels", tmp_path / "labels.csv")
    assert done.returncode == 2 and "“sea/sky” cannot be the name of a folder" in done.stderr
    assert not hub.repositories
