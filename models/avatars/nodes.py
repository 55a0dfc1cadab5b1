"""The tree of nodes: which hangs on which, and where all of them are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.geometry import Array, matrix_from_quaternion
from models.avatars.gltf import GltfError, GltfFile

MOST_NODES = 16384


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """names: of N nodes. parents: (N,) -1 above a root. local: (N, 4, 4) parent_from_node at rest.

    levels: nodes from the roots down, those of one depth together. shown: those of the scene.
    """

    names: tuple[str, ...]
    parents: np.ndarray[tuple[int], np.dtype[np.int64]]
    local: Array
    levels: tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]
    shown: frozenset[int]

    def world(self, local: Array, world_from_file: Array) -> Array:
        """(N, 4, 4) world_from_node. local: (N, 4, 4), at rest or posed."""
        world = np.empty_like(local)
        for depth, level in enumerate(self.levels):
            above = world_from_file if depth == 0 else world[self.parents[level]]
            world[level] = above @ local[level]
        return world

    def below(self, node: int) -> frozenset[int]:
        """The node and all that hang on it."""
        found = {node}
        for level in self.levels:
            found.update(int(n) for n in level if int(self.parents[n]) in found)
        return frozenset(found)


def read_nodes(file: GltfFile) -> Nodes:
    nodes = file.document.nodes or []
    if len(nodes) > MOST_NODES:
        raise GltfError(f"{len(nodes)} nodes")
    parents = np.full(len(nodes), -1, np.int64)
    for number, node in enumerate(nodes):
        for child in node.children or []:
            if not 0 <= child < len(nodes) or parents[child] >= 0 or child == number:
                raise GltfError(f"node {child} as a child")
            parents[child] = number
    local = np.stack([_local(node) for node in nodes]) if nodes else np.zeros((0, 4, 4))
    levels = [np.flatnonzero(parents < 0)]
    while len(levels[-1]):
        levels.append(np.flatnonzero(np.isin(parents, levels[-1])))
    if sum(len(level) for level in levels) != len(nodes):
        raise GltfError("nodes that hang on themselves")
    scenes = file.document.scenes or []
    if scenes:
        shown = set(scenes[file.document.scene or 0].nodes or [])
        for level in levels:
            shown.update(int(n) for n in level if int(parents[n]) in shown)
    else:
        shown = set(range(len(nodes)))
    return Nodes(
        names=tuple(str(node.name or "") for node in nodes),
        parents=parents,
        local=local,
        levels=tuple(levels[:-1]),
        shown=frozenset(shown),
    )


def _local(node: object) -> Array:
    matrix = getattr(node, "matrix", None)
    if matrix:
        local = np.array(matrix, np.float64).reshape(4, 4).T
    else:
        local = np.eye(4)
        rotation = np.array(getattr(node, "rotation", None) or (0.0, 0.0, 0.0, 1.0), np.float64)
        length = float(np.linalg.norm(rotation))
        if length > 0.0:
            local[:3, :3] = matrix_from_quaternion(rotation / length)
        local[:3, :3] *= np.array(getattr(node, "scale", None) or (1.0, 1.0, 1.0), np.float64)
        local[:3, 3] = getattr(node, "translation", None) or (0.0, 0.0, 0.0)
    if not np.isfinite(local).all():
        raise GltfError("a node that is nowhere")
    return local
