"""All meshes of a file as one: vertices, triangles by material, morph targets.

Every vertex is skinned: one of a mesh without skin hangs on its node with the weight 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Vertices:
    """positions, normals: (V, 3) of the mesh, before skinning. coordinates: (V, 4) two pairs s, t.

    colors: (V, 4) linear, 1 where a mesh has none. joints: (V, 4) rows of Joints; weights: (V, 4),
    their sum is 1.
    """

    positions: Floats
    normals: Floats
    coordinates: Floats
    colors: Floats
    joints: NDArray[np.int32]
    weights: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Joints:
    """nodes: (J,) on which they hang. inverse: (J, 4, 4) node_from_mesh at rest."""

    nodes: NDArray[np.int64]
    inverse: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """Triangles of one material: `count` entries of the indices from `first`. mesh: of the file.

    material: of the file; None: glTF's default.
    """

    first: int
    count: int
    material: int | None
    mesh: int
    node: int


@dataclass(frozen=True, slots=True, eq=False)
class Offsets:
    """M moves of single vertices, in the order of vertices: by `positions` (M, 3) and `normals`
    (M, 3) where the morph target `targets` (M,) has the weight 1."""

    vertices: NDArray[np.int64]
    targets: NDArray[np.int64]
    positions: Floats
    normals: Floats

    def renumbered(self, targets: NDArray[np.bool_]) -> Offsets:
        """Of these morph targets alone. targets: (T,) which are kept."""
        kept = targets[self.targets]
        number = np.cumsum(targets) - 1
        return Offsets(
            self.vertices[kept],
            number[self.targets[kept]],
            self.positions[kept],
            self.normals[kept],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Meshes:
    """indices: of vertices, three a triangle, counter-clockwise seen from outside."""

    vertices: Vertices
    indices: NDArray[np.uint32]
    parts: tuple[Part, ...]
    joints: Joints
