"""Files of older systems that are refused: made to do harm, damaged, or not fitting what is said about them."""

from __future__ import annotations

import base64
import json
import marshal
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from model.errors import BundleError, DataError, VistazoError
from train.legacy import files, graph, opening
from train.legacy.graph import NetworkSpec, follow, read_network
from train.legacy.labels import find_labels, read_labels

PICTURE = {"class_name": "InputLayer", "config": {"batch_shape": [None, 16, 16, 3], "name": "picture"}}
DENSE = {"class_name": "Dense", "config": {"name": "dense", "units": 2, "activation": "softmax"}}
FLATTEN = {"class_name": "Flatten", "config": {"name": "flatten"}}


def sequential(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "old", "layers": [PICTURE, *layers]}}


def write_keras(path: Path, config: object, extra: dict[str, bytes] | None = None, weights: bytes = b"") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.0.0"}')
        archive.writestr("config.json", config if isinstance(config, str | bytes) else json.dumps(config))
        archive.writestr("model.weights.h5", weights)
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return path


def job(path: Path, **options: Any) -> opening.Job:
    usual: dict[str, Any] = {
        "weights": None,
        "labels": ("a", "b"),
        "scale": "0..1",
        "bgr": False,
        "size": None,
        "multi_label": False,
        "resize_rule": None,
        "memory": 2**32,
    }
    return opening.Job(model=str(path), out=str(path.parent / "out"), **(usual | options))


def refused(path: Path, work: Path, **options: Any) -> str:
    """Return the sentence with which a file is refused; it is refused before Keras sees it."""
    with pytest.raises(VistazoError) as error:
        opening.run(job(path, **options), work)
    assert "\n" not in str(error.value)
    return str(error.value)


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

    assert "“l”), which holds code" in refused(
        write_keras(tmp_path / "old.keras", stored, weights=empty_hdf5(tmp_path)), work
    )
    assert not touched.exists()


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        ({"class_name": "TFSMLayer", "config": {"name": "t", "filepath": "/etc"}}, "'TFSMLayer' .*holds code"),
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
        ({"class_name": "Reshape", "config": {"name": "r", "target_shape": {"class_name": "Popen"}}}, "no plain value"),
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
    ("stored", "sentence"),
    [
        ({"class_name": "Mine", "config": {"layers": [DENSE]}}, "'Mine' of its own making"),
        ({"class_name": "Sequential", "config": {"layers": []}}, "lists no layers"),
        ({"class_name": "Sequential", "config": {"layers": [PICTURE]}}, "lists no layers"),
        (sequential(*[FLATTEN] * 4000), "4,001 layers"),
        (sequential(DENSE, DENSE), "same name"),
        ([], "None of its own making"),
    ],
)
def test_architectures_that_are_none(stored: Any, sentence: str) -> None:
    with pytest.raises(BundleError, match=sentence):
        read_network(stored)


