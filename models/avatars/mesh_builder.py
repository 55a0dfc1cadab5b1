"""Reads the meshes of a glTF file into one: what it shows, primitive by primitive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.avatars.gltf import GltfError, GltfFile
from models.avatars.meshes import Floats, Joints, Meshes, Offsets, Part, Vertices
from models.avatars.nodes import Nodes

TRIANGLES = 4
MOST_VERTICES = 1 << 20
MOST_CORNERS = 1 << 23
MOST_OFFSETS = 1 << 23
MOST_JOINTS = 1 << 14
INFLUENCES = 4  # joints a vertex
SMALLEST_OFFSET = 1e-7  # of a morph target, beside its largest: what is less does not move


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A primitive's vertices: `first` of all, `count`; what its targets are read from."""

    mesh: int
    first: int
    count: int
    targets: tuple[Any, ...]


def target_names(file: GltfFile) -> tuple[dict[tuple[int, int], str], dict[tuple[int, int], float]]:
    """Of every (mesh, morph target): its name, "" without; the weight it has by itself."""
    names: dict[tuple[int, int], str] = {}
    resting: dict[tuple[int, int], float] = {}
    for number, mesh in enumerate(file.document.meshes or []):
        count = max((len(p.targets or []) for p in mesh.primitives), default=0)
        extras = (mesh.extras, *(p.extras for p in mesh.primitives))
        named: list[Any] = next(
            (said["targetNames"] for said in extras if said and said.get("targetNames")), []
        )
        weights = mesh.weights or []
        for target in range(count):
            names[number, target] = str(named[target]) if target < len(named) else ""
            resting[number, target] = float(weights[target]) if target < len(weights) else 0.0
    return names, resting


