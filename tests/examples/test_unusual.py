from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from examples import dataset, unusual
from examples.flags import catalogue
from examples.flags.canvas import Canvas
from examples.scenes import Scene
from examples.scenes_sports import lone_thing, sports


@pytest.fixture(scope="module")
def flag() -> np.ndarray:
    canvas = Canvas(3, 2)
    canvas.horizontal_stripes(["#aa0000", "#ffffff", "#0000aa"])
    return canvas.render(160)


@pytest.mark.parametrize("seed", range(12))
def test_an_unusual_flag_depends_on_the_seed_alone(flag: np.ndarray, seed: int) -> None:
    before = flag.copy()

    one, again = (unusual.unusual(flag, "Aland", np.random.default_rng(seed), 96) for _ in range(2))

    assert np.array_equal(one, again)
    assert np.array_equal(flag, before)
    assert one.dtype == np.uint8 and max(one.shape) == 96 and one.shape[2] == 3


def test_a_flag_that_turned_is_another_one_is_not_turned(flag: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    turned: list[str] = []
    label = ""
    cloth = unusual._turned

    def counted(rng: np.random.Generator) -> unusual.Cloth:
        turned.append(label)
        return cloth(rng)

    monkeypatch.setattr(unusual, "_turned", counted)
    for label in ("Poland", "Canada"):
        for seed in range(16):
            unusual.unusual(flag, label, np.random.default_rng(seed), 96)

    assert set(turned) == {"Canada"}
    assert unusual._UPRIGHT_ONLY.issubset(catalogue.labels())


@pytest.mark.parametrize("scene", [sports, lone_thing])
def test_scenes_without_a_flag_vary_and_fill_the_frame(scene: Scene) -> None:
    images = [scene(np.random.default_rng(seed), (72, 96)) for seed in range(12)]

    assert {image.shape for image in images} == {(72, 96, 3)}
    assert np.ptp([image.mean() for image in images]) > 30


def test_every_third_image_of_a_data_set_is_unusual(
    tmp_path: Path, flag: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "labels", lambda: ("Aland",))
    monkeypatch.setattr(catalogue, "variants", lambda label: 1)
    monkeypatch.setattr(catalogue, "draw", lambda label, variant=0, height=480: flag)
    kinds: list[str] = []

    def drawing(name: str) -> Callable[..., np.ndarray]:
        def draw(*_: object) -> np.ndarray:
            kinds.append(name)
            return flag[..., :3]

        return draw

    for name in ("image_of", "unusual_image_of"):
        monkeypatch.setattr(dataset, name, drawing(name))

    dataset.write_dataset(tmp_path / "data", per_class=3, no_flag=3, seed=1, workers=1, size=48)

    assert kinds == ["image_of", "image_of", "unusual_image_of"] * 2
