"""Quads as triangles, and the normals of a mesh: plain arithmetic that drawing and files share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.integer]


def triangles_of(quads: Integers) -> Integers:
    """(2 Q, 3)"""
    return np.ascontiguousarray(quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3))


def vertex_normals(positions: NDArray[np.floating], quads: Integers) -> Floats:
    """(V, 3) unit; the mean over the quads round a vertex, weighted by their area."""
    corner = positions[quads].astype(np.float64)
    face = np.cross(corner[:, 2] - corner[:, 0], corner[:, 3] - corner[:, 1])
    index = quads.ravel()
    total = np.stack(
        [np.bincount(index, np.repeat(face[:, axis], 4), len(positions)) for axis in range(3)],
        axis=1,
    ).astype(np.float64)
    unit: Floats = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    return unit
