"""Least squares with every unknown between 0 and 1, solved exactly, again and again.

Minimises ½ x'Hx - g'x. From one picture to the next hardly any unknown changes between "at 0",
"at 1" and "free", so each search starts from the last one's partition: block principal pivoting
(Júdice and Pires, A block principal pivoting algorithm for large-scale strictly monotone linear
complementarity problems, 1994; Kim and Park, Fast nonnegative matrix factorization, 2011). All
unknowns that break a condition change sides at once; should that stop helping, only the last of
them does (Murty's rule), which always ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOLERANCE = 1e-9  # of x; of the slope, in units of H's largest diagonal element
PATIENCE = 3  # exchanges of all at once that may fail to leave fewer wrong ones
MOST_EXCHANGES = 1000  # some ten are usual after a jump; rounding must not hold up a picture


class BoxLeastSquares:
    """Keeps the partition of the last solution, and the inverse of H over its free unknowns."""

    def __init__(self, matrix: Array) -> None:
        """matrix: H (n, n), symmetric and positive definite."""
        count = len(matrix)
        self._matrix = np.ascontiguousarray(matrix, np.float64)
        self._slope_tolerance = TOLERANCE * float(matrix.diagonal().max())
        self._at_one = np.zeros(count, bool)
        self._free: NDArray[np.intp] = np.empty(0, np.intp)
        self._inverse: Array = np.empty((0, 0))

    def solve(self, aim: Array) -> Array:
        """x (n,) for g = aim (n,)."""
        matrix = self._matrix
        fewest, patience = len(matrix) + 1, PATIENCE
        for _ in range(MOST_EXCHANGES):
            x = self._at_one.astype(np.float64)
            free = self._free
            if len(free):
                x[free] = self._inverse @ (aim - matrix @ x)[free]
            slope = matrix @ x - aim
            slope[free] = 0.0
            below = x < -TOLERANCE
            above = x > 1.0 + TOLERANCE
            pulled_in = np.where(self._at_one, slope, -slope) > self._slope_tolerance
            wrong = below | above | pulled_in
            places = wrong.nonzero()[0]
            if not len(places):
                break
            if len(places) < fewest:
                fewest, patience = len(places), PATIENCE
            elif patience:
                patience -= 1
            else:
                places = places[-1:]
            self._exchange(places, above, pulled_in)
        return np.minimum(np.maximum(x, 0.0), 1.0)

    def _exchange(
        self, places: NDArray[np.intp], above: NDArray[np.bool_], pulled_in: NDArray[np.bool_]
    ) -> None:
        is_free = np.zeros(len(above), bool)
        is_free[self._free] = True
        is_free[places] = pulled_in[places]
        self._at_one[places] = above[places]
        self._free = is_free.nonzero()[0]
        among_free = self._matrix[self._free[:, None], self._free]
        self._inverse = np.asarray(np.linalg.inv(among_free), np.float64)
