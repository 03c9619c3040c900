"""A LiteRT file for the browser: LiteRT.js takes no network whose batch may have any size."""

from __future__ import annotations

from model.errors import BundleError

_IDENTIFIER = b"TFL3"


def with_batch_of_one(content: bytes) -> bytes:
    """Return a LiteRT file whose inputs and outputs have exactly the shapes that they have by default: a batch of 1.

    Bundles written earlier have a free batch. Their file says so beside each shape (`shape_signature`, with
    -1), which is overwritten; weights and operators stay.

    Args:
        content: A LiteRT file.

    Raises:
        BundleError: It is not a LiteRT file.
    """
    from ai_edge_litert import schema_py_generated as schema  # here: it takes 0.3 s to import

    if content[4:8] != _IDENTIFIER:
        raise BundleError("The network is not a LiteRT file. Fetch or write the bundle again.")
    changed = bytearray(content)
    network = schema.Model.GetRootAs(changed, 0)
    for graph in map(network.Subgraphs, range(network.SubgraphsLength())):
        for tensor in map(graph.Tensors, range(graph.TensorsLength())):
            if tensor.ShapeSignatureLength() == tensor.ShapeLength() > 0:
                tensor.ShapeSignatureAsNumpy()[:] = tensor.ShapeAsNumpy()  # a view of `changed`
    return bytes(changed)
