"""A smooth bending of space: offsets as sums of Gaussians about chosen points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WIDTHS = (0.06, 0.025, 0.012)  # m; the wider, the stronger


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """Moves a point by kernel(point, centers) @ strengths. centers, strengths: (C, 3)."""

    centers: Array
    strengths: Array

    def of(self, points: Array) -> Array:
        """(N, 3) from (N, 3)."""
        moved: Array = points + kernel(points, self.centers) @ self.strengths
        return moved


@dataclass(frozen=True, slots=True, eq=False)
class Pulls:
    """What a warp is fitted to: N points, each drawn by its offset (N, 3).

    weights: (N,). normals: (N, 3), or None. With them an offset counts along its normal, and only
    `sideways` of its weight across it.
    """

    points: Array
    offsets: Array
    weights: Array
    normals: Array | None = None
    sideways: float = 1.0


def kernel(points: Array, centers: Array) -> Array:
    """(N, C)"""
    squares = squared_distances(points, centers)
    summed: Array = np.zeros_like(squares)
    for width in WIDTHS:
        summed += np.exp(squares / (-2.0 * width * width)) * (width / sum(WIDTHS))
    return summed


def fitted_warp(centers: Array, pulls: tuple[Pulls, ...], stiffness: float) -> Warp:
    """The warp that follows all pulls best and bends little: regularised least squares."""
    count = len(centers)
    between = kernel(centers, centers)
    matrix = np.kron(np.eye(3), stiffness * between)
    aim = np.zeros(3 * count)
    for pull in pulls:
        near = kernel(pull.points, centers)
        for i in range(3):
            rows = slice(i * count, (i + 1) * count)
            along = pull.weights * pull.sideways * pull.offsets[:, i]
            if pull.normals is not None:
                height = (pull.normals * pull.offsets).sum(axis=1)
                along = along + pull.weights * (1 - pull.sideways) * height * pull.normals[:, i]
            aim[rows] += near.T @ along
            for j in range(i, 3):
                columns = slice(j * count, (j + 1) * count)
                weights = pull.weights * (pull.sideways if i == j else 0.0)
                if pull.normals is not None:
                    flat = pull.normals[:, i] * pull.normals[:, j]
                    weights = weights + pull.weights * (1 - pull.sideways) * flat
                elif i != j:
                    continue
                block = (near * weights[:, None]).T @ near
                matrix[rows, columns] += block
                if j > i:
                    matrix[columns, rows] += block
    matrix += 1e-10 * np.trace(matrix) / len(matrix) * np.eye(len(matrix))
    strengths = np.linalg.solve(matrix, aim).reshape(3, count).T
    return Warp(centers, strengths)


def squared_distances(points: Array, others: Array) -> Array:
    """(N, M)"""
    squares: Array = (points**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)
    squares -= 2.0 * points @ others.T
    return np.maximum(squares, 0.0)


def spread_points(points: Array, count: int) -> NDArray[np.intp]:
    """Numbers of `count` points that lie far from each other: each the farthest from those before.

    Begins with the first point; fewer where there are fewer.
    """
    chosen = [0]
    distances = ((points - points[0]) ** 2).sum(axis=1)
    for _ in range(min(count, len(points)) - 1):
        chosen.append(int(distances.argmax()))
        distances = np.minimum(distances, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return np.array(chosen)
