"""ONNX files with a regressor's names and sizes, and next to nothing inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import helper

from tests.small_networks import network

SMIRK = {"pose": 3, "cam": 3, "shape": 300, "expression": 50, "eyelids": 2, "jaw": 3}
DECA = {"shape": 100, "tex": 50, "expression": 50, "pose": 6, "cam": 3, "light": 27}
EXPNET = {"expression": 29, "shape": 99, "texture": 99, "pose": 6}


def write_network(
    path: Path, sizes: dict[str, int], *, side: int = 224, **gains: ArrayLike
) -> Path:
    """Each output (N, n) is i, i + 0.01, i + 0.02, … (i: its place among the outputs) plus the
    picture's mean (3,) times its gain (3, n), which is 0 if it is not given."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["mean"]),
    ]
    weights: dict[str, Any] = {}
    for place, (name, size) in enumerate(sizes.items()):
        gain = np.zeros((3, size)) + np.asarray(gains.get(name, 0.0))
        weights[f"{name}_gain"] = gain.astype(np.float32)
        weights[f"{name}_bias"] = (place + 0.01 * np.arange(size)).astype(np.float32)
        nodes.append(helper.make_node("Gemm", ["mean", f"{name}_gain", f"{name}_bias"], [name]))
    outputs = {name: ["N", size] for name, size in sizes.items()}
    onnx.save(network(nodes, {"image": ["N", 3, side, side]}, outputs, weights), path)
    return path
