"""Files of older programs that are refused: malicious, damaged, or contradicting the options."""

from __future__ import annotations

import base64
import json
import marshal
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from model.errors import BundleError
from tests.support.legacy_files import DENSE, FLATTEN, job, refused, sequential, write_keras
from tests.support.serving import ROOT
from train.convert import file_checks, worker
from train.convert.job import RESULT, SCALE_CHOICES, ConversionJob, ConversionOptions


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def lambda_layer(command: str) -> dict[str, Any]:
    code = base64.b64encode(marshal.dumps(compile(command, "x", "eval"))).decode()
    function = {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}}
    return {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "l", "function": function}}


def test_code_in_a_layer_is_never_run(tmp_path: Path, work: Path) -> None:
    touched = tmp_path / "touched"
    stored = sequential(lambda_layer(f"open({str(touched)!r}, 'w')"), FLATTEN, DENSE)

    assert "“l”), which contains code" in refused(
        write_keras(tmp_path / "old.keras", stored, weights=empty_hdf5(tmp_path)), work
    )
    assert not touched.exists()


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        ({"class_name": "TFSMLayer", "config": {"name": "t", "filepath": "/etc"}}, "'TFSMLayer' .*contains code"),
        ({"class_name": "Popen", "module": "subprocess", "config": {"args": "id"}}, "'Popen'"),
        ({"class_name": "Dense", "module": "evil.layers", "config": {"name": "d", "units": 2}}, "'Dense'"),
        (DENSE | {"registered_name": "mine>Dense"}, "'Dense'"),
        ({"class_name": ["Dense"], "config": {"name": "d"}}, "Dense"),
        ({"class_name": "Dense", "config": {"name": "d", "units": 2_000_000_000}}, "2000000000 units"),
        ({"class_name": "Conv2D", "config": {"name": "c", "filters": -1}}, "-1 filters"),
        ({"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "os.system"}}, "'os.system'"),
        (
            {"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": {"class_name": "__lambda__"}}},
            "has the activation {'class_name'",
        ),
        (
            {"class_name": "Reshape", "config": {"name": "r", "target_shape": {"class_name": "Popen"}}},
            "not a plain value",
        ),
        ({"class_name": "Dense", "config": {"name": "d", "units": 2, "quantization_config": {}}}, "quantized"),
        ({"class_name": "Dense", "config": {"name": "x" * 300, "units": 2}}, "name should be text"),
        ({"class_name": "Dense", "config": None}, "no options"),
        ({"class_name": "Conv2D", "config": {"name": "c", "data_format": "channels_first"}}, "channels last"),
    ],
)
def test_layers_that_are_not_plain_layers_of_keras(
    layer: dict[str, Any], sentence: str, tmp_path: Path, work: Path
) -> None:
    stored = sequential(FLATTEN, layer, DENSE | {"config": DENSE["config"] | {"name": "last"}})

    message = refused(write_keras(tmp_path / "old.keras", stored, weights=empty_hdf5(tmp_path)), work)
    assert re.search(sentence, message), message


def empty_hdf5(folder: Path) -> bytes:
    path = folder / "empty.h5"
    with h5py.File(path, "w") as file:
        file["vars/0"] = np.zeros(3, np.float32)
    content = path.read_bytes()
    path.unlink()
    return content


@pytest.mark.parametrize(
    "name", ["../../escaped", "/tmp/escaped", "C:\\escaped", "assets/vocabulary.txt", "config.json/..", "\x1b[31m"]
)
def test_an_archive_with_other_files_in_it_is_not_unpacked(name: str, tmp_path: Path, work: Path) -> None:
    path = write_keras(tmp_path / "old.keras", sequential(FLATTEN, DENSE), {name: b"x"})

    message = refused(path, work)
    assert "which no plain Keras model has" in message and "\x1b" not in message
    assert sorted(p.name for p in tmp_path.iterdir()) == ["old.keras", "work"] and not list(work.iterdir())


def test_an_archive_that_would_unpack_into_far_more(tmp_path: Path, work: Path) -> None:
    path = write_keras(tmp_path / "old.keras", sequential(FLATTEN, DENSE), weights=bytes(64 * 2**20))

    assert path.stat().st_size < 100_000
    assert "would unpack into 67 MB" in refused(path, work)
    assert not list(work.iterdir())


