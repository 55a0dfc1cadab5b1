"""Writes a TensorFlow Lite network as ONNX (opset 18), for pictures of one fixed size.

A picture is batch, channels, height, width here and batch, height, width, channels there. Each
value of four dimensions is held in the order in which it was computed, and turned into the other
where an operator needs that one. Three things are written otherwise than they stand, for speed:

- PRelu(x) = x + (1 - slope) · Relu(-x), with two depthwise convolutions. ONNX Runtime keeps its
  blocked layout across these and leaves it for PRelu: three times as slow for the landmarks.
- Channels of zeros are appended by a convolution, for the same reason.
- A convolution with a kernel of 1 × 1 over a value that has its channels last is a matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import onnx
import tflite
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.errors import ModelError
from models.checkpoints import rewriting
from models.checkpoints.tflite import Network, Operator

Layout = Literal["as it stands", "channels first"]
AS_IT_STANDS: Layout = "as it stands"
CHANNELS_FIRST: Layout = "channels first"

OPSET = 18
IR_VERSION = 10  # the oldest that has this opset's types; older runtimes refuse newer ones

_ELEMENTWISE = {"ADD": "Add", "SUB": "Sub", "MUL": "Mul", "DIV": "Div"}
_UNARY = {"RELU": "Relu", "LOGISTIC": "Sigmoid", "NEG": "Neg", "SQRT": "Sqrt"}
_REDUCTIONS = {"MEAN": "ReduceMean", "SUM": "ReduceSum"}


def onnx_from_tflite(network: Network, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """The ONNX file of a network whose inputs and outputs are called so; the rest is left out.

    Inputs of four dimensions are channels first; outputs are (1, size) or (1, N, size). Raises
    ModelError for an operator that MediaPipe's face networks do not have.
    """
    writer = _Writer(network)
    for tensor, name in zip(network.inputs, inputs, strict=True):
        writer.add_input(tensor, name)
    for operator in network.operators:
        writer.add(operator)
    for tensor, name in zip(network.outputs, outputs, strict=False):
        writer.add_output(tensor, name)
    return bytes(writer.model().SerializeToString())


class _Writer:
    """Names of values by tensor and layout, and the nodes that compute them."""

    def __init__(self, network: Network) -> None:
        self._tensors = network.tensors
        self._names: dict[tuple[int, Layout], str] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def add_input(self, tensor: int, name: str) -> None:
        shape = self._tensors[tensor].shape
        layout = CHANNELS_FIRST if len(shape) == 4 else AS_IT_STANDS
        if layout == CHANNELS_FIRST:
            shape = (shape[0], shape[3], shape[1], shape[2])
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        self._names[tensor, layout] = name

    def add_output(self, tensor: int, name: str) -> None:
        stands = self._tensors[tensor].shape
        shape = stands if len(stands) == 3 else (1, int(np.prod(stands)))
        target = self._constant(np.array(shape, np.int64))
        self._nodes.append(helper.make_node("Reshape", [self._value(tensor), target], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(self._nodes, "mien", self._inputs, self._outputs, self._constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def add(self, operator: Operator) -> None:
        name, layout = self._written(operator)
        self._names[operator.output, layout] = self._node("Relu", name) if operator.relu else name

    def _written(self, operator: Operator) -> tuple[str, Layout]:
        """The name of the operator's result, before its Relu, and its layout."""
        match operator.kind:
            case "CONV_2D" | "DEPTHWISE_CONV_2D":
                return self._convolution(operator)
            case "PRELU":
                return self._prelu(operator), CHANNELS_FIRST
            case "MAX_POOL_2D":
                return self._pooling(operator), CHANNELS_FIRST
            case "PAD":
                return self._padding(operator)
            case "ADD" | "SUB" | "MUL" | "DIV" | "SQUARED_DIFFERENCE":
                return self._elementwise(operator)
            case "RELU" | "LOGISTIC" | "NEG" | "SQRT" | "RSQRT":
                return self._unary(operator)
        return self._rearranged(operator), AS_IT_STANDS

    def _rearranged(self, operator: Operator) -> str:
        """Operators that need the axes as they stand."""
        value = self._value(operator.inputs[0])
        match operator.kind:
            case "MEAN" | "SUM":
                axes = np.atleast_1d(self._known(operator.inputs[1])).astype(np.int64)
                keep = int(operator.options.KeepDims())
                kind = _REDUCTIONS[operator.kind]
                return self._node(kind, value, self._constant(axes), keepdims=keep)
            case "RESHAPE":
                return self._reshaped(operator, value)
            case "TRANSPOSE":
                order = self._known(operator.inputs[1]).tolist()
                return self._node("Transpose", value, perm=order)
            case "CONCATENATION":
                others = [self._value(tensor) for tensor in operator.inputs[1:]]
                return self._node("Concat", value, *others, axis=int(operator.options.Axis()))
            case "STRIDED_SLICE":
                return self._slice(operator, value)
            case rewriting.LAYER_NORMALISATION:
                gain, epsilon = (self._known(tensor) for tensor in operator.inputs[1:])
                constant = self._constant(gain)
                return self._node("LayerNormalization", value, constant, epsilon=float(epsilon))
        raise ModelError(
            f"cannot convert the network: it has the operator {operator.kind}; expected those of "
            "MediaPipe's face_landmarker.task. Use --runtime mediapipe."
        )

    def _reshaped(self, operator: Operator, value: str) -> str:
        shape = np.array(self._tensors[operator.output].shape, np.int64)
        return self._node("Reshape", value, self._constant(shape))

    def _convolution(self, operator: Operator) -> tuple[str, Layout]:
        source, options = operator.inputs[0], operator.options
        weights = self._known(operator.inputs[1])
        bias = self._known(operator.inputs[2])
        stride = (options.StrideH(), options.StrideW())
        depthwise = operator.kind == "DEPTHWISE_CONV_2D"
        is_product = weights.shape[1:3] == (1, 1) and stride == (1, 1) and not depthwise
        if is_product and (source, AS_IT_STANDS) in self._names:
            matrix = self._constant(weights[:, 0, 0].T)
            product = self._node("MatMul", self._value(source), matrix)
            return self._node("Add", product, self._constant(bias)), AS_IT_STANDS
        result = self._node(
            "Conv",
            self._value(source, CHANNELS_FIRST),
            self._constant(weights.transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))),
            self._constant(bias),
            kernel_shape=weights.shape[1:3],
            strides=stride,
            pads=self._pads(operator, weights.shape[1:3], stride),
            group=self._tensors[source].shape[3] if depthwise else 1,
        )
        return result, CHANNELS_FIRST

    def _pads(self, operator: Operator, kernel: Sequence[int], stride: Sequence[int]) -> list[int]:
        """Top, left, bottom, right; where the padding is "same", the odd one is last."""
        if operator.options.Padding() == tflite.Padding.VALID:
            return [0, 0, 0, 0]
        sizes = self._tensors[operator.inputs[0]].shape[1:3]
        results = self._tensors[operator.output].shape[1:3]
        missing = [
            max((result - 1) * step + reach - size, 0)
            for size, result, reach, step in zip(sizes, results, kernel, stride, strict=True)
        ]
        return [gap // 2 for gap in missing] + [gap - gap // 2 for gap in missing]

    def _prelu(self, operator: Operator) -> str:
        source = self._value(operator.inputs[0], CHANNELS_FIRST)
        slope = self._known(operator.inputs[1]).reshape(-1, 1, 1, 1)
        below = self._node("Relu", self._depthwise(source, np.full_like(slope, -1.0)))
        bent = self._depthwise(below, 1.0 - slope)
        return self._node("Add", bent, source)

    def _depthwise(self, value: str, factors: NDArray[Any]) -> str:
        constant = self._constant(factors)
        return self._node("Conv", value, constant, kernel_shape=[1, 1], group=len(factors))

    def _pooling(self, operator: Operator) -> str:
        options = operator.options
        kernel = (options.FilterHeight(), options.FilterWidth())
        stride = (options.StrideH(), options.StrideW())
        return self._node(
            "MaxPool",
            self._value(operator.inputs[0], CHANNELS_FIRST),
            kernel_shape=kernel,
            strides=stride,
            pads=self._pads(operator, kernel, stride),
        )

    def _padding(self, operator: Operator) -> tuple[str, Layout]:
        source, amounts = operator.inputs[0], self._known(operator.inputs[1])
        layout = self._layout(source)
        channels, (before, after) = self._tensors[source].shape[-1], amounts[-1]
        if layout == CHANNELS_FIRST and not amounts[:3].any() and channels % rewriting.LANES == 0:
            spread = np.pad(np.eye(channels, dtype=np.float32), ((before, after), (0, 0)))
            kernel = self._constant(spread[:, :, None, None])
            value = self._value(source, layout)
            return self._node("Conv", value, kernel, kernel_shape=[1, 1]), layout
        if layout == CHANNELS_FIRST:
            amounts = amounts[[0, 3, 1, 2]]
        pads = self._constant(amounts.T.reshape(-1).astype(np.int64))
        return self._node("Pad", self._value(source, layout), pads), layout

    def _elementwise(self, operator: Operator) -> tuple[str, Layout]:
        both_first = all(self._layout(tensor) == CHANNELS_FIRST for tensor in operator.inputs)
        layout = CHANNELS_FIRST if both_first else AS_IT_STANDS
        left, right = (self._value(tensor, layout) for tensor in operator.inputs)
        if operator.kind == "SQUARED_DIFFERENCE":
            difference = self._node("Sub", left, right)
            return self._node("Mul", difference, difference), layout
        return self._node(_ELEMENTWISE[operator.kind], left, right), layout

    def _unary(self, operator: Operator) -> tuple[str, Layout]:
        layout = self._layout(operator.inputs[0])
        value = self._value(operator.inputs[0], layout)
        if operator.kind == "RSQRT":
            return self._node("Reciprocal", self._node("Sqrt", value)), layout
        return self._node(_UNARY[operator.kind], value), layout

    def _slice(self, operator: Operator, value: str) -> str:
        options = operator.options
        starts, ends, steps = (
            self._known(tensor).astype(np.int64) for tensor in operator.inputs[1:4]
        )
        axes = np.arange(len(starts))
        starts[(options.BeginMask() >> axes & 1).astype(bool)] = 0
        ends[(options.EndMask() >> axes & 1).astype(bool)] = np.iinfo(np.int32).max
        single = (options.ShrinkAxisMask() >> axes & 1).astype(bool)
        ends[single] = starts[single] + 1
        numbers = [self._constant(values) for values in (starts, ends, axes, steps)]
        return self._reshaped(operator, self._node("Slice", value, *numbers))

    def _known(self, tensor: int) -> NDArray[Any]:
        constant = self._tensors[tensor].constant
        if constant is None:
            raise ModelError(
                f"cannot convert the network: {self._tensors[tensor].name} is computed; expected "
                "constant weights, as in MediaPipe's face_landmarker.task. Use --runtime mediapipe."
            )
        return constant

    def _layout(self, tensor: int) -> Layout:
        """The one in which the value is there."""
        return CHANNELS_FIRST if (tensor, CHANNELS_FIRST) in self._names else AS_IT_STANDS

    def _value(self, tensor: int, layout: Layout = AS_IT_STANDS) -> str:
        """The name of a value in that layout."""
        if (tensor, layout) not in self._names:
            if self._tensors[tensor].constant is not None:
                name = self._constant(self._known(tensor))
            elif layout == CHANNELS_FIRST:
                name = self._node("Transpose", self._names[tensor, AS_IT_STANDS], perm=(0, 3, 1, 2))
            else:
                name = self._node(
                    "Transpose", self._names[tensor, CHANNELS_FIRST], perm=(0, 2, 3, 1)
                )
            self._names[tensor, layout] = name
        return self._names[tensor, layout]

    def _node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def _constant(self, numbers: NDArray[Any]) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(numbers), name))
        return name
