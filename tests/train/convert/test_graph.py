"""The graph of an older network: read as data, checked, and never built from unknown layers."""

from __future__ import annotations

from typing import Any

import pytest

from model.errors import BundleError
from tests.support.legacy_files import DENSE, FLATTEN, IMAGE, sequential
from train.convert import graph
from train.convert.graph import NetworkSpec, follow, read_network


@pytest.mark.parametrize(
    ("stored", "sentence"),
    [
        ({"class_name": "Mine", "config": {"layers": [DENSE]}}, "of the class 'Mine', which is code"),
        ({"class_name": "Sequential", "config": {"layers": []}}, "lists no layers"),
        ({"class_name": "Sequential", "config": {"layers": [IMAGE]}}, "lists no layers"),
        (sequential(*[FLATTEN] * 4000), "4,001 layers"),
        (sequential(DENSE, DENSE), "same name"),
        ([], "of the class None"),
    ],
)
def test_architectures_that_are_none(stored: Any, sentence: str) -> None:
    with pytest.raises(BundleError, match=sentence):
        read_network(stored)


def functional(layers: list[dict[str, Any]], output: str) -> dict[str, Any]:
    ends = {"input_layers": [["image", 0, 0]], "output_layers": [[output, 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "m", "layers": layers} | ends}


def test_a_graph_in_a_circle_ends_in_a_sentence() -> None:
    circle = [
        IMAGE | {"name": "image", "inbound_nodes": []},
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
    stored = functional([IMAGE | {"name": "image", "inbound_nodes": []}], "image")
    stored["config"]["input_layers"].append(["other", 0, 0])

    with pytest.raises(BundleError, match="2 inputs; only models with one input"):
        read_network(stored)


def test_arithmetic_of_keras_2_becomes_a_layer() -> None:
    scale = {"class_name": "TFOpLambda", "name": "s", "config": {"name": "s", "function": "math.truediv"}}
    layers = [
        IMAGE | {"name": "image", "inbound_nodes": []},
        scale | {"inbound_nodes": [["image", 0, 0, {"y": 127.5, "name": None}]]},
    ]
    (layer,) = read_network(functional(layers, "s")).layers

    assert layer.kind == "Rescaling" and layer.config["scale"] == pytest.approx(1 / 127.5)


def test_an_operation_that_is_not_arithmetic() -> None:
    layers = [
        IMAGE | {"name": "image", "inbound_nodes": []},
        {"class_name": "TFOpLambda", "name": "s", "config": {"name": "s", "function": "io.write_file"}}
        | {"inbound_nodes": [["image", 0, 0, {"contents": "x"}]]},
    ]
    with pytest.raises(BundleError, match=r"'io\.write_file'"):
        read_network(functional(layers, "s"))


def test_a_network_without_layers_before_its_output() -> None:
    network = NetworkSpec("m", False, True, (), "image", ("nowhere", 0), (16, 16, 3), "float32")

    with pytest.raises(BundleError, match="does not follow"):
        follow(network, 0, lambda layer, inputs: 0)


def test_every_layer_that_is_taken_is_one_of_keras() -> None:
    import keras

    assert [name for name in graph.LAYERS if not hasattr(keras.layers, name)] == []


def test_every_activation_that_is_taken_is_one_of_keras() -> None:
    import keras

    from train.convert.supported_layers import ACTIVATIONS

    assert [name for name in ACTIVATIONS if keras.activations.get(name) is None] == []


def test_operations_of_keras_3_in_hdf5_have_no_module_and_are_told_from_layers_of_the_same_name() -> None:
    def applied_to(name: str, *more: object) -> list[dict[str, Any]]:
        tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, 4], "keras_history": [name, 0, 0]}}
        return [{"args": [tensor, *more], "kwargs": {}}]

    layers = [
        IMAGE | {"name": "image", "inbound_nodes": []},
        {"class_name": "TrueDivide", "name": "d", "config": {"name": "d"}, "inbound_nodes": applied_to("image", 127.5)},
        {"class_name": "Subtract", "name": "s", "config": {"name": "s"}, "inbound_nodes": applied_to("d", 1.0)},
        FLATTEN | {"name": "f", "inbound_nodes": applied_to("s")},
    ]
    divided, subtracted, _ = read_network(functional(layers, "f")).layers
    assert (divided.kind, divided.config["scale"], divided.config["offset"]) == ("Rescaling", 1 / 127.5, 0.0)
    assert (subtracted.kind, subtracted.config["scale"], subtracted.config["offset"]) == ("Rescaling", 1.0, -1.0)
