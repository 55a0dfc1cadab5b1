"""One graph from the camera picture to the network's outputs: the crop is cut out inside.

Written with ONNX's own operators, so that ONNX Runtime and TensorRT compute the same. The names of
what is added begin with `crop/`; that part stays in float32 whatever the network's precision is
(engine/runtime/half.py): between 1024 and 2048 float16 knows whole pixels only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engine.errors import ModelError
from engine.runtime.cropping import FRAME, GREY_SLACK, IMAGE_FROM_CROP, CropRule

CROP = "crop/"
OLDEST_OPSET = 16  # the first with GridSample
RENAMED_SINCE = 20  # GridSample's modes "bilinear" and "bicubic" are "linear" and "cubic" since


class Graph:
    """Nodes and constants being written, their names under one prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: Any) -> str:
        """Name of a constant of the graph."""
        tensor = numpy_helper.from_array(np.ascontiguousarray(values), self._prefix + name)
        self.constants.append(tensor)
        return tensor.name

    def add(self, operator: str, *inputs: str, name: str, **attributes: Any) -> str:
        """Name of the new node's one output."""
        output = self._prefix + name
        node = helper.make_node(operator, list(inputs), [output], name=output, **attributes)
        self.nodes.append(node)
        return output


def fused(network: onnx.ModelProto, rule: CropRule) -> onnx.ModelProto:
    """The network, which is used up, with `frame` and `image_from_crop` for inputs; batch size 1.

    Raises ModelError if the network has other inputs than the rule says.
    """
    names = [value.name for value in network.graph.input]
    if names != [rule.input]:
        raise ModelError(
            f"cannot fuse the crop with the network: its inputs are {', '.join(names)}; expected "
            f"{rule.input} alone. Export the network again with `mien models add`."
        )
    check_opset(network)
    fixed = with_batch_of_one(network)
    graph = Graph(CROP)
    planes = frame_planes(graph)
    cubic = rule.interpolation == "cubic"
    crop = cut_out(
        graph, planes, IMAGE_FROM_CROP, size=rule.size, opset=opset_of(network), cubic=cubic
    )
    if cubic:
        darkest = graph.constant("darkest", np.float32(0))
        brightest = graph.constant("brightest", np.float32(255))
        crop = graph.add("Clip", crop, darkest, brightest, name="held")
    if rule.truncate:
        slack = graph.constant("slack", np.float32(GREY_SLACK))
        crop = graph.add("Floor", graph.add("Add", crop, slack, name="eased"), name="whole_greys")
    if rule.channels == "rgb":
        crop = graph.add(
            "Gather", crop, graph.constant("rgb", np.array([2, 1, 0])), name="ordered", axis=1
        )
    scaled = graph.add("Mul", crop, graph.constant("scale", np.float32(rule.scale)), name="scaled")
    rename_uses(fixed.graph.node, rule.input, scaled)
    return assembled(fixed, graph, inputs=frame_inputs())


def frame_inputs(matrices: Sequence[str] = (IMAGE_FROM_CROP,)) -> list[onnx.ValueInfoProto]:
    """The inputs of a fused graph: the frame of any size, and 2×3 matrices."""
    frame = helper.make_tensor_value_info(FRAME, TensorProto.UINT8, ["height", "width", 3])
    return [
        frame,
        *(helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3]) for name in matrices),
    ]


def frame_planes(graph: Graph) -> str:
    """(H, W, 3) uint8 as (1, 3, H, W) float32."""
    # TensorRT takes bytes only into a Cast, which therefore comes first.
    floats = graph.add("Cast", FRAME, name="floats", to=TensorProto.FLOAT)
    planes = graph.add("Transpose", floats, name="planes", perm=[2, 0, 1])
    return graph.add("Unsqueeze", planes, graph.constant("batch", np.array([0])), name="batched")