def functional(layers: list[dict[str, Any]], output: str) -> dict[str, Any]:
    ends = {"input_layers": [["picture", 0, 0]], "output_layers": [[output, 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "m", "layers": layers} | ends}


def test_a_graph_in_a_circle_ends_in_a_sentence() -> None:
    circle = [
        PICTURE | {"name": "picture", "inbound_nodes": []},
        FLATTEN | {"name": "a", "inbound_nodes": [[["b", 0, 0, {}]]]},
        FLATTEN | {"name": "b", "inbound_nodes": [[["a", 0, 0, {}]]]},
    ]
    network = read_network(functional(circle, "b"))

    with pytest.raises(BundleError, match="does not follow from its input"):
        follow(network, 0, lambda layer, inputs: 0)


def test_networks_in_networks_without_end() -> None:
    stored = sequential(FLATTEN)
    for _ in range(30):
        stored = sequential(stored)

    with pytest.raises(BundleError, match="more than 10 deep"):
        read_network(stored)


def test_several_inputs_or_outputs() -> None:
    stored = functional([PICTURE | {"name": "picture", "inbound_nodes": []}], "picture")
    stored["config"]["input_layers"].append(["other", 0, 0])

    with pytest.raises(BundleError, match="2 inputs; Vistazo takes one picture"):
        read_network(stored)


def test_arithmetic_of_keras_2_becomes_a_layer() -> None:
    scale = {"class_name": "TFOpLambda", "name": "s", "config": {"name": "s", "function": "math.truediv"}}
    layers = [
        PICTURE | {"name": "picture", "inbound_nodes": []},
        scale | {"inbound_nodes": [["picture", 0, 0, {"y": 127.5, "name": None}]]},
    ]
    (layer,) = read_network(functional(layers, "s")).layers

    assert layer.kind == "Rescaling" and layer.config["scale"] == pytest.approx(1 / 127.5)


def test_an_operation_that_is_not_arithmetic() -> None:
    layers = [
        PICTURE | {"name": "picture", "inbound_nodes": []},
        {"class_name": "TFOpLambda", "name": "s", "config": {"name": "s", "function": "io.write_file"}}
        | {"inbound_nodes": [["picture", 0, 0, {"contents": "x"}]]},
    ]
    with pytest.raises(BundleError, match=r"'io\.write_file'"):
        read_network(functional(layers, "s"))


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
        (soft, "link to elsewhere"),
        (external_link, "link to elsewhere"),
        (external_data, "from other files"),
        (virtual, "from other files"),
        (circle, "not built as Keras"),
        (nothing_stored, "would unpack|holds 17,180 MB"),
        (compressed, "would unpack into 67 MB"),
        (text, "something else than numbers"),
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
        files.check_hdf5(path)


@pytest.mark.parametrize("config", [b'{"class_name": "\xff\xff"}', b'{"class_name: "1234"}', b'["class_name", "12"]'])
def test_a_damaged_architecture_in_hdf5(config: bytes, tmp_path: Path) -> None:
    path, whole = tmp_path / "old.h5", b'{"class_name": "12"}'
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = whole.decode()
    assert files.check_hdf5(path) == {"class_name": "12"}
    path.write_bytes(path.read_bytes().replace(whole, config[: len(whole)]))

    with pytest.raises(BundleError, match="The architecture in “old"):
        files.check_hdf5(path)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9])
def test_truncated_hdf5(share: float, tmp_path: Path) -> None:
    whole = empty_hdf5(tmp_path)
    (tmp_path / "old.h5").write_bytes(whole[: int(share * len(whole))])

    with pytest.raises(BundleError, match="damaged"):
        files.check_hdf5(tmp_path / "old.h5")


def test_weights_without_an_architecture(tmp_path: Path, work: Path) -> None:
    (tmp_path / "old.h5").write_bytes(empty_hdf5(tmp_path))

    assert "architecture.json" in refused(tmp_path / "old.h5", work)


@pytest.mark.parametrize(
    "shape", [[None, 16, 16, 4], [None, 16, 16], [None, 784], [None, 4, 4, 3], [None, 5000, 16, 3]]
)
def test_inputs_that_are_no_pictures(shape: list[int | None], tmp_path: Path, work: Path) -> None:
    picture = {"class_name": "InputLayer", "config": {"batch_shape": shape, "name": "picture"}}
    stored = {"class_name": "Sequential", "config": {"name": "old", "layers": [picture, FLATTEN, DENSE]}}

    message = refused(write_keras(tmp_path / "old.keras", stored, weights=empty_hdf5(tmp_path)), work)
    assert message.startswith(("The model should take pictures", "The model takes "))


def test_scaling_is_asked_for_and_not_guessed(tmp_path: Path, work: Path) -> None:
    path = write_keras(tmp_path / "old.keras", sequential(FLATTEN, DENSE), weights=empty_hdf5(tmp_path))

    message = refused(path, work, scale=None)
    assert all(choice in message for choice in opening.SCALE_CHOICES)


