"""The nearest place on a mesh that faces the same way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.heads.surface_points import SurfacePoints

Array = NDArray[np.float64]
Integers = NDArray[np.integer]

ROWS = 256  # points at a time, so that little memory is needed


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """For each of N points: places, numbered among the mesh's triangles; points: where these lie;
    normals: of their triangles; distances (N,) m; agreement (N,) of the normals: 1 the same, -1
    opposite."""

    places: SurfacePoints
    points: Array
    normals: Array
    distances: Array
    agreement: Array


class Surface:
    """Some triangles of a mesh, ready to be searched."""

    def __init__(
        self, vertices: Array, triangles: Integers, chosen: Integers, *, turn: float
    ) -> None:
        """turn: metres that count as much as normals which differ by 1."""
        self._turn = turn
        used, corner_rows = np.unique(triangles[chosen], return_inverse=True)
        corner_rows = corner_rows.reshape(-1, 3)
        self._chosen = np.asarray(chosen)
        self._corners = vertices[used][corner_rows]
        a, b, c = (self._corners[:, i] for i in range(3))
        normals = np.cross(b - a, c - a)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
        self._normals = normals
        self._round_vertex = _triangles_round(corner_rows, len(used))
        self._middle = vertices[used].mean(axis=0)  # small numbers: float32 is exact enough
        described = np.concatenate(
            [vertices[used] - self._middle, turn * normals[self._round_vertex].mean(axis=1)], axis=1
        )
        self._described = described.astype(np.float32)
        self._squares = (self._described**2).sum(axis=1)

    def nearest(self, points: Array, normals: Array) -> Nearest:
        """To points (N, 3) with unit normals: among the triangles round the nearest vertex."""
        found = np.empty(len(points), np.int64)
        barycentric, places = np.empty((len(points), 3)), np.empty((len(points), 3))
        distances, agreement = np.empty(len(points)), np.empty(len(points))
        for first in range(0, len(points), ROWS):
            rows = slice(first, first + ROWS)
            asked = np.concatenate(
                [points[rows] - self._middle, self._turn * normals[rows]], axis=1
            )
            nearness = self._squares - 2.0 * asked.astype(np.float32) @ self._described.T
            near = self._round_vertex[nearness.argmin(axis=1)]
            shares = _closest_in_triangles(points[rows][:, None], self._corners[near])
            lying = np.einsum("nkc,nkcx->nkx", shares, self._corners[near])
            gaps = ((lying - points[rows][:, None]) ** 2).sum(axis=2)
            same = np.einsum("nx,nkx->nk", normals[rows], self._normals[near])
            best = (gaps + self._turn**2 * 2.0 * (1.0 - same)).argmin(axis=1)
            each = np.arange(len(best))
            found[rows] = near[each, best]
            barycentric[rows], places[rows] = shares[each, best], lying[each, best]
            distances[rows], agreement[rows] = np.sqrt(gaps[each, best]), same[each, best]
        return Nearest(
            SurfacePoints(self._chosen[found], barycentric),
            places,
            self._normals[found],
            distances,
            agreement,
        )


def _triangles_round(triangles: Integers, vertex_count: int) -> Integers:
    """(vertex_count, K): the triangles round each vertex; where they are fewer, the first again."""
    owner = np.repeat(np.arange(len(triangles)), 3)
    order = np.argsort(triangles.ravel(), kind="stable")
    counts = np.bincount(triangles.ravel(), minlength=vertex_count)
    starts = np.cumsum(counts) - counts
    places = np.arange(counts.max())
    row = np.where(places < counts[:, None], starts[:, None] + places, starts[:, None])
    return np.asarray(owner[order][row])


def _closest_in_triangles(points: Array, corners: Array) -> Array:
    """(..., 3) barycentric: the nearest place in triangles (..., 3, 3) to points (..., 3)."""
    a, b, c = (corners[..., i, :] for i in range(3))
    ab, ac, ap = b - a, c - a, points - a
    bb, bc, cc = (ab * ab).sum(-1), (ab * ac).sum(-1), (ac * ac).sum(-1)
    pb, pc = (ap * ab).sum(-1), (ap * ac).sum(-1)
    area = np.maximum(bb * cc - bc * bc, 1e-18)
    s, t = (cc * pb - bc * pc) / area, (bb * pc - bc * pb) / area
    zero = np.zeros_like(s)
    on_ab = np.clip(pb / np.maximum(bb, 1e-18), 0.0, 1.0)
    on_ac = np.clip(pc / np.maximum(cc, 1e-18), 0.0, 1.0)
    edge = c - b
    on_bc = np.clip(
        ((points - b) * edge).sum(-1) / np.maximum((edge * edge).sum(-1), 1e-18), 0.0, 1.0
    )
    candidates = np.stack(
        [
            np.stack([1 - s - t, s, t], axis=-1),
            np.stack([1 - on_ab, on_ab, zero], axis=-1),
            np.stack([1 - on_ac, zero, on_ac], axis=-1),
            np.stack([zero, 1 - on_bc, on_bc], axis=-1),
        ],
        axis=-2,
    )
    places = np.einsum("...kc,...cx->...kx", candidates, corners)
    gaps = ((places - points[..., None, :]) ** 2).sum(axis=-1)
    gaps[..., 0] = np.where((s >= 0) & (t >= 0) & (s + t <= 1), gaps[..., 0], np.inf)
    best = gaps.argmin(axis=-1)
    return np.asarray(np.take_along_axis(candidates, best[..., None, None], axis=-2)[..., 0, :])
