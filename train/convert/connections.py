"""Read how the layers of a stored Keras architecture are connected: Keras 2 writes lists, Keras 3 objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from model.errors import BundleError

MAX_LAYERS = 3000

# An input of a layer: the name of another layer and the index of its call.
Reference = tuple[str, int]


def calls_of(layer: dict[str, Any]) -> list[tuple[tuple[Reference, ...], dict[str, Any]]]:
    """Return the inputs and the other arguments of each call of a layer; raises `BundleError` for other connections."""
    nodes = layer.get("inbound_nodes", [])
    if not isinstance(nodes, list):
        raise BundleError(
            "The layers of the architecture are not connected as Keras connects them. Save the model again."
        )
    if nodes and all(isinstance(node, list) and node and isinstance(node[0], str) for node in nodes):
        nodes = [nodes]  # one call, as operations of Keras 2 are stored
    return [_call(node) for node in nodes]


def _call(node: Any) -> tuple[tuple[Reference, ...], dict[str, Any]]:
    references: list[Reference] = []
    arguments: dict[str, Any] = {}
    if isinstance(node, dict):
        stack = list(node.get("args", [])) if isinstance(node.get("args"), list) else []
        arguments = dict(node["kwargs"]) if isinstance(node.get("kwargs"), dict) else {}
        for position, item in enumerate(stack):
            found = list(_tensors(item))
            if found:
                references += found
                arguments["reversed"] = position > 0 and "constant" in arguments
            else:
                arguments["constant"] = item
    elif isinstance(node, list):
        for item in node:
            if not isinstance(item, list) or len(item) not in (3, 4):
                raise BundleError("The layers of the architecture are not connected as Keras connects them.")
            references.append(_reference(item))
            if len(item) == 4 and isinstance(item[3], dict):
                arguments |= item[3]
                other = item[3].get("y")
                if isinstance(other, list) and len(other) == 3 and isinstance(other[0], str):
                    references.append(_reference(other))
    return tuple(references), arguments


def _tensors(item: Any, depth: int = 0) -> Iterator[Reference]:
    if isinstance(item, list) and depth < 3:
        for part in item:
            yield from _tensors(part, depth + 1)
    elif isinstance(item, dict) and item.get("class_name") == "__keras_tensor__":
        history = item.get("config", {}).get("keras_history") if isinstance(item.get("config"), dict) else None
        yield _reference(history)


def _reference(item: Any) -> Reference:
    fits = isinstance(item, list) and len(item) >= 3 and isinstance(item[0], str)
    if not fits or type(item[1]) is not int or item[2] != 0 or not 0 <= item[1] <= MAX_LAYERS:
        raise BundleError(
            "The layers of the architecture are not connected as Keras connects them. Save the model again."
        )
    return item[0], item[1]


def only_one(stored: Any, what: str) -> Reference:
    """Return the only input or output.

    Args:
        stored: As stored.
        what: "inputs" or "outputs", for the message.

    Raises:
        BundleError: There are several, or they are named.
    """
    if isinstance(stored, list) and stored and isinstance(stored[0], list):
        if len(stored) > 1:
            raise BundleError(
                f"The model has {len(stored)} {what}; only models with one input and one output are supported."
            )
        stored = stored[0]
    if isinstance(stored, dict):
        raise BundleError(f"The model has named {what}; only models with one unnamed input and output are supported.")
    return _reference(stored)
