"""Networks in half precision: float16 inside, float32 at the inputs and outputs.

TensorRT computes in the types that the graph states ("strongly typed"), so they are written into
the graph. The parts named in `KEPT_PREFIXES` and the operators in `KEPT_OPERATORS` stay in float32.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engine.errors import ModelError

KEPT_PREFIXES = ("crop/", "points/", "head/")  # pixels of a frame, metres: see fused*.py
KEPT_OPERATORS = frozenset({"GridSample", "LRN", "Range"})  # LRN squares: 522² is beyond 65504
FLOAT32_INPUTS = {"Resize": (1, 2)}  # its regions and scales have no other type
LARGE = 4096  # bytes; smaller weights may be shapes, which tell types and sizes
LARGEST = float(np.finfo(np.float16).max)


def half_precision(model: onnx.ModelProto) -> onnx.ModelProto:
    """The network, which is used up, its inner tensors and weights in float16.

    Raises ModelError if it has branches or loops, whose graphs this does not enter.
    """
    for node in model.graph.node:
        if any(attribute.HasField("g") for attribute in node.attribute):
            raise _inconvertible(
                f"it has a branch or loop ({node.op_type}); expected a plain graph"
            )
    return _Conversion(model, _float_tensors(model)).result()


def _float_tensors(model: onnx.ModelProto) -> set[str]:
    """Names of all float32 tensors but weights.

    ONNX finds the types of a copy whose large weights are inputs: copying hundreds of megabytes
    several times would take longer than all the rest.
    """
    outline = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    outline.graph.name = model.graph.name
    outline.graph.node.extend(model.graph.node)
    outline.graph.input.extend(model.graph.input)
    outline.graph.output.extend(model.graph.output)
    for weight in model.graph.initializer:
        if weight.ByteSize() < LARGE:
            outline.graph.initializer.append(weight)
        else:
            outline.graph.input.append(
                helper.make_tensor_value_info(weight.name, weight.data_type, weight.dims)
            )
    try:
        typed = onnx.shape_inference.infer_shapes(outline, strict_mode=True, data_prop=True).graph
    except onnx.shape_inference.InferenceError as error:
        reason = str(error).splitlines()[0]
        raise _inconvertible(f"{reason}; expected a graph whose types ONNX can tell") from error
    return {
        value.name
        for value in (*typed.value_info, *typed.input, *typed.output)
        if value.type.tensor_type.elem_type == TensorProto.FLOAT
    }


class _Conversion:
    """Walks the nodes in order. A tensor `x` in float16 is called `x/half`; a name without the
    ending is the tensor in float32, written only where something needs it.
    """

    def __init__(self, model: onnx.ModelProto, floats: set[str]) -> None:
        self._model = model
        graph = model.graph
        self._weights = {tensor.name: tensor for tensor in graph.initializer}
        self._floats = floats | {
            name for name, w in self._weights.items() if w.data_type == TensorProto.FLOAT
        }
        self._full = {value.name for value in graph.input} | set(self._weights)
        self._half: set[str] = set()
        self._nodes: list[onnx.NodeProto] = []

    def result(self) -> onnx.ModelProto:
        graph = self._model.graph
        for node in graph.node:
            self._convert(node)
        for output in graph.output:
            if output.name in self._floats:
                self._as_full(output.name)
        used = {name for node in self._nodes for name in node.input}
        weights = [weight for weight in self._weights.values() if weight.name in used]
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(self._nodes)
        graph.initializer.extend(weights)
        return self._model

    def _convert(self, node: onnx.NodeProto) -> None:
        kept = (
            node.op_type in KEPT_OPERATORS
            or node.name.startswith(KEPT_PREFIXES)
            or any(self._overflows(name) for name in node.input)
        )
        exempt = FLOAT32_INPUTS.get(node.op_type, ())
        for index, name in enumerate(node.input):
            if name in self._floats:
                is_full = kept or index in exempt
                node.input[index] = self._as_full(name) if is_full else self._as_half(name)
        if not kept:
            _retype(node)
        for index, name in enumerate(node.output):
            if name in self._floats and not kept:
                node.output[index] = _half_name(name)
                self._half.add(name)
            else:
                self._full.add(name)
        self._nodes.append(node)

    def _overflows(self, name: str) -> bool:
        weight = self._weights.get(name)
        if weight is None or weight.data_type != TensorProto.FLOAT:
            return False
        values = numpy_helper.to_array(weight)
        return bool(np.any(np.abs(values[np.isfinite(values)]) > LARGEST))

    def _as_half(self, name: str) -> str:
        half = _half_name(name)
        if name not in self._half:
            self._half.add(name)
            if name in self._weights:
                values = numpy_helper.to_array(self._weights[name]).astype(np.float16)
                self._weights[half] = numpy_helper.from_array(values, half)
            else:
                self._cast(name, half, TensorProto.FLOAT16)
        return half

    def _as_full(self, name: str) -> str:
        if name not in self._full:
            self._full.add(name)
            self._cast(_half_name(name), name, TensorProto.FLOAT)
        return name

    def _cast(self, source: str, target: str, to: int) -> None:
        self._nodes.append(
            helper.make_node("Cast", [source], [target], name=f"{target}/cast", to=to)
        )


def _half_name(name: str) -> str:
    return f"{name}/half"


def _retype(node: onnx.NodeProto) -> None:
    """Let a node that names a type or carries numbers give float16 for float32."""
    for attribute in node.attribute:
        match node.op_type, attribute.name:
            case "Cast", "to" if attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
            case (("Constant" | "ConstantOfShape"), "value"):
                if attribute.t.data_type == TensorProto.FLOAT:
                    values = numpy_helper.to_array(attribute.t).astype(np.float16)
                    attribute.t.CopyFrom(numpy_helper.from_array(values))
            case "Constant", ("value_float" | "value_floats"):
                raise _inconvertible(f"{node.name} holds {attribute.name}; expected a tensor")


def _inconvertible(reason: str) -> ModelError:
    return ModelError(f"cannot convert the network to fp16: {reason}. Use --precision fp32.")
