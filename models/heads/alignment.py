"""Laying one set of points on another as a whole: turned, sized and moved, not bent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Similarity:
    """size · turn · point + shift."""

    size: float
    turn: Array  # (3, 3)
    shift: Array  # (3,)

    def of(self, points: Array) -> Array:
        """(N, 3) from (N, 3)."""
        moved: Array = self.size * points @ self.turn.T + self.shift
        return moved


def similarity(points: Array, targets: Array, weights: Array | None = None) -> Similarity:
    """The best one, by weighted least squares, that takes points (N, 3) to targets (N, 3).

    Umeyama, Least-squares estimation of transformation parameters between two point patterns, 1991.
    """
    share = np.full(len(points), 1.0) if weights is None else weights
    share = share / share.sum()
    center, target_center = share @ points, share @ targets
    away, target_away = points - center, targets - target_center
    left, stretch, right = np.linalg.svd((target_away * share[:, None]).T @ away)
    proper = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    turn = (left * proper) @ right
    size = float(stretch @ proper) / float(share @ (away**2).sum(axis=1))
    return Similarity(size, turn, target_center - size * turn @ center)