def test_an_archive_that_lies_about_its_sizes(tmp_path: Path, work: Path) -> None:
    path = write_keras(tmp_path / "old.keras", sequential(FLATTEN, DENSE), weights=bytes(64 * 2**20))
    content = path.read_bytes()
    path.write_bytes(content.replace((64 * 2**20).to_bytes(4, "little"), (100).to_bytes(4, "little")))

    assert "cannot be unpacked" in refused(path, work)
    assert sum(p.stat().st_size for p in work.iterdir()) <= 2**20


@pytest.mark.parametrize("kept", [3, 200, -30])
def test_a_truncated_archive(kept: int, tmp_path: Path, work: Path) -> None:
    path = write_keras(tmp_path / "old.keras", sequential(FLATTEN, DENSE), weights=b"x" * 5000)
    path.write_bytes(path.read_bytes()[:kept])

    assert "damaged" in refused(path, work)


@pytest.mark.parametrize("config", ["[" * 100_000, "nonsense", "[]", b"\xff\xfe\x00", "{" + " " * (16 * 2**20) + "}"])
def test_an_architecture_that_cannot_be_read(config: str | bytes, tmp_path: Path, work: Path) -> None:
    message = refused(write_keras(tmp_path / "old.keras", config), work)

    assert "architecture" in message or "would unpack" in message


def soft(file: h5py.File) -> None:
    file["link"] = h5py.SoftLink("/vars")


def external_link(file: h5py.File) -> None:
    file["link"] = h5py.ExternalLink("/etc/passwd", "/")


def external_data(file: h5py.File) -> None:
    file.create_dataset("stolen", (100,), "u1", external=[("/etc/passwd", 0, 100)])


def circle(file: h5py.File) -> None:
    file["vars/again"] = file["/"]


def nothing_stored(file: h5py.File) -> None:
    file.create_dataset("huge", (2**32,), "f4", chunks=(2**20,), fillvalue=1)


def compressed(file: h5py.File) -> None:
    file.create_dataset("zeros", data=np.zeros(2**24, np.float32), compression="gzip")


def text(file: h5py.File) -> None:
    file["text"] = ["a", "b"]


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((10,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (10,))
    file.create_virtual_dataset("virtual", layout)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (soft, "link to another place"),
        (external_link, "link to another place"),
        (external_data, "data in other files"),
        (virtual, "data in other files"),
        (circle, "not have the structure"),
        (nothing_stored, "would unpack|contains 17,180 MB"),
        (compressed, "would unpack into 67 MB"),
        (text, "other data than numbers"),
    ],
)
def test_hdf5_that_points_elsewhere_or_blows_up(
    spoil: Callable[[h5py.File], None], sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        file["vars/0"] = np.zeros(3, np.float32)
        spoil(file)

    with pytest.raises(BundleError, match=sentence):
        file_checks.check_hdf5(path)


@pytest.mark.parametrize("config", [b'{"class_name": "\xff\xff"}', b'{"class_name: "1234"}', b'["class_name", "12"]'])
def test_a_damaged_architecture_in_hdf5(config: bytes, tmp_path: Path) -> None:
    path, whole = tmp_path / "old.h5", b'{"class_name": "12"}'
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = whole.decode()
    assert file_checks.check_hdf5(path) == {"class_name": "12"}
    path.write_bytes(path.read_bytes().replace(whole, config[: len(whole)]))

    with pytest.raises(BundleError, match="The architecture in “old"):
        file_checks.check_hdf5(path)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9])
def test_truncated_hdf5(share: float, tmp_path: Path) -> None:
    whole = empty_hdf5(tmp_path)
    (tmp_path / "old.h5").write_bytes(whole[: int(share * len(whole))])

    with pytest.raises(BundleError, match="damaged"):
        file_checks.check_hdf5(tmp_path / "old.h5")


def test_weights_without_an_architecture(tmp_path: Path, work: Path) -> None:
    (tmp_path / "old.h5").write_bytes(empty_hdf5(tmp_path))

    assert "architecture.json" in refused(tmp_path / "old.h5", work)


