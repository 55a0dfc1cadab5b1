"""A piece of the head: some quads whose vertices follow the MakeHuman mesh linearly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.free_head.wheel import VERTEX_COUNT, Array, Indices


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """n vertices. `matrix` (n, 19158) carries positions and offsets of the whole mesh here."""

    name: str
    quads: Indices  # (q, 4) into this piece's own vertices
    positions: Array  # (n, 3) metres
    matrix: sparse.csr_matrix
    turns: Array | None = None  # (n, 3, 3) applied to carried offsets; None: as they are

    def carry(self, offsets: Array) -> Array:
        """(n, 3): how this piece moves when the whole mesh moves by `offsets` (19158, 3)."""
        carried: Array = self.matrix @ offsets
        if self.turns is not None:
            carried = np.einsum("nij,nj->ni", self.turns, carried)
        return carried


def taken(name: str, quads: Indices, positions: Array) -> Piece:
    """A piece made of the mesh's own vertices, those that `quads` use, in their order."""
    used = np.unique(quads)
    renumbered = np.full(VERTEX_COUNT, -1)
    renumbered[used] = np.arange(len(used))
    return Piece(name, renumbered[quads], positions[used], rows_of(used))


def rows_of(vertices: Indices) -> sparse.csr_matrix:
    """(n, 19158) matrix that takes these vertices."""
    count = len(vertices)
    return sparse.csr_matrix(
        (np.ones(count), (np.arange(count), vertices)), shape=(count, VERTEX_COUNT)
    )


def vertex_normals(positions: Array, quads: NDArray[np.integer]) -> Array:
    """(n, 3) unit normals, area weighted; zero where no quad is."""
    across = positions[quads[:, 2]] - positions[quads[:, 0]]
    other = positions[quads[:, 3]] - positions[quads[:, 1]]
    facing = np.cross(across, other)
    normals = np.zeros_like(positions)
    for corner in range(4):
        np.add.at(normals, quads[:, corner], facing)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.maximum(lengths, 1e-12))
