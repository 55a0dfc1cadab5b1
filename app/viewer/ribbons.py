"""Strands to ribbons: two vertices a point, two triangles between neighbouring points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def ribbon_indices(strand_count: int, point_count: int, step: int = 1) -> NDArray[np.int32]:
    """(strands * (points - 1) / step * 2, 3) for vertices in the order strand, point, side.

    step: 2 leaves out every second point; it divides point_count - 1.
    """
    first = 2 * np.arange(0, point_count - 1, step)
    second = first + 2 * step
    ladder = np.concatenate(
        [np.stack([first, first + 1, second], 1), np.stack([second, first + 1, second + 1], 1)]
    )
    start = 2 * point_count * np.arange(strand_count)
    indices: NDArray[np.int32] = (start[:, None, None] + ladder[None]).astype(np.int32)
    return indices.reshape(-1, 3)


def both_sides(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """(S, K, C) per point to (S * K * 2, C) per vertex."""
    doubled = np.repeat(values.reshape(-1, values.shape[-1]), 2, axis=0)
    return doubled.astype(np.float32)


def tangents_of(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """(S, K, 3) unit tangents of strands (S, K, 3)."""
    tangents: NDArray[np.float64] = np.gradient(points.astype(np.float64), axis=1)
    tangents /= np.maximum(np.linalg.norm(tangents, axis=-1, keepdims=True), 1e-12)
    return tangents
