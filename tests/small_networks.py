"""Networks of a few nodes, for tests of what is done to networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engine.runtime import RuntimeSettings
from engine.runtime.onnx import OnnxSession

PROCESSOR = RuntimeSettings(threads=1)


def network(
    nodes: Sequence[onnx.NodeProto],
    inputs: dict[str, Sequence[int | str]],
    outputs: dict[str, Sequence[int | str]],
    weights: dict[str, Any] | None = None,
    *,
    opset: int = 20,
) -> onnx.ModelProto:
    """A checked network of float32 inputs and outputs."""
    values = [
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in some.items()
        ]
        for some in (inputs, outputs)
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        *values,
        [numpy_helper.from_array(np.asarray(w), name) for name, w in (weights or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


def showing_its_input(size: int, *, opset: int = 20) -> onnx.ModelProto:
    """Its output `seen` is its input `image` (N, 3, size, size)."""
    shape = ["N", 3, size, size]
    node = helper.make_node("Identity", ["image"], ["seen"])
    return network([node], {"image": shape}, {"seen": shape}, opset=opset)


def small_face_network(size: int = 32) -> onnx.ModelProto:
    """A convolution, a ReLU, means and a linear layer: `image` to `pose` (N, 3), `jaw` (N, 2)."""
    numbers = np.random.Generator(np.random.PCG64(3))
    weights = {
        "kernel": numbers.normal(0, 0.3, (8, 3, 3, 3)).astype(np.float32),
        "offset": numbers.normal(0, 0.3, 8).astype(np.float32),
        "mix": numbers.normal(0, 1, (8, 5)).astype(np.float32),
        "sizes": np.array([3, 2]),
        "zero": np.float32(0),
        "most": np.float32(0.2),
    }
    nodes = [
        helper.make_node("Conv", ["image", "kernel", "offset"], ["c"], strides=[2, 2], name="conv"),
        helper.make_node("Relu", ["c"], ["r"], name="relu"),
        helper.make_node("GlobalAveragePool", ["r"], ["g"], name="pool"),
        helper.make_node("Flatten", ["g"], ["f"], name="flatten"),
        helper.make_node("MatMul", ["f", "mix"], ["m"], name="matmul"),
        helper.make_node("Split", ["m", "sizes"], ["pose", "j"], axis=1, name="split"),
        helper.make_node("Clip", ["j", "zero", "most"], ["jaw"], name="clip"),
    ]
    return network(
        nodes, {"image": ["N", 3, size, size]}, {"pose": ["N", 3], "jaw": ["N", 2]}, weights
    )


def computed(model: onnx.ModelProto, *arrays: Any) -> tuple[Any, ...]:
    """Its outputs, by ONNX Runtime on the processor."""
    content = model.SerializeToString()
    with OnnxSession(Path("small"), PROCESSOR, content=content) as session:
        return session.run(*arrays)