@pytest.mark.parametrize(
    "shape", [[None, 16, 16, 4], [None, 16, 16], [None, 784], [None, 4, 4, 3], [None, 5000, 16, 3]]
)
def test_inputs_that_are_no_images(shape: list[int | None], tmp_path: Path, work: Path) -> None:
    image = {"class_name": "InputLayer", "config": {"batch_shape": shape, "name": "image"}}
    stored = {"class_name": "Sequential", "config": {"name": "old", "layers": [image, FLATTEN, DENSE]}}

    message = refused(write_keras(tmp_path / "old.keras", stored, weights=empty_hdf5(tmp_path)), work)
    assert message.startswith(("The input of the model should be images", "The model takes "))


def test_scaling_is_asked_for_and_not_guessed(tmp_path: Path, work: Path) -> None:
    path = write_keras(tmp_path / "old.keras", sequential(FLATTEN, DENSE), weights=empty_hdf5(tmp_path))

    message = refused(path, work, scale=None)
    assert all(choice in message for choice in SCALE_CHOICES)


def test_a_size_is_asked_for_where_none_is_stored(tmp_path: Path, work: Path) -> None:
    image = {"class_name": "InputLayer", "config": {"batch_shape": [None, None, None, 3], "name": "image"}}
    stored = {"class_name": "Sequential", "config": {"name": "old", "layers": [image, FLATTEN, DENSE]}}
    path = write_keras(tmp_path / "old.keras", stored, weights=empty_hdf5(tmp_path))

    assert "--size" in refused(path, work)


def test_a_size_that_contradicts_the_stored_one(tmp_path: Path, work: Path) -> None:
    path = write_keras(tmp_path / "old.keras", sequential(FLATTEN, DENSE), weights=empty_hdf5(tmp_path))

    assert "the model takes 16 x 16 pixels" in refused(path, work, size=(20, 16))


def test_looking_at_files_does_not_start_keras(tmp_path: Path) -> None:
    path = write_keras(tmp_path / "old.keras", sequential(lambda_layer("1"), DENSE))
    code = f"""
import sys
from pathlib import Path
from tests.support.legacy_files import job
from train.convert import worker
try:
    worker.convert(job(Path({str(path)!r})), Path({str(tmp_path)!r}))
except worker.VistazoError:
    print("tensorflow" in sys.modules, "keras" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "False False\n"


def test_the_scales_have_one_list() -> None:
    from train.convert.scales import SCALES

    assert set(SCALES) == set(SCALE_CHOICES)


def test_a_job_reaches_the_other_process_unchanged(tmp_path: Path) -> None:
    options = ConversionOptions("caffe", True, (64, 60), True, "pad")
    sent = ConversionJob("old.json", "out", ("a", "b"), "old.h5", options, 2**30)

    assert ConversionJob.from_json(sent.to_json()) == sent


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


class ResourceExhaustedError(Exception):
    """TensorFlow's error has this name."""


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (BundleError("refused"), {"error": "refused"}),
        (MemoryError(), {"memory": True}),
        (caused(BundleError("refused"), ResourceExhaustedError("OOM")), {"memory": True}),
        (ValueError("odd\x1b\nthing."), {"error": "“old.keras” cannot be converted: odd thing. Save the model again "}),
    ],
)
def test_whatever_is_raised_becomes_a_result(
    error: Exception, result: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(*arguments: Any) -> None:
        raise error

    monkeypatch.setattr(worker, "convert", raising)
    monkeypatch.setattr(worker, "_limit_memory", lambda limit: None)
    (tmp_path / "job.json").write_text(job(tmp_path / "old.keras").to_json(), encoding="utf-8")

    assert worker.main(str(tmp_path / "job.json")) == 0
    written = json.loads((tmp_path / RESULT).read_text(encoding="utf-8"))
    assert list(written) == list(result)
    assert "error" not in result or written["error"].startswith(result["error"])


def test_the_memory_limit_holds() -> None:
    code = """
from train.convert.worker import _limit_memory
_limit_memory(2**29)
try:
    bytearray(2**30)
except MemoryError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "refused\n"