def test_a_size_is_asked_for_where_none_is_stored(tmp_path: Path, work: Path) -> None:
    picture = {"class_name": "InputLayer", "config": {"batch_shape": [None, None, None, 3], "name": "picture"}}
    stored = {"class_name": "Sequential", "config": {"name": "old", "layers": [picture, FLATTEN, DENSE]}}
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
from tests.test_legacy import job
from train.legacy import opening
try:
    opening.run(job(Path({str(path)!r})), Path({str(tmp_path)!r}))
except opening.VistazoError:
    print("tensorflow" in sys.modules, "keras" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    assert done.stdout == "False False\n"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("labels.txt", "cat\ndog\n\n", ("cat", "dog")),
        ("labels.txt", "\ufeffché\r\n  ñandú \r\n", ("ché", "ñandú")),
        ("class_indices.json", '{"dog": 1, "cat": 0}', ("cat", "dog")),
        ("labels.json", '["cat", "dog"]', ("cat", "dog")),
        ("labels.json", '{"0": "cat", "1": "dog"}', ("cat", "dog")),
        ("config.json", '{"id2label": {"1": "dog", "0": "cat"}}', ("cat", "dog")),
    ],
)
def test_labels_as_text_and_json(name: str, content: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")

    assert read_labels(tmp_path / name) == expected


@pytest.mark.parametrize(("array", "expected"), [(["cat", "dog"], ("cat", "dog")), ([10, 20], ("10", "20"))])
def test_labels_of_a_label_encoder(array: list[Any], expected: tuple[str, ...], tmp_path: Path) -> None:
    np.save(tmp_path / "label_encoder.npy", np.array(array))

    assert find_labels(tmp_path) == tmp_path / "label_encoder.npy"
    assert read_labels(tmp_path / "label_encoder.npy") == expected


class Touching:
    """What a pickle may do: run anything when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.path), "w")


def test_a_pickle_among_the_labels_is_never_read(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    np.save(tmp_path / "label_encoder.npy", np.array(["cat", Touching(touched)], object), allow_pickle=True)

    with pytest.raises(DataError, match=r"holds Python objects.*Write labels\.txt instead"):
        read_labels(tmp_path / "label_encoder.npy")
    assert not touched.exists()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("labels.pkl", b"x", "is not opened"),
        ("labels.txt", b"one\n", "names 1 labels"),
        ("labels.txt", b"a\nb\na\n", "lines 1 and 3 are the same"),
        ("labels.txt", b"\xff\xfea", "not UTF-8"),
        ("labels.txt", b"a\nb\x1b[31m\n", "line 2"),
        ("labels.npy", b"\x93NUMPY", "is damaged"),
        ("labels.json", b"{", "not valid JSON"),
        ("labels.json", b'{"a": 0, "b": 2}', "name an index from 0"),
        ("missing.txt", None, "no file"),
    ],
)
def test_labels_that_cannot_be_used(name: str, content: bytes | None, sentence: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(DataError, match=sentence):
        read_labels(tmp_path / name)


def test_every_layer_that_is_taken_is_one_of_keras() -> None:
    import keras

    assert [name for name in graph.LAYERS if not hasattr(keras.layers, name)] == []


def test_every_activation_that_is_taken_is_one_of_keras() -> None:
    import keras

    from train.legacy.options import ACTIVATIONS

    assert [name for name in ACTIVATIONS if keras.activations.get(name) is None] == []


def test_the_scales_have_one_list() -> None:
    from train.legacy.flatten import SCALES

    assert set(SCALES) == set(opening.SCALE_CHOICES)


def test_a_network_without_layers_before_its_output() -> None:
    network = NetworkSpec("m", False, True, (), "picture", ("nowhere", 0), (16, 16, 3), "float32")

    with pytest.raises(BundleError, match="does not follow"):
        follow(network, 0, lambda layer, inputs: 0)
