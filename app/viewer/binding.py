"""Strands that ride on the mesh: points tied to triangles by barycentric coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.integer]


@dataclass(frozen=True, slots=True, eq=False)
class Anchors:
    """N places on the mesh. corners: (N, 3) vertices; bary: (N, 3), sums to one."""

    corners: Integers
    bary: Floats

    def interpolate(self, values: NDArray[np.floating]) -> Floats:
        """(N, C) of per-vertex values (V, C)."""
        result: Floats = (values[self.corners] * self.bary[..., None]).sum(axis=1)
        return result

    def take(self, rows: Integers) -> Anchors:
        return Anchors(self.corners[rows], self.bary[rows])

    def frames(self, positions: NDArray[np.floating], normals: NDArray[np.floating]) -> Floats:
        """(N, 3, 3): unit rows along the triangle's first edge, across it, along the normal.

        shaders/fringe.glsl builds the same frame from the posed mesh.
        """
        normal = _unit(self.interpolate(normals))
        edge = (positions[self.corners[:, 1]] - positions[self.corners[:, 0]]).astype(np.float64)
        edge = _unit(edge - normal * (edge * normal).sum(axis=1, keepdims=True))
        return np.stack([edge, np.cross(normal, edge), normal], axis=1)


def locate(points: Floats, triangles: Integers, coordinates: NDArray[np.floating]) -> Anchors:
    """Where the points (N, 2) lie among triangles laid out flat by per-vertex coordinates (V, 2).

    A point outside of all is put on the nearest triangle's border.
    """
    corner = coordinates[triangles].astype(np.float64)  # (T, 3, 2)
    origin, u, v = corner[:, 0], corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    usable = np.abs(area) > 1e-12
    triangles, area = triangles[usable], area[usable]
    origin, u, v = origin[usable], u[usable], v[usable]
    offset = points[:, None] - origin[None]  # (N, T, 2)
    second = (offset[..., 0] * v[:, 1] - offset[..., 1] * v[:, 0]) / area
    third = (u[:, 0] * offset[..., 1] - u[:, 1] * offset[..., 0]) / area
    bary = np.stack([1 - second - third, second, third], axis=-1)
    chosen = bary.min(axis=-1).argmax(axis=1)
    best = np.clip(np.take_along_axis(bary, chosen[:, None, None], axis=1)[:, 0], 0.0, None)
    return Anchors(triangles[chosen], best / best.sum(axis=1, keepdims=True))


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Floats = vectors / np.maximum(length, 1e-12)
    return unit
