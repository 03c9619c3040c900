import csv
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from examples import clips, dataset, images
from examples.__main__ import main
from examples.cloth import fit, light_on, mesh, random_cloth, render_cloth
from examples.flags import catalogue
from examples.flags.canvas import Canvas
from examples.photograph import photograph
from examples.scenes import without_flag


@pytest.fixture(scope="module")
def flag() -> np.ndarray:
    canvas = Canvas(3, 2)
    canvas.horizontal_stripes(["#aa0000", "#ffffff", "#0000aa"])
    return canvas.render(240)


@pytest.fixture
def few_flags(monkeypatch: pytest.MonkeyPatch, flag: np.ndarray) -> None:
    monkeypatch.setattr(catalogue, "labels", lambda: ("Aland", "Bland"))
    monkeypatch.setattr(catalogue, "variants", lambda label: 2)
    monkeypatch.setattr(catalogue, "draw", lambda label, variant=0, height=480: flag)


def test_catalogue_names_are_in_natural_order_and_drawable() -> None:
    names = catalogue.labels()
    assert len(set(names)) == len(names)
    assert list(names) == sorted(names, key=str.casefold)
    first = catalogue.draw(names[0], height=64)
    assert first.shape[0] == 64 and first.shape[2] == 4 and first.dtype == np.uint8
    assert catalogue.draw(names[0], height=64) is first
    with pytest.raises(ValueError):
        first[0, 0] = 0


@pytest.mark.parametrize("seed", range(12))
def test_photograph_depends_on_the_seed_alone(flag: np.ndarray, seed: int) -> None:
    before = flag.copy()
    one, again = (photograph(flag, np.random.default_rng(seed), 128) for _ in range(2))
    assert np.array_equal(one, again)
    assert np.array_equal(flag, before)
    assert not np.array_equal(one, photograph(flag, np.random.default_rng(seed + 1000), 128))


@pytest.mark.parametrize("size", [96, 256])
def test_images_are_rgb_bytes_with_the_asked_longer_side(flag: np.ndarray, size: int) -> None:
    for seed in range(12):
        for image in (
            photograph(flag, np.random.default_rng(seed), size),
            without_flag(np.random.default_rng(seed), size),
        ):
            assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
            assert max(image.shape) == size and min(image.shape[:2]) >= size // 3


def test_flag_colours_stay_recognisable(flag: np.ndarray) -> None:
    mean = np.mean([photograph(flag, np.random.default_rng(s), 96).mean(axis=(0, 1)) for s in range(40)], axis=0)
    assert np.ptp(mean) < 60  # red, white and blue in equal parts: no cast on average


def test_images_without_a_flag_vary() -> None:
    tiny = [cv2.resize(without_flag(np.random.default_rng(s), 96), (8, 8)).ravel().astype(float) for s in range(40)]
    distances = [np.abs(a - b).mean() for i, a in enumerate(tiny) for b in tiny[:i]]
    assert np.median(distances) > 30
    assert len({without_flag(np.random.default_rng(s), 96).shape for s in range(40)}) >= 4


def test_cloth_keeps_its_hoist_and_its_light_in_bounds() -> None:
    for seed in range(20):
        cloth = random_cloth(np.random.default_rng(seed))
        start, later = mesh(cloth, 1.5), mesh(cloth, 1.5, time=0.4)
        assert np.allclose(start[:, 0], later[:, 0], atol=0.02)
        assert not np.allclose(start[:, -1], later[:, -1], atol=0.001)
        bright, _ = light_on(cloth, start)
        assert bright.min() >= 0 and bright.max() < 1.5


def test_cloth_fills_the_width_it_was_fitted_to(flag: np.ndarray) -> None:
    cloth = random_cloth(np.random.default_rng(3))
    placement = fit(cloth, 1.5, (400, 400), 120, (200, 200))
    colours, cover = render_cloth(flag, cloth, placement, (400, 400))
    columns = np.flatnonzero(cover.max(axis=0) > 0.5)
    assert 100 <= columns[-1] - columns[0] <= 124
    assert colours.dtype == cover.dtype == np.float32


def test_dataset_is_the_same_whatever_the_workers(
    tmp_path: Path, few_flags: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dataset.write_dataset(tmp_path / "one", per_class=2, no_flag=3, seed=5, workers=1) == 7
    assert dataset.write_dataset(tmp_path / "two", per_class=2, no_flag=3, seed=5, workers=1) == 7
    names = sorted(str(p.relative_to(tmp_path / "one")) for p in (tmp_path / "one").rglob("*.jpg"))
    assert names == [
        f"{d}/000{i}.jpg" for d, n in (("Aland", 2), ("Bland", 2), ("no flag", 3)) for i in range(1, n + 1)
    ]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.nightly
def test_two_workers_write_what_one_writes(tmp_path: Path) -> None:
    dataset.write_dataset(tmp_path / "one", per_class=1, no_flag=2, seed=5, workers=1)
    dataset.write_dataset(tmp_path / "two", per_class=1, no_flag=2, seed=5, workers=2)
    for path in (tmp_path / "one").rglob("*.jpg"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_dataset_refuses_a_folder_with_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(ValueError, match="not empty"):
        dataset.write_dataset(tmp_path, per_class=1, no_flag=1, seed=1, workers=1)
    monkeypatch.setattr("sys.argv", ["examples", "dataset", str(tmp_path)])
    assert main() == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and "not empty" in message
    assert [p.name for p in tmp_path.iterdir()] == ["note.txt"]


def test_clip_has_a_truth_for_every_frame(tmp_path: Path, few_flags: None) -> None:
    shots = (clips.Shot("Aland", 1.0), clips.Shot(dataset.NO_FLAG, 1.0, fades=True), clips.Shot("Bland", 0.4))
    (path,) = clips.write_clips(tmp_path, (clips.Clip("short", 4, shots),))
    with (tmp_path / "short.truth.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.height, stream.width, stream.average_rate) == (*clips.SIZE, clips.RATE)
        assert sum(1 for _ in container.decode(stream)) == len(rows) == 60
    assert [row["label"] for row in rows].count("Bland") == 10
    assert rows[25]["label"] == "Aland" and rows[40]["label"] == dataset.NO_FLAG  # the fade, and after it
    assert rows[50] == {"frame": "50", "time": "2.00", "label": "Bland"}


def test_example_images_are_named_after_their_label(tmp_path: Path, few_flags: None) -> None:
    upright, turned = images.write_images(tmp_path, (("South Aland", 2),), (("South Aland", 2),))
    assert (upright.name, turned.name) == ("south-aland.jpg", "south-aland-upside-down.jpg")
    image, other = cv2.imread(str(upright)), cv2.imread(str(turned))
    assert image is not None and other is not None
    assert max(image.shape) == images.SIZE
    assert np.abs(image[::-1, ::-1].astype(int) - other).mean() < 4  # JPEG's blocks lie elsewhere


def test_example_material_uses_known_labels() -> None:
    known = {*catalogue.labels(), dataset.NO_FLAG}
    assert {label for label, _ in (*images.IMAGES, *images.UPSIDE_DOWN)} <= known
    assert {shot.label for clip in clips.CLIPS for shot in clip.shots} <= known
