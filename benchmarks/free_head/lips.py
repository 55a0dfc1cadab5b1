"""Brings the lips together where they should touch.

The gap along the mouth is measured on the subdivided surface, because rounding draws the lips
apart, in upright slices from one corner of the mouth to the other; then the vertices round the
seam are moved by it. What is upper and what is lower lip is told by how far jawOpen drops it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.free_head.wheel import VERTEX_COUNT, Array, Wheel
from models.heads.subdivision import catmull_clark

OVERLAP = 0.00045  # metres that closed lips share, so that no light falls through
CORNER = np.array([0.0245, -0.0724, 0.0218])  # of the average mouth, on the person's left
SLICES = 31
REACH = 0.004  # metres above and below the seam over which the correction fades
ROUNDS = 5


class Lips:
    """The mouth of the average head at rest, `positions` (19158, 3) metres with its jawOpen."""

    def __init__(self, wheel: Wheel, positions: Array, jaw_open: Array) -> None:
        quads = wheel.quads_of("body").astype(np.int32)
        self._near = _near_seam(positions)
        self._stencil, smooth = catmull_clark(quads[self._near[quads].any(axis=1)], VERTEX_COUNT)
        edges = np.stack([smooth, np.roll(smooth, -1, axis=1)], axis=-1).reshape(-1, 2)
        surface = self._smooth(positions)
        self._edges = edges[_near_seam(surface)[edges].all(axis=1)]
        self._drop = self._smooth(jaw_open)[:, 1]
        corners = [CORNER, CORNER * [-1, 1, 1]]
        self._corners = [np.linalg.norm(positions - corner, axis=1).argmin() for corner in corners]
        columns, _, _, halves = self._slices(positions)
        self._falls = jaw_open[:, 1] < np.interp(positions[:, 0], columns, halves)

    def closed(self, positions: Array, lower_share: float = 0.5, *, part: bool = False) -> Array:
        """Positions with the lips touching; the lower lip goes `lower_share` of the way.

        Lips that overlap are left alone, unless `part`.
        """
        closed = positions.copy()
        share = np.where(self._falls, lower_share, lower_share - 1)
        for _ in range(ROUNDS):
            columns, upper, lower, _ = self._slices(closed)
            gaps = upper - lower + OVERLAP
            if not part:
                gaps = gaps.clip(min=0)
            right, left = closed[self._corners[1], 0], closed[self._corners[0], 0]
            x, y, _ = closed.T
            gap = np.interp(x, [right, *columns, left], [0, *gaps, 0], left=0, right=0)
            seam = np.interp(x, columns, (upper + lower) / 2)
            weight = np.exp(-(((y - seam) / REACH) ** 2)) * self._near
            closed[:, 1] += share * gap * weight
        return closed

    def gap(self, positions: Array) -> float:
        """Metres: the widest opening between the lips; negative where they overlap all along."""
        _, upper, lower, _ = self._slices(positions)
        return float((upper - lower).max())

    def _slices(self, positions: Array) -> tuple[Array, Array, Array, Array]:
        """x of the slices, the upper lip's lowest y, the lower lip's highest, and the half drop."""
        surface = self._smooth(positions)
        left, right = (positions[corner, 0] for corner in self._corners)
        columns = np.linspace(right, left, SLICES + 2)[1:-1] + 1e-6
        start, end = surface[self._edges[:, 0]], surface[self._edges[:, 1]]
        rows = []
        for column in columns:
            crosses = np.flatnonzero((start[:, 0] < column) != (end[:, 0] < column))
            a, b = start[crosses], end[crosses]
            share = (column - a[:, 0]) / (b[:, 0] - a[:, 0])
            height = a[:, 1] + share * (b[:, 1] - a[:, 1])
            drop_a, drop_b = (self._drop[self._edges[crosses, end_]] for end_ in (0, 1))
            drop = drop_a + share * (drop_b - drop_a)
            half = (drop.min() + drop.max()) / 2
            rows.append((height[drop > half].min(), height[drop <= half].max(), half))
        upper, lower, halves = np.array(rows).T
        return columns, upper, lower, halves

    def _smooth(self, values: Array) -> Array:
        return self._stencil.apply(values.astype(np.float32)).astype(np.float64)


def _near_seam(positions: Array) -> NDArray[np.bool_]:
    """Which vertices lie round the closed average mouth: lips and what is right behind them."""
    x, y, z = positions.T
    return np.asarray((np.abs(x) < 0.028) & (np.abs(y + 0.072) < 0.012) & (z > 0.012))
