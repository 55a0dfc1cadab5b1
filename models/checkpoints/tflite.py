"""Reads a TensorFlow Lite network (schema.fbs, version 3) of one graph with float weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from engine.errors import ModelError

_TYPES: dict[int, type[np.generic]] = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}
_OPERATORS: dict[int, str] = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}
_OPTIONS: dict[str, type[Any]] = {
    "ADD": tflite.AddOptions,
    "CONCATENATION": tflite.ConcatenationOptions,
    "CONV_2D": tflite.Conv2DOptions,
    "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions,
    "DIV": tflite.DivOptions,
    "MAX_POOL_2D": tflite.Pool2DOptions,
    "MEAN": tflite.ReducerOptions,
    "MUL": tflite.MulOptions,
    "STRIDED_SLICE": tflite.StridedSliceOptions,
    "SUB": tflite.SubOptions,
    "SUM": tflite.ReducerOptions,
}


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A value of the graph; `constant` is None where the graph computes it.

    Four dimensions are batch, height, width, channels.
    """

    name: str
    shape: tuple[int, ...]
    constant: NDArray[Any] | None


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """One step.

    kind:           the schema's name.
    inputs, output: indices of tensors; -1 is an input left out.
    relu:           whether Relu is applied to its result.
    options:        the schema's table for this kind, if it has one.
    """

    kind: str
    inputs: tuple[int, ...]
    output: int
    relu: bool
    options: Any


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Operators in the order of computation; inputs and outputs are indices of tensors."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_tflite(content: bytes) -> Network:
    """The network in the bytes of a .tflite file. Raises ModelError if they are something else.

    Weights that are stored as 16-bit numbers are given as 32-bit ones.
    """
    if content[4:8] != b"TFL3":
        raise ModelError(
            f"cannot read a network: it begins with {content[:8]!r}; expected TensorFlow Lite's "
            "TFL3 at byte 4. Get the model file anew."
        )
    model = tflite.Model.GetRootAsModel(content, 0)
    graph = model.Subgraphs(0)
    tensors = [_tensor(model, graph.Tensors(index)) for index in range(graph.TensorsLength())]
    operators = []
    for index in range(graph.OperatorsLength()):
        operator = _operator(model, graph.Operators(index))
        stored = tensors[operator.inputs[0]].constant
        if operator.kind == "DEQUANTIZE" and stored is not None:
            widened = replace(tensors[operator.output], constant=stored.astype(np.float32))
            tensors[operator.output] = widened
        else:
            operators.append(operator)
    return Network(
        tensors=tuple(tensors),
        operators=tuple(operators),
        inputs=tuple(graph.InputsAsNumpy().tolist()),
        outputs=tuple(graph.OutputsAsNumpy().tolist()),
    )


def _tensor(model: Any, tensor: Any) -> Tensor:
    shape = tuple(tensor.ShapeAsNumpy().tolist()) if tensor.ShapeLength() else ()
    buffer = model.Buffers(tensor.Buffer())
    constant = None
    if buffer.DataLength():
        numbers = np.frombuffer(buffer.DataAsNumpy().tobytes(), _TYPES[tensor.Type()])
        constant = numbers.reshape(shape)
    return Tensor(tensor.Name().decode(), shape, constant)


def _operator(model: Any, operator: Any) -> Operator:
    code = model.OperatorCodes(operator.OpcodeIndex())
    kind = _OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    options, table = None, operator.BuiltinOptions()
    if kind in _OPTIONS and table is not None:
        options = _OPTIONS[kind]()
        options.Init(table.Bytes, table.Pos)
    return Operator(
        kind=kind,
        inputs=tuple(operator.InputsAsNumpy().tolist()),
        output=int(operator.Outputs(0)),
        relu=_has_relu(kind, options),
        options=options,
    )


def _has_relu(kind: str, options: Any) -> bool:
    if not hasattr(options, "FusedActivationFunction"):
        return False
    match options.FusedActivationFunction():
        case tflite.ActivationFunctionType.NONE:
            return False
        case tflite.ActivationFunctionType.RELU:
            return True
        case other:
            raise ModelError(
                f"cannot read the network: {kind} with the activation {other}; expected none or "
                "Relu, as in MediaPipe's face_landmarker.task. Use --runtime mediapipe."
            )
