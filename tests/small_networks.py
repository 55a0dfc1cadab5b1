"""ONNX files with a regressor's names and sizes, and next to nothing inside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

SMIRK = {"pose": 3, "cam": 3, "shape": 300, "expression": 50, "eyelids": 2, "jaw": 3}
DECA = {"shape": 100, "tex": 50, "expression": 50, "pose": 6, "cam": 3, "light": 27}
EXPNET = {"expression": 29, "shape": 99, "texture": 99, "pose": 6}


def write_network(
    path: Path, sizes: dict[str, int], *, side: int = 224, **gains: ArrayLike
) -> Path:
    """Each output (N, n) is i, i + 0.01, i + 0.02, … (i: its place among the outputs) plus the
    picture's mean (3,) times its gain (3, n), which is 0 if it is not given."""
    tensors, nodes, outputs = [], [], []
    nodes.append(helper.make_node("GlobalAveragePool", ["image"], ["pooled"]))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["mean"]))
    for place, (name, size) in enumerate(sizes.items()):
        gain = np.zeros((3, size)) + np.asarray(gains.get(name, 0.0))
        bias = place + 0.01 * np.arange(size)
        for array, kind in ((gain, "gain"), (bias, "bias")):
            tensors.append(numpy_helper.from_array(array.astype(np.float32), f"{name}_{kind}"))
        nodes.append(helper.make_node("Gemm", ["mean", f"{name}_gain", f"{name}_bias"], [name]))
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", size]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, side, side])
    graph = helper.make_graph(nodes, "small", [image], outputs, tensors)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path
    )
    return path
