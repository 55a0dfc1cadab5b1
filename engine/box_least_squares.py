"""Least squares with every unknown between 0 and 1, again and again for another aim.

Minimises ½ x'Hx - g'x. From one picture to the next hardly any unknown changes between "at 0",
"at 1" and "free", so each search starts from the last one's partition: block principal pivoting
(Júdice and Pires, A block principal pivoting algorithm for large-scale strictly monotone linear
complementarity problems, 1994; Kim and Park, Fast nonnegative matrix factorization, 2011). All
unknowns that break a condition change sides at once. Should that stop helping, Newton steps cut at
the bounds go on from there (Bertsekas, Projected Newton methods for optimization problems with
simple constraints, 1982): each is halved until it lowers the sum, so they cannot go in circles.

The result is the exact minimum. Only should MOST_STEPS be too few after a jump, it is the
lowest place in the box that they reached, and the next picture's search goes on from there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOLERANCE = 1e-9  # of x; of the slope, in units of H's largest diagonal element
PATIENCE = 3  # exchanges of all at once that may fail to leave fewer wrong ones
MOST_STEPS = 30  # cut at the bounds: about a millisecond; 5 are usual, 20 the most seen
MOST_HALVINGS = 10
MOST_EXCHANGES = 1000  # after which the rounding of all of them is left behind


class BoxLeastSquares:
    """Keeps the partition of the last solution, and H with x and Hx in exchanged roles for its
    free unknowns: it makes of a free one's slope its place, of a bound one's place its slope."""

    _exchanged: Array
    _free: NDArray[np.bool_]
    _exchanges: int

    def __init__(self, matrix: Array) -> None:
        """matrix: H (n, n), symmetric and positive definite."""
        self._matrix = np.ascontiguousarray(matrix, np.float64)
        self._slope_tolerance = TOLERANCE * float(matrix.diagonal().max())
        self._bound = np.zeros(len(matrix))  # 0 or 1; says nothing of the free ones
        self._forget()

    def solve(self, aim: Array) -> Array:
        """x (n,) for g = aim (n,)."""
        fewest, patience = len(aim) + 1, PATIENCE
        while True:
            free, bound = self._free, self._bound
            both = self._exchanged @ np.where(free, aim, bound)
            x = np.where(free, both, bound)
            # How far outside: a free one beyond a bound, a bound one whose slope pulls it inside.
            pull = (aim - both) * (1.0 - 2.0 * bound)
            wrong = np.where(
                free, np.abs(both - 0.5) > 0.5 + TOLERANCE, pull > self._slope_tolerance
            )
            places = wrong.nonzero()[0]
            if not len(places):
                return np.minimum(np.maximum(x, 0.0), 1.0)
            if len(places) < fewest:
                fewest, patience = len(places), PATIENCE
            elif patience:
                patience -= 1
            else:
                return self._go_down(np.minimum(np.maximum(x, 0.0), 1.0), aim)
            bound[places] = both[places] > 0.5  # of those that were free; the others are free now
            self._exchange(places)

    def _go_down(self, x: Array, aim: Array) -> Array:
        """Newton steps from x (n,), which lies in the box."""
        matrix, small = self._matrix, self._slope_tolerance
        moved = matrix @ x
        for _ in range(MOST_STEPS):
            slope = moved - aim
            free = np.where(x <= 0.0, slope < -small, (x < 1.0) | (slope > small))
            self._bound = np.round(x)
            self._exchange((free != self._free).nonzero()[0])
            there = np.where(free, self._exchanged @ np.where(free, aim, x), x)
            inside = np.minimum(np.maximum(there, 0.0), 1.0)
            cut = np.abs(there - inside).max() > TOLERANCE
            moved_there = matrix @ inside
            if cut:
                height = x @ (0.5 * moved - aim)
                step = 1.0
                for _ in range(MOST_HALVINGS):
                    if inside @ (0.5 * moved_there - aim) < height:
                        break
                    step /= 2
                    inside = np.minimum(np.maximum(x + step * (there - x), 0.0), 1.0)
                    moved_there = matrix @ inside
                else:
                    break  # no lower place but for rounding
            x, moved = inside, moved_there
            if not cut and self._is_lowest(x, moved - aim):
                break
        return x

    def _is_lowest(self, x: Array, slope: Array) -> bool:
        down = np.where(x <= 0.0, -slope, np.where(x >= 1.0, slope, 0.0))
        return bool(down.max() <= self._slope_tolerance)

    def _exchange(self, places: NDArray[np.intp]) -> None:
        """Free ones at these places become bound, bound ones free."""
        if not len(places):
            return
        self._free[places] = ~self._free[places]
        self._exchanges += 1
        if self._exchanges > MOST_EXCHANGES:
            free = self._free
            self._forget()
            places = free.nonzero()[0]
            self._free = free
        table = self._exchanged
        rows, columns = table[places], table[:, places]
        inverse = 1.0 / rows[:, places] if len(places) == 1 else np.linalg.inv(rows[:, places])
        columns = columns @ inverse
        table -= columns @ rows
        table[places] = -inverse @ rows
        table[:, places] = columns
        table[places[:, None], places] = inverse

    def _forget(self) -> None:
        self._exchanged = self._matrix.copy()
        self._free = np.zeros(len(self._matrix), bool)
        self._exchanges = 0
