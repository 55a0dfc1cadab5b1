"""The nearest place on a mesh that faces the same way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.heads.surface_points import SurfacePoints

Array = NDArray[np.float64]
Integers = NDArray[np.integer]

TURN = 0.004  # m that count as much as two normals a unit apart
CANDIDATES = 12  # triangles that are measured exactly for each point
ROWS = 256  # points at a time, so that little memory is needed


def closest_places(
    points: Array, normals: Array, vertices: Array, triangles: Integers, chosen: Integers
) -> tuple[SurfacePoints, Array, Array]:
    """Where points (N, 3) with unit normals (N, 3) lie nearest to the `chosen` triangles.

    Gives the places, numbered among all triangles; their distances (N,) m; and how far the normals
    agree (N,): 1 the same, -1 opposite.
    """
    corners = vertices[triangles[chosen]]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing /= np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-15)
    described = np.concatenate([corners.mean(axis=1), TURN * facing], axis=1)
    squares = (described**2).sum(axis=1)
    found = np.empty(len(points), np.int64)
    barycentric = np.empty((len(points), 3))
    distances, agreement = np.empty(len(points)), np.empty(len(points))
    for first in range(0, len(points), ROWS):
        rows = slice(first, first + ROWS)
        asked = np.concatenate([points[rows], TURN * normals[rows]], axis=1)
        nearness = squares - 2.0 * asked @ described.T
        count = min(CANDIDATES, len(chosen))
        near = np.argpartition(nearness, count - 1, axis=1)[:, :count]
        shares = _closest_in_triangles(points[rows][:, None], corners[near])
        places = np.einsum("nkc,nkcx->nkx", shares, corners[near])
        gap = ((places - points[rows][:, None]) ** 2).sum(axis=2)
        same = np.einsum("nx,nkx->nk", normals[rows], facing[near])
        best = (gap + TURN**2 * 2.0 * (1.0 - same)).argmin(axis=1)
        each = np.arange(len(best))
        found[rows] = near[each, best]
        barycentric[rows] = shares[each, best]
        distances[rows] = np.sqrt(gap[each, best])
        agreement[rows] = same[each, best]
    return SurfacePoints(np.asarray(chosen)[found], barycentric), distances, agreement


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