class MeshBuilder:
    """Puts primitives one behind the other."""

    def __init__(self, file: GltfFile, nodes: Nodes) -> None:
        self._file, self._nodes = file, nodes
        self._vertices: list[tuple[NDArray[Any], ...]] = []
        self._indices: list[NDArray[np.uint32]] = []
        self._joints: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        self._skins: dict[tuple[int, int], tuple[int, int]] = {}
        self._placed: dict[tuple[Any, ...], Placed] = {}
        self._parts: list[Part] = []
        self._vertex_count = self._corner_count = self._joint_count = 0
        for number, node in enumerate(file.document.nodes or []):
            if node.mesh is not None and number in nodes.shown:
                for primitive in file.document.meshes[node.mesh].primitives:
                    if primitive.mode in (None, TRIANGLES):
                        self._add(number, node, primitive)

    @property
    def placed(self) -> tuple[Placed, ...]:
        return tuple(self._placed.values())

    def meshes(self) -> Meshes:
        if not self._parts:
            raise GltfError("no triangles")
        columns = [np.concatenate(column) for column in zip(*self._vertices, strict=True)]
        nodes, inverse = zip(*self._joints, strict=True)
        return Meshes(
            Vertices(*columns),
            np.concatenate(self._indices),
            tuple(self._parts),
            Joints(np.concatenate(nodes), np.concatenate(inverse)),
        )

    def offsets(self, targets: dict[tuple[int, int], int]) -> Offsets:
        """Of these morph targets, which are numbered so."""
        found = list(self._offsets(targets))
        if not found:
            empty = np.zeros((0, 3), np.float32)
            return Offsets(np.zeros(0, np.int64), np.zeros(0, np.int64), empty, empty)
        vertices, numbers, positions, normals = (
            np.concatenate(column) for column in zip(*found, strict=True)
        )
        order = np.argsort(vertices, kind="stable")
        return Offsets(vertices[order], numbers[order], positions[order], normals[order])

    def _offsets(self, targets: dict[tuple[int, int], int]) -> Iterator[tuple[NDArray[Any], ...]]:
        total = 0
        for placed in self.placed:
            for target, attributes in enumerate(placed.targets):
                number = targets.get((placed.mesh, target))
                if number is None:
                    continue
                moved = self._moved(attributes.get("POSITION"), placed.count)
                turned = self._moved(attributes.get("NORMAL"), placed.count)
                size = np.abs(moved).max(axis=1)
                rows = np.flatnonzero(size > SMALLEST_OFFSET * float(size.max(initial=0.0)))
                total += len(rows)
                if total > MOST_OFFSETS:
                    raise GltfError(f"more than {MOST_OFFSETS} moves by morph targets")
                yield (
                    rows + placed.first,
                    np.full(len(rows), number),
                    moved[rows],
                    turned[rows],
                )

    def _moved(self, accessor: int | None, count: int) -> Floats:
        if accessor is None:
            return np.zeros((count, 3), np.float32)
        return self._exactly(accessor, count, 3)

    def _add(self, number: int, node: Any, primitive: Any) -> None:
        attributes, targets = primitive.attributes, tuple(primitive.targets or ())
        skin = node.skin
        key = (
            number,
            *sorted((k, v) for k, v in vars(attributes).items() if v is not None),
            *(tuple(sorted(target.items())) for target in targets),
        )
        count = len(self._file.array(attributes.POSITION))
        indices = (
            np.arange(count, dtype=np.uint32)
            if primitive.indices is None
            else self._file.array(primitive.indices)[:, 0]
        )
        indices = indices[: len(indices) // 3 * 3]
        if len(indices) == 0:
            return
        if indices.dtype.kind != "u" or int(indices.max()) >= count:
            raise GltfError("triangles between vertices that are not there")
        if key not in self._placed:
            self._grow(count)
            self._vertices.append(self._vertices_of(number, skin, attributes, count, indices))
            self._placed[key] = Placed(node.mesh, self._vertex_count - count, count, targets)
        first = self._placed[key].first
        self._indices.append(indices.astype(np.uint32) + np.uint32(first))
        self._parts.append(
            Part(self._corner_count, len(indices), primitive.material, node.mesh, number)
        )
        self._corner_count += len(indices)
        if self._corner_count > MOST_CORNERS:
            raise GltfError(f"more than {MOST_CORNERS // 3} triangles")

    def _grow(self, count: int) -> None:
        self._vertex_count += count
        if self._vertex_count > MOST_VERTICES:
            raise GltfError(f"more than {MOST_VERTICES} vertices")

    def _vertices_of(
        self, number: int, skin: int | None, attributes: Any, count: int, indices: NDArray[Any]
    ) -> tuple[NDArray[Any], ...]:
        positions = self._exactly(attributes.POSITION, count, 3)
        if attributes.NORMAL is None:
            normals = _normals(positions, indices)
        else:
            normals = self._exactly(attributes.NORMAL, count, 3)
        coordinates = np.zeros((count, 4), np.float32)
        for place, accessor in enumerate((attributes.TEXCOORD_0, attributes.TEXCOORD_1)):
            if accessor is not None:
                coordinates[:, 2 * place : 2 * place + 2] = self._exactly(accessor, count, 2)
        colors = np.ones((count, 4), np.float32)
        if attributes.COLOR_0 is not None:
            given = self._file.array(attributes.COLOR_0)
            colors[:, : given.shape[1]] = given
        joints, weights = self._influences(number, skin, attributes, count)
        return positions, normals, coordinates, colors, joints, weights

    def _influences(
        self, number: int, skin: int | None, attributes: Any, count: int
    ) -> tuple[NDArray[np.int32], Floats]:
        first, size = self._joints_of(number, skin)
        if skin is None or attributes.JOINTS_0 is None:
            joints = np.full((count, INFLUENCES), first, np.int32)
            weights = np.zeros((count, INFLUENCES), np.float32)
            weights[:, 0] = 1.0
            return joints, weights
        named = vars(attributes)
        pairs = [
            (named[f"JOINTS_{i}"], named[f"WEIGHTS_{i}"])
            for i in (0, 1)
            if named.get(f"JOINTS_{i}") is not None
        ]
        joints = np.concatenate([self._file.array(j) for j, _ in pairs], axis=1).astype(np.int64)
        weights = np.concatenate([self._exactly(w, count, 4) for _, w in pairs], axis=1)
        if len(joints) != count or (len(joints) and int(joints.max()) >= size):
            raise GltfError("vertices on joints that are not there")
        strongest = np.argsort(-weights, axis=1, kind="stable")[:, :INFLUENCES]
        joints = np.take_along_axis(joints, strongest, axis=1) + first
        weights = np.take_along_axis(weights, strongest, axis=1)
        total = weights.sum(axis=1, keepdims=True)
        weights = np.where(total > 0.0, weights / np.maximum(total, 1e-6), np.eye(INFLUENCES)[0])
        return joints.astype(np.int32), weights.astype(np.float32)

    def _joints_of(self, number: int, skin: int | None) -> tuple[int, int]:
        """First row and count of a skin's joints, or of the node itself."""
        key = (0, skin) if skin is not None else (1, number)
        if key not in self._skins:
            if skin is None:
                nodes, inverse = np.array([number]), np.eye(4)[None]
            else:
                source = self._file.document.skins[skin]
                nodes = np.array(source.joints, np.int64)
                if len(nodes) == 0 or not 0 <= int(nodes.min()) <= int(nodes.max()) < len(
                    self._nodes.names
                ):
                    raise GltfError("a skin on nodes that are not there")
                inverse = np.tile(np.eye(4), (len(nodes), 1, 1))
                if source.inverseBindMatrices is not None:
                    given = self._exactly(source.inverseBindMatrices, None, 16)[: len(nodes)]
                    inverse = given.reshape(-1, 4, 4).transpose(0, 2, 1).astype(np.float64)
                if len(inverse) != len(nodes):
                    raise GltfError("a skin with too few matrices")
            self._skins[key] = self._joint_count, len(nodes)
            self._joints.append((nodes, inverse))
            self._joint_count += len(nodes)
            if self._joint_count > MOST_JOINTS:
                raise GltfError(f"more than {MOST_JOINTS} joints")
        return self._skins[key]

    def _exactly(self, accessor: int, count: int | None, width: int) -> Floats:
        values = self._file.array(accessor).astype(np.float32)
        if (count is not None and len(values) != count) or values.shape[1] != width:
            raise GltfError(f"an array of {values.shape}; expected {count} times {width}")
        if not np.isfinite(values).all():
            raise GltfError("numbers that are none")
        return values


def _normals(positions: Floats, indices: NDArray[Any]) -> Floats:
    """Smooth ones, weighted by area."""
    corners = positions[indices.reshape(-1, 3)].astype(np.float64)
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros((len(positions), 3))
    for axis in range(3):
        total[:, axis] = np.bincount(indices, np.repeat(face[:, axis], 3), len(positions))
    unit: Floats = (total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)).astype(
        np.float32
    )
    return unit
