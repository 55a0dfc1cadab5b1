"""How much of the sky each vertex sees: ambient occlusion from many depth maps.

Surfaces are sampled by points; from each direction the nearest point of every cell of a grid is
kept, and a vertex sees that direction if it is not behind.
"""

from __future__ import annotations

import numpy as np

from benchmarks.free_head.piece import vertex_normals
from benchmarks.free_head.wheel import Array, Indices

DIRECTIONS = 160
CELL = 0.0011  # metres
LIFT = 0.0016  # metres a vertex is raised along its normal, against its own surface
SLACK = 0.0020


def sky_share(positions: Array, quads: Indices) -> Array:
    """(n,) 0..1: the cosine-weighted share of the sky that each vertex sees."""
    normals = vertex_normals(positions, quads)
    corners = positions[quads]
    grid = (np.arange(4) + 0.5) / 4
    points = np.concatenate(
        [
            (1 - u) * (1 - v) * corners[:, 0]
            + u * (1 - v) * corners[:, 1]
            + u * v * corners[:, 2]
            + (1 - u) * v * corners[:, 3]
            for u in grid
            for v in grid
        ]
    )
    raised = positions + normals * LIFT
    seen = np.zeros(len(positions))
    total = np.zeros(len(positions))
    for direction in _sphere(DIRECTIONS):
        cosine = (normals @ direction).clip(0)
        right = np.cross(direction, [0.3, 1.0, 0.2])
        right /= np.linalg.norm(right)
        frame = np.column_stack([right, np.cross(direction, right)])
        low = (points @ frame).min(axis=0)
        cells = ((points @ frame - low) / CELL).astype(np.int64)
        width = int(cells[:, 0].max()) + 1
        nearest = np.full(width * (int(cells[:, 1].max()) + 1), -np.inf)
        np.maximum.at(nearest, cells[:, 0] + width * cells[:, 1], points @ direction)
        mine = ((raised @ frame - low) / CELL).astype(np.int64)
        mine = np.clip(mine, 0, cells.max(axis=0))
        visible = raised @ direction >= nearest[mine[:, 0] + width * mine[:, 1]] - SLACK
        seen += cosine * visible
        total += cosine
    return np.asarray(seen / np.maximum(total, 1e-9))


def _sphere(count: int) -> Array:
    """(count, 3) unit vectors spread evenly (Fibonacci spiral)."""
    step = np.arange(count) + 0.5
    height = 1 - 2 * step / count
    turn = np.pi * (1 + 5**0.5) * step
    ring = np.sqrt(1 - height**2)
    return np.column_stack([np.cos(turn) * ring, height, np.sin(turn) * ring])
