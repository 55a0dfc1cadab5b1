from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from engine.box_least_squares import BoxLeastSquares

Array = NDArray[np.float64]


def definite(random: np.random.Generator, count: int) -> Array:
    columns = random.normal(size=(2 * count, count)) * random.uniform(0.2, 2.0, count)
    matrix: Array = columns.T @ columns + 0.01 * np.eye(count)
    return matrix


def cost(matrix: Array, aim: Array, x: Array) -> float:
    return float(0.5 * x @ matrix @ x - aim @ x)


def by_trying_all(matrix: Array, aim: Array) -> Array:
    """The best of all partitions into at 0, at 1 and free: 3^n small systems."""
    count, best = len(aim), np.zeros(len(aim))
    for sides in product((0.0, 1.0, None), repeat=count):
        free = np.array([side is None for side in sides])
        x = np.array([side or 0.0 for side in sides])
        if free.any():
            x[free] = np.linalg.solve(matrix[np.ix_(free, free)], (aim - matrix @ x)[free])
        if (x >= 0).all() and (x <= 1).all() and cost(matrix, aim, x) < cost(matrix, aim, best):
            best = x
    return best


def test_the_solution_is_the_best_of_all_partitions(random: np.random.Generator) -> None:
    for _ in range(20):
        matrix = definite(random, 5)
        aim = random.normal(size=5) * 10
        np.testing.assert_allclose(
            BoxLeastSquares(matrix).solve(aim), by_trying_all(matrix, aim), atol=1e-9
        )


def test_no_slope_leads_down_inside_the_box(random: np.random.Generator) -> None:
    matrix = definite(random, 43)
    search = BoxLeastSquares(matrix)
    for _ in range(300):
        aim = matrix @ random.normal(0.3, 1.0, 43)
        x = search.solve(aim)
        slope = matrix @ x - aim
        assert ((x >= 0) & (x <= 1)).all()
        assert (np.abs(slope[(x > 0) & (x < 1)]) < 1e-6).all()
        assert (slope[x == 0] > -1e-6).all()
        assert (slope[x == 1] < 1e-6).all()


def test_where_the_last_search_ended_changes_nothing(random: np.random.Generator) -> None:
    matrix = definite(random, 43)
    warm = BoxLeastSquares(matrix)
    for _ in range(50):
        aim = matrix @ random.normal(0.3, 1.0, 43)
        np.testing.assert_allclose(warm.solve(aim), BoxLeastSquares(matrix).solve(aim), atol=1e-8)


def test_everything_may_lie_at_a_bound(random: np.random.Generator) -> None:
    matrix = definite(random, 8)
    search = BoxLeastSquares(matrix)
    assert (search.solve(np.full(8, -1e3)) == 0).all()
    assert (search.solve(matrix @ np.full(8, 1.0) + 1e3) == 1).all()


class Counting(BoxLeastSquares):
    """Counts what costs time: how often unknowns are freed or bound."""

    count = 0

    def _exchange(self, places: NDArray[np.intp]) -> None:
        self.count += 1
        super()._exchange(places)


def nearly_dependent(random: np.random.Generator) -> Array:
    """H of 43 movements that 20 patterns nearly tell: exchanges of all at once go in circles."""
    factors = random.normal(size=(20, 43))
    return np.asarray(factors.T @ factors + 0.01 * np.eye(43), np.float64)


def test_a_jump_to_any_other_aim_takes_few_exchanges_and_ends_at_the_lowest_place() -> None:
    random = np.random.default_rng(1)
    matrix = nearly_dependent(random)
    search = Counting(matrix)
    counts = []
    for _ in range(300):
        aim = matrix @ random.normal(0.3, 1.0, 43)
        before = search.count
        x = search.solve(aim)
        counts.append(search.count - before)
        slope = matrix @ x - aim
        down = np.where(x == 0, -slope, np.where(x == 1, slope, np.abs(slope)))
        assert down.max() < 1e-6 * matrix.diagonal().max()
    assert max(counts) <= 25
