"""FLAME's vertices as one more output of a network that gives FLAME's coefficients.

The networks turn two of FLAME's five joints only, the root (the whole head) and the jaw. What moves
with the jaw by the share w of a vertex x of the unposed head is then

    R_root (x - j_root + w (R_jaw - 1) (x - j_jaw)) + j_root

with the joints j where identity and expression put them. models/heads/flame.py says the same of all
joints. The names begin with `head/` and stay in float32 (engine/runtime/half.py): float16 knows
tenths of a millimetre only.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from engine.errors import ModelError
from engine.runtime.fused import Graph

VERTICES = "vertices"
PREFIX = "head/"
ROOT, JAW = 0, 2  # joints
JAW_BASIS = slice(9, 18)  # of the 36 of joints 1 to 4


class FaceModel(Protocol):
    """What is needed of `models.heads.flame_files.FlameModel`, whose fields these are."""

    @property
    def template(self) -> NDArray[np.floating]: ...

    @property
    def shape_basis(self) -> NDArray[np.floating]: ...

    @property
    def expression_basis(self) -> NDArray[np.floating]: ...

    @property
    def pose_basis(self) -> NDArray[np.floating]: ...

    @property
    def joint_regressor(self) -> NDArray[np.floating]: ...

    @property
    def parents(self) -> tuple[int, ...]: ...

    @property
    def skin_weights(self) -> NDArray[np.floating]: ...

    @property
    def eyelids(self) -> NDArray[np.floating] | None: ...


def with_vertices(network: onnx.ModelProto, model: FaceModel) -> onnx.ModelProto:
    """The network, which is used up, with one more output: `vertices` (1, V, 3) m.

    As SMIRK has it, the lids are closed after skinning. Raises ModelError if the network does not
    give FLAME's coefficients, for one picture.
    """
    sizes = {
        value.name: value.type.tensor_type.shape.dim[-1].dim_value for value in network.graph.output
    }
    if not {"shape", "expression", "pose"} <= set(sizes):
        raise ModelError(
            f"cannot add FLAME's vertices: the network gives {', '.join(sizes)}; expected shape, "
            "expression and pose. Build the plan without --vertices."
        )
    if JAW in model.parents[1:]:
        raise ModelError(
            f"cannot add FLAME's vertices: its joints hang on {model.parents}; expected none on "
            "the jaw. Build the plan without --vertices."
        )
    graph = Graph(PREFIX)
    root, jaw = _turns(graph, has_jaw="jaw" in sizes)
    shaped, joints = _shaped(graph, model, sizes["shape"], sizes["expression"])
    jaw_change = graph.add("Sub", jaw, graph.constant("one", np.eye(3, dtype=np.float32)), name="c")
    row = graph.add("Reshape", jaw_change, graph.constant("row", np.array([1, 9])), name="bend")
    posed = graph.add(
        "Add", shaped, _blend(graph, row, model.pose_basis[:, :, JAW_BASIS], "pose"), name="posed"
    )

    centre = _joint(graph, joints, ROOT, "root")
    from_root = graph.add("Sub", posed, centre, name="from_root")
    from_jaw = graph.add("Sub", posed, _joint(graph, joints, JAW, "jaw"), name="from_jaw")
    turned = graph.add("MatMul", from_jaw, _transposed(graph, jaw_change, "jaw"), name="turned")
    share = np.asarray(model.skin_weights[:, JAW : JAW + 1], np.float32)
    moved = graph.add("Mul", turned, graph.constant("share", share), name="moved")
    opened = graph.add("Add", from_root, moved, name="opened")
    rotated = graph.add("MatMul", opened, _transposed(graph, root, "root"), name="rotated")
    found = graph.add("Add", rotated, centre, name="placed")
    if model.eyelids is not None and "eyelids" in sizes:
        lids = np.asarray(model.eyelids, np.float32).transpose(1, 2, 0)
        found = graph.add("Add", found, _blend(graph, "eyelids", lids, "lids"), name="lidded")
    batch = graph.constant("batch", np.array([0]))
    last = graph.add("Unsqueeze", found, batch, name="batched")
    network.graph.node.extend(graph.nodes)
    network.graph.node.append(helper.make_node("Identity", [last], [VERTICES], name=f"{PREFIX}out"))
    network.graph.initializer.extend(graph.constants)
    network.graph.output.append(
        helper.make_tensor_value_info(VERTICES, TensorProto.FLOAT, [1, len(model.template), 3])
    )
    return network


def _turns(graph: Graph, *, has_jaw: bool) -> tuple[str, str]:
    """Rotation matrices of root and jaw; without an output `jaw`, `pose` holds both."""
    if has_jaw:
        return _rotation(graph, "pose", "root"), _rotation(graph, "jaw", "jaw")
    axis = graph.constant("columns", np.array([1]))
    ends = [graph.constant(f"column_{end}", np.array([end])) for end in (0, 3, 6)]
    root = graph.add("Slice", "pose", ends[0], ends[1], axis, name="pose_root")
    jaw = graph.add("Slice", "pose", ends[1], ends[2], axis, name="pose_jaw")
    return _rotation(graph, root, "root"), _rotation(graph, jaw, "jaw")


def _rotation(graph: Graph, vector: str, name: str) -> str:
    """(3, 3) of an axis times radians (1, 3), by Rodrigues' formula

    1 + sin(a) / a K + 2 (sin(a/2) / a)² K², K being the cross product with the vector.
    """
    squares = graph.add("Mul", vector, vector, name=f"{name}_squares")
    last = graph.constant(f"{name}_last", np.array([1]))
    square = graph.add("ReduceSum", squares, last, name=f"{name}_square", keepdims=1)
    tiny = graph.constant(f"{name}_tiny", np.float32(1e-20))  # no division by zero
    angle = graph.add(
        "Sqrt", graph.add("Add", square, tiny, name=f"{name}_safe"), name=f"{name}_angle"
    )
    half = graph.add(
        "Mul", angle, graph.constant(f"{name}_half", np.float32(0.5)), name=f"{name}_half_angle"
    )
    first = graph.add(
        "Div", graph.add("Sin", angle, name=f"{name}_sin"), angle, name=f"{name}_first"
    )
    part = graph.add(
        "Div", graph.add("Sin", half, name=f"{name}_sin_half"), angle, name=f"{name}_part"
    )
    double = graph.constant(f"{name}_two", np.float32(2))
    second = graph.add(
        "Mul",
        graph.add("Mul", part, part, name=f"{name}_part_square"),
        double,
        name=f"{name}_second",
    )
    cross = np.zeros((3, 3, 3), np.float32)
    for x, y, z in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        cross[x, z, y], cross[x, y, z] = 1, -1
    flat = graph.add(
        "MatMul", vector, graph.constant(f"{name}_cross", cross.reshape(3, 9)), name=f"{name}_flat"
    )
    k = graph.add(
        "Reshape", flat, graph.constant(f"{name}_shape", np.array([3, 3])), name=f"{name}_k"
    )
    kk = graph.add("MatMul", k, k, name=f"{name}_kk")
    around = graph.add(
        "Add",
        graph.add("Mul", k, first, name=f"{name}_around_1"),
        graph.add("Mul", kk, second, name=f"{name}_around_2"),
        name=f"{name}_around",
    )
    one = graph.constant(f"{name}_one", np.eye(3, dtype=np.float32))
    return graph.add("Add", around, one, name=f"{name}_rotation")


def _shaped(graph: Graph, model: FaceModel, shapes: int, expressions: int) -> tuple[str, str]:
    """The unposed head (V, 3) and its joints (5, 3)."""
    template = np.asarray(model.template, np.float64)
    regressor = np.asarray(model.joint_regressor, np.float64)
    found = []
    for name, matrix in (("skin", None), ("joints", regressor)):
        bases = [
            np.asarray(model.shape_basis[:, :, :shapes], np.float64),
            np.asarray(model.expression_basis[:, :, :expressions], np.float64),
        ]
        neutral = template
        if matrix is not None:  # joints are linear in the coefficients, too
            neutral = matrix @ template
            bases = [np.einsum("jv,vcn->jcn", matrix, basis) for basis in bases]
        start = graph.constant(f"{name}_neutral", neutral.astype(np.float32))
        identity = graph.add(
            "Add", start, _blend(graph, "shape", bases[0], f"{name}_shape"), name=f"{name}_identity"
        )
        found.append(
            graph.add(
                "Add",
                identity,
                _blend(graph, "expression", bases[1], f"{name}_expression"),
                name=f"{name}_shaped",
            )
        )
    return found[0], found[1]


def _blend(graph: Graph, row: str, basis: NDArray[np.floating], name: str) -> str:
    """(V, 3): coefficients (1, n) times a basis (V, 3, n)."""
    count = basis.shape[2]
    columns = np.asarray(basis, np.float32).reshape(-1, count).T
    flat = graph.add(
        "MatMul", row, graph.constant(f"{name}_basis", columns), name=f"{name}_flat_blend"
    )
    sizes = graph.constant(f"{name}_sizes", np.array([basis.shape[0], 3]))
    return graph.add("Reshape", flat, sizes, name=f"{name}_blend")


def _joint(graph: Graph, joints: str, number: int, name: str) -> str:
    index = graph.constant(f"{name}_index", np.array([number]))
    return graph.add("Gather", joints, index, name=f"joint_{name}", axis=0)


def _transposed(graph: Graph, matrix: str, name: str) -> str:
    return graph.add("Transpose", matrix, name=f"{name}_transposed", perm=[1, 0])
