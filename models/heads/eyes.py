"""Eyeballs are spheres: fitting them, keeping the lids off them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.heads.subdivision import Floats


def sphere_through(points: NDArray[np.floating]) -> tuple[NDArray[np.float64], float]:
    """Centre (3,) and radius of the sphere that fits points (n, 3) best."""
    exact = points.astype(np.float64)
    design = np.column_stack([2 * exact, np.ones(len(exact))])
    solution = np.linalg.lstsq(design, (exact**2).sum(axis=1), rcond=None)[0]
    center = solution[:3]
    return center, float(np.sqrt(solution[3] + center @ center))


def pushed_off_eyes(vertices: Floats, eye_centers: Floats, clearance: Floats) -> Floats:
    """(V, 3): vertices nearer to their eye's centre than `clearance` (V,) moved out to it.

    Targets move lids on straight lines, which would cut the eyeball half-way through a blink.
    """
    pushed = vertices.copy()
    lids = np.flatnonzero(clearance)
    center = eye_centers[np.where(vertices[lids, 0] > 0, 0, 1)]
    ray = vertices[lids] - center
    distance = np.linalg.norm(ray, axis=1)
    scale = np.maximum(clearance[lids] / np.maximum(distance, 1e-6), 1.0)
    pushed[lids] = center + ray * scale[:, None]
    return pushed
