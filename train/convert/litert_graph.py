"""A LiteRT file as a list of operators that can be put before its input and behind its output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from model.classifier import PREDICT_SIGNATURE
from model.errors import BundleError
from train.convert.text import printable

IDENTIFIER = b"TFL3"
_ALIGNMENT = 16  # bytes, of constants, as the schema asks
_DTYPES = {
    schema.TensorType.FLOAT32: "float32",
    schema.TensorType.UINT8: "uint8",
    schema.TensorType.INT8: "int8",
    schema.TensorType.INT32: "int32",
}
_TYPES = {name: number for number, name in _DTYPES.items()}
_OPERATORS = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}


@dataclass(frozen=True)
class Quantization:
    """What the whole numbers q of a tensor stand for: (q - zero) * step."""

    step: float
    zero: int


class Graph:
    """The network in a LiteRT file.

    Args:
        content: The file.

    Raises:
        BundleError: It is damaged, or is not a network from one tensor to one other.
    """

    def __init__(self, content: bytes) -> None:
        try:
            self._model = schema.ModelT.InitFromPackedBuf(content, 0)
            self._graph = self._model.subgraphs[0]
            inputs, outputs = ([int(i) for i in ends] for ends in (self._graph.inputs, self._graph.outputs))
            self._operators = list(self._graph.operators)
            self.names = [self._name(operator) for operator in self._operators]
            self._tensors = self._graph.tensors
            used = [self._tensors[index] for index in (*inputs, *outputs)]
        except MemoryError:
            raise
        except Exception as error:  # the reader has no error of its own
            raise BundleError("The LiteRT file is damaged. Fetch or export it again.") from error
        if len(inputs) != 1 or len(outputs) != 1 or len(used) != 2:
            raise BundleError(
                f"The LiteRT file takes {len(inputs)} inputs and returns {len(outputs)} outputs; an image classifier "
                "has one of each. Detection and segmentation models cannot be converted."
            )
        self.input, self.output = inputs[0], outputs[0]

    def shape(self, tensor: int) -> tuple[int | None, ...]:
        """Return a tensor's shape; None for a side of any length."""
        found = self._tensors[tensor]
        sides = [] if found.shape is None else [int(side) for side in found.shape]
        free = sides if found.shapeSignature is None else [int(side) for side in found.shapeSignature]
        if len(free) != len(sides):
            return tuple(sides)
        # A free batch is one image.
        return tuple(None if number and free[number] < 0 else side for number, side in enumerate(sides))

    def dtype(self, tensor: int) -> str:
        """Return a tensor's dtype as NumPy names it; "another type" for those that no image classifier has."""
        return _DTYPES.get(self._tensors[tensor].type, "another type")

    def quantization(self, tensor: int) -> Quantization | None:
        """Return what a tensor's whole numbers stand for; None where they stand for themselves."""
        found = self._tensors[tensor].quantization
        if found is None or found.scale is None or len(found.scale) != 1 or not found.scale[0] > 0:
            return None
        zeros = found.zeroPoint if found.zeroPoint is not None and len(found.zeroPoint) else [0]
        return Quantization(float(found.scale[0]), int(zeros[0]))

    def custom_operators(self) -> list[str]:
        """Return the names of operators that LiteRT itself does not have."""
        codes = [code.customCode for code in self._model.operatorCodes if code.customCode]
        return sorted({printable(code.decode(errors="replace") if isinstance(code, bytes) else code) for code in codes})

    def parameters(self) -> int:
        """Return how many numbers the constants hold."""
        stored = [t for t in self._tensors if self._model.buffers[t.buffer].data is not None and t.shape is not None]
        return sum(int(np.prod(t.shape)) for t in stored if t.type != schema.TensorType.INT32)

    def cut(self, ends: Sequence[str], passing: Sequence[str]) -> tuple[str, float]:
        """Leave out the last operator where it is one of `ends`, and those behind it that change no value.

        Returns:
            Its name, "" where there is none; and the step of its result where that is quantized, else 0.
        """
        found, place = [], self.output
        while (number := self._maker(place)) is not None:
            operator = self._operators[number]
            found.append(number)
            if self.names[number] in ends and getattr(operator.builtinOptions, "beta", 1.0) == 1.0:
                quantized = self.quantization(int(operator.outputs[0]))
                self.output = int(operator.inputs[0])
                name = self.names[number]
                for left_out in sorted(found, reverse=True):
                    del self._operators[left_out], self.names[left_out]
                return name, quantized.step if quantized else 0.0
            if self.names[number] not in passing:
                break
            place = int(operator.inputs[0])
        return "", 0.0

    def tensor(
        self, shape: Sequence[int], dtype: str, quantization: Quantization | None = None, *, name: str, data: Any = b""
    ) -> int:
        """Add a tensor, a constant where it has data, and return its number."""
        values = np.frombuffer(np.asarray(data).tobytes(), np.uint8) if len(np.shape(data)) else None
        self._model.buffers.append(schema.BufferT(data=values))
        stored = None
        if quantization:
            stored = schema.QuantizationParametersT(scale=[quantization.step], zeroPoint=[quantization.zero])
        self._tensors.append(
            schema.TensorT(
                shape=list(shape),
                type=_TYPES[dtype],
                buffer=len(self._model.buffers) - 1,
                name=f"vistazo/{name}",
                quantization=stored,
                hasRank=True,
            )
        )
        return len(self._tensors) - 1

    def operator(self, name: str, inputs: Sequence[int], output: int, *, first: int | None = None) -> None:
        """Add an operator: the last one, or at a place of its own.

        Args:
            name: As the schema has it.
            inputs: Tensors.
            output: A tensor.
            first: Its place among the operators; None for the end.
        """
        code = getattr(schema.BuiltinOperator, name)
        self._model.operatorCodes.append(
            schema.OperatorCodeT(deprecatedBuiltinCode=min(code, 127), builtinCode=code, version=1)
        )
        made = schema.OperatorT(opcodeIndex=len(self._model.operatorCodes) - 1, inputs=list(inputs), outputs=[output])
        if name == "GATHER":
            made.builtinOptionsType = schema.BuiltinOptions.GatherOptions
            made.builtinOptions = schema.GatherOptionsT(axis=3)
        place = len(self._operators) if first is None else first
        self._operators.insert(place, made)
        self.names.insert(place, name)

    def content(self) -> bytes:
        """Return the file, with the one signature "predict" from "image" to "logits"."""
        self._graph.operators = self._operators
        self._graph.inputs, self._graph.outputs = [self.input], [self.output]
        for tensor in self._tensors:
            if tensor.shape is not None and tensor.shapeSignature is not None:
                tensor.shapeSignature = None  # a batch of one, which LiteRT.js asks for
        self._model.signatureDefs = [
            schema.SignatureDefT(
                inputs=[schema.TensorMapT("image", self.input)],
                outputs=[schema.TensorMapT("logits", self.output)],
                signatureKey=PREDICT_SIGNATURE,
                subgraphIndex=0,
            )
        ]
        self._model.metadata = []  # it describes the former input
        builder = _Aligned(1024)
        builder.Finish(self._model.Pack(builder), IDENTIFIER)
        return bytes(builder.Output())

    def _maker(self, tensor: int) -> int | None:
        """Return the place of the operator that computes a tensor."""
        return next((n for n, made in enumerate(self._operators) if tensor in list(made.outputs)), None)

    def _name(self, operator: Any) -> str:
        code = self._model.operatorCodes[operator.opcodeIndex]
        # Older files have the code in a field of one byte.
        return _OPERATORS.get(max(code.builtinCode, code.deprecatedBuiltinCode), "")


class _Aligned(flatbuffers.Builder):  # type: ignore[misc]  # no types
    """Writes the bytes of constants where the schema wants them."""

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:
        return super().StartVector(elemSize, numElems, _ALIGNMENT if elemSize == 1 else alignment)