def cut_out(
    graph: Graph,
    planes: str,
    matrix: str,
    *,
    size: int,
    opset: int,
    cubic: bool = False,
    outside: Literal["zeros", "border"] = "zeros",
    steps: int | None = None,
) -> str:
    """(1, 3, size, size) samples where `matrix` puts the crop's pixels.

    outside: black, or the edge's colour. steps: of a pixel, to which positions are rounded.
    """
    rows, columns = np.mgrid[:size, :size].astype(np.float32)
    pixels = np.stack((columns.ravel(), rows.ravel(), np.ones(size * size, np.float32)), axis=1)
    transposed = graph.add("Transpose", matrix, name=f"{matrix}/transposed", perm=[1, 0])
    positions = graph.add(
        "MatMul", graph.constant(f"{matrix}/pixels", pixels), transposed, name=f"{matrix}/positions"
    )
    if steps is not None:
        count = graph.constant(f"{matrix}/steps", np.float32(steps))
        stepped = graph.add("Mul", positions, count, name=f"{matrix}/stepped")
        rounded = graph.add("Round", stepped, name=f"{matrix}/rounded")
        positions = graph.add("Div", rounded, count, name=f"{matrix}/whole_steps")
    # GridSample without align_corners: pixel i of n lies at (2 i + 1) / n - 1.
    shape = graph.add("Shape", FRAME, name=f"{matrix}/shape")
    turned = graph.constant(f"{matrix}/turned", np.array([1, 0]))
    extent = graph.add("Gather", shape, turned, name=f"{matrix}/extent")
    extent = graph.add("Cast", extent, name=f"{matrix}/extent_floats", to=TensorProto.FLOAT)
    one = graph.constant(f"{matrix}/one", np.float32(1))
    two = graph.constant(f"{matrix}/two", np.float32(2))
    doubled = graph.add("Mul", positions, two, name=f"{matrix}/doubled")
    edged = graph.add("Add", doubled, one, name=f"{matrix}/edged")
    shares = graph.add("Div", edged, extent, name=f"{matrix}/shares")
    centred = graph.add("Sub", shares, one, name=f"{matrix}/centred")
    modes = ("linear", "cubic") if opset >= RENAMED_SINCE else ("bilinear", "bicubic")
    grid_shape = graph.constant(f"{matrix}/grid_shape", np.array([1, size, size, 2]))
    grid = graph.add("Reshape", centred, grid_shape, name=f"{matrix}/grid")
    return graph.add(
        "GridSample",
        planes,
        grid,
        name=f"{matrix}/samples",
        mode=modes[cubic],
        padding_mode=outside,
        align_corners=0,
    )


def assembled(
    network: onnx.ModelProto, graph: Graph, *, inputs: Sequence[onnx.ValueInfoProto]
) -> onnx.ModelProto:
    """The network, which is used up, behind the nodes of `graph`."""
    nodes = [*graph.nodes, *network.graph.node]
    del network.graph.input[:], network.graph.node[:]
    network.graph.input.extend(inputs)
    network.graph.node.extend(nodes)
    network.graph.initializer.extend(graph.constants)
    return network


def with_batch_of_one(network: onnx.ModelProto) -> onnx.ModelProto:
    """The network, which is used up, the free first sizes of its inputs and outputs set to 1.

    Raises ModelError if another size is free, but for the height and width of a frame.
    """
    del network.graph.value_info[:]  # they repeat the free size
    for value in (*network.graph.input, *network.graph.output):
        sizes = value.type.tensor_type.shape.dim
        if sizes and not sizes[0].HasField("dim_value") and value.name != FRAME:
            sizes[0].dim_value = 1
    for value in network.graph.input:
        free = [s for s in value.type.tensor_type.shape.dim if not s.HasField("dim_value")]
        if free and value.name != FRAME:
            raise ModelError(
                f"cannot fix the sizes of the network: its input {value.name} has "
                f"{len(free)} free sizes; expected none but the first. Export it with fixed sizes."
            )
    return network


def opset_of(network: onnx.ModelProto) -> int:
    """Version of ONNX's own operators that the network is written in."""
    return next((int(o.version) for o in network.opset_import if o.domain in ("", "ai.onnx")), 0)


def check_opset(network: onnx.ModelProto) -> None:
    """Raises ModelError if the network's operators are too old for the crop."""
    if opset_of(network) < OLDEST_OPSET:
        raise ModelError(
            f"cannot fuse the crop with the network: it is written in opset {opset_of(network)}; "
            f"expected {OLDEST_OPSET} or newer. Export it with opset 18."
        )


def rename_uses(nodes: Sequence[onnx.NodeProto], old: str, new: str) -> None:
    """Let the nodes read `new` where they read `old`."""
    for node in nodes:
        for index, name in enumerate(node.input):
            if name == old:
                node.input[index] = new
