"""Skin, eyeballs, tongue and lashes: the parts of MakeHuman's mesh that are used as they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import shortest_path

from benchmarks.free_head.average import Average
from benchmarks.free_head.piece import Piece, taken
from benchmarks.free_head.wheel import BODY_COUNT, Array, Indices, Wheel
from models.heads.eyes import sphere_through

UNDER_COLLAR = 0.020  # metres of skin that reach below the rim of the collar
LASHES = {  # MakeHuman's number of a strip: 1 lower lid, 2 upper lid
    "lash_upper_left": "helper-l-eyelashes-2",
    "lash_lower_left": "helper-l-eyelashes-1",
    "lash_upper_right": "helper-r-eyelashes-2",
    "lash_lower_right": "helper-r-eyelashes-1",
}
LASH_ROWS = 5  # vertices of a lash strip from root to tip


@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    center: Array  # (3,) metres
    radius: float


def make_skin(wheel: Wheel, average: Average, rim: Array) -> Piece:
    """Head, neck and mouth cavity, down to just under the collar's rim (n, 3)."""
    positions = average.positions
    middle = rim.mean(axis=0)
    rim_angle = np.arctan2(rim[:, 0], rim[:, 2] - middle[2])
    order = np.argsort(rim_angle)
    offset = positions - middle
    angle = np.arctan2(offset[:, 0], offset[:, 2])
    height, reach = (
        np.interp(angle, rim_angle[order], values[order], period=2 * np.pi)
        for values in (rim[:, 1], np.hypot(rim[:, 0], rim[:, 2] - middle[2]))
    )
    inside = np.hypot(offset[:, 0], offset[:, 2]) < reach + 0.03
    kept = (positions[:, 1] > height - UNDER_COLLAR) & (inside | (positions[:, 1] > -0.12))
    kept[BODY_COUNT:] = False
    quads = wheel.quads_of("body")
    return taken("skin", quads[kept[quads].all(axis=1)], positions)


def make_tongue(wheel: Wheel, average: Average) -> Piece:
    return taken("tongue", wheel.quads_of("helper-tongue"), average.positions)


def make_eye(wheel: Wheel, average: Average, side: str) -> tuple[Piece, Ball]:
    """The eyeball, moved onto the sphere that fits it best. `side` is left or right."""
    piece = taken("eye_" + side, wheel.quads_of(f"helper-{side[0]}-eye"), average.positions)
    ball = Ball(*sphere_through(piece.positions))
    center = ball.center
    ray = piece.positions - center
    on_ball = center + ray * (ball.radius / np.linalg.norm(ray, axis=1, keepdims=True))
    return Piece(piece.name, piece.quads, on_ball, piece.matrix), ball


def make_lashes(wheel: Wheel, average: Average, name: str, ball: Ball) -> tuple[Piece, Array]:
    """A strip of lashes and its coordinates (n, 2): inner to outer corner, root to tip, 0..1."""
    piece = taken(name, wheel.quads_of(LASHES[name]), average.positions)
    count = len(piece.positions)
    steps = _grid_distances(piece.quads, count)
    corners = np.flatnonzero(np.bincount(piece.quads.ravel()) == 1)
    columns = count // LASH_ROWS
    first = corners[0]
    (second,) = (corner for corner in corners if steps[first, corner] == columns - 1)
    along = (steps[first] - steps[second] + columns - 1) / 2
    outward = steps[first] - along
    distance = np.linalg.norm(piece.positions - ball.center, axis=1)
    if distance[outward == 0].mean() > distance[outward == LASH_ROWS - 1].mean():
        outward = LASH_ROWS - 1 - outward
    side = np.abs(piece.positions[:, 0])
    if side[along == 0].mean() > side[along == columns - 1].mean():
        along = columns - 1 - along
    return piece, np.column_stack([along / (columns - 1), outward / (LASH_ROWS - 1)])


def _grid_distances(quads: Indices, count: int) -> NDArray[np.float64]:
    """(n, n) number of edges between any two vertices."""
    ends = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    graph = sparse.coo_matrix((np.ones(len(ends)), ends.T), shape=(count, count)).tocsr()
    return np.asarray(shortest_path(graph, directed=False, unweighted=True))
