"""Morph targets kept sparse: only the vertices that a target moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.heads.subdivision import Floats, Integers, Stencil


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Sparse morph targets, one after another.

    Target t moves vertex `vertices[k]` by weight * `deltas[k]` (3,) metres for k in
    starts[t]..starts[t + 1].
    """

    names: tuple[str, ...]
    starts: Integers
    vertices: Integers
    deltas: Floats

    def blend(self, weights: NDArray[np.floating], vertex_count: int) -> Floats:
        """(vertex_count, 3) metres: the sum of all targets at these weights (T,)."""
        each = np.repeat(weights, np.diff(self.starts))
        blended = np.empty((vertex_count, 3), np.float32)
        for axis in range(3):
            blended[:, axis] = np.bincount(
                self.vertices, each * self.deltas[:, axis], minlength=vertex_count
            )
        return blended

    def subdivided(self, transposed: Stencil, row_count: int) -> Targets:
        """Every offset of a cage vertex spread over the smooth vertices that it has a part in.

        `transposed`: for each cage vertex the smooth ones, out of `row_count`, and its weights.
        """
        starts, rows, shares = transposed.row_starts, transposed.columns, transposed.weights
        counts = np.diff(starts)[self.vertices]
        entries = np.repeat(starts[self.vertices], counts) + _within(counts)
        target = np.repeat(np.arange(len(self.names)), np.diff(self.starts))
        places = np.repeat(target * row_count, counts) + rows[entries]
        used = np.flatnonzero(np.bincount(places))
        deltas = np.empty((len(used), 3), np.float32)
        for axis in range(3):
            moved = np.repeat(self.deltas[:, axis], counts) * shares[entries]
            deltas[:, axis] = np.bincount(places, moved)[used]
        ends = np.arange(len(self.names) + 1) * row_count
        return Targets(
            self.names,
            np.searchsorted(used, ends).astype(np.int32),
            (used % row_count).astype(np.int32),
            deltas,
        )


def _within(counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """0, 1, … counts[0] - 1, 0, 1, … counts[1] - 1, …"""
    ends = np.cumsum(counts)
    within: NDArray[np.int64] = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
    return within
