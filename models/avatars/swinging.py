"""Hair and cloth that swing after the head, as VRM's spring bones do. Reads no clock.

Each joint's tail keeps its speed but for drag, is drawn back to where it is at rest and down, and
is put back to its distance from the joint and out of colliders.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.geometry import Array
from models.avatars.nodes import Nodes
from models.avatars.springs import Springs

STEP = 1 / 60  # s: VRM's numbers are meant for programs that draw so often
MOST_STEPS = 4  # for one picture; what has not been simulated by then is left out
LEFT = 1.0  # s after which everything begins at rest again


class Swinging:
    """Where the tails are. One for each avatar on the screen."""

    def __init__(self, nodes: Nodes, springs: Springs) -> None:
        self._nodes, self._springs = nodes, springs
        self._tails: Array | None = None
        self._before = np.zeros((len(springs.nodes), 3))
        self._timestamp = 0.0
        place = {int(node): row for row, node in enumerate(springs.nodes)}
        self._rows = [
            np.array([place[int(n)] for n in level if int(n) in place], np.int64)
            for level in nodes.levels
        ]

    def world(self, local: Array, world_from_file: Array, timestamp: float) -> Array:
        """(N, 4, 4) world_from_node at this time, s. local: (N, 4, 4) parent_from_node."""
        seconds = timestamp - self._timestamp
        if self._tails is None or not 0.0 <= seconds < LEFT:
            self._tails = None
            world = self._posed(local, world_from_file, steps=False)
            self._timestamp = timestamp
            return world
        steps = round(seconds / STEP)
        if steps > MOST_STEPS:
            self._timestamp = timestamp
        else:
            self._timestamp += steps * STEP
        for _ in range(min(steps, MOST_STEPS) - 1):
            self._posed(local, world_from_file, steps=True)
        return self._posed(local, world_from_file, steps=steps > 0)

    def _posed(self, local: Array, world_from_file: Array, *, steps: bool) -> Array:
        """steps: time goes on by STEP."""
        nodes, springs = self._nodes, self._springs
        starts, ends = self._capsules(nodes.world(local, world_from_file))
        beginning = self._tails is None
        tails = np.zeros((len(springs.nodes), 3)) if self._tails is None else self._tails
        world = np.empty_like(local)
        for depth, (level, rows) in enumerate(zip(nodes.levels, self._rows, strict=True)):
            above = world_from_file if depth == 0 else world[nodes.parents[level]]
            world[level] = above @ local[level]
            if len(rows) == 0:
                continue
            joints = springs.nodes[rows]
            turns, here = world[joints, :3, :3], world[joints, :3, 3]
            resting = _unit((turns @ springs.axes[rows, :, None])[..., 0])
            length = springs.lengths[rows, None]
            if beginning:
                tails[rows] = self._before[rows] = here + length * resting
                continue
            tail = tails[rows]
            if steps:
                moved = (tail - self._before[rows]) * (1.0 - springs.drag[rows, None])
                pulled = resting * springs.stiffness[rows, None] + springs.gravity[rows]
                self._before[rows] = tail
                tail = tail + moved + STEP * pulled
            tail = here + length * _unit(tail - here)
            if steps and len(springs.colliders):
                tail = self._outside(rows, tail, starts, ends)
                tail = here + length * _unit(tail - here)
            tails[rows] = tail
            within: Array = np.linalg.inv(turns) @ (tail - here)[..., None]
            turn = _turns_between(springs.axes[rows], _unit(within[..., 0]))
            world[joints, :3, :3] = turns @ turn
        self._tails = tails
        return world

    def _capsules(self, world: Array) -> tuple[Array, Array]:
        springs = self._springs
        matrices = world[springs.colliders]
        starts, ends = (
            (matrices[:, :3, :3] @ places[..., None])[..., 0] + matrices[:, :3, 3]
            for places in (springs.starts, springs.ends)
        )
        return starts, ends

    def _outside(self, rows: NDArray[np.int64], tail: Array, starts: Array, ends: Array) -> Array:
        """Pushed out of that collider in which each is deepest."""
        springs = self._springs
        along = ends - starts
        share = ((tail[:, None] - starts) * along).sum(axis=2)
        share = np.clip(share / np.maximum((along * along).sum(axis=1), 1e-12), 0.0, 1.0)
        nearest = starts + share[..., None] * along
        away = tail[:, None] - nearest
        reach = springs.thick + springs.radii[rows, None]
        depth = np.where(springs.collides[rows], reach - np.linalg.norm(away, axis=2), -1.0)
        deepest = depth.argmax(axis=1)
        each = np.arange(len(rows))
        pushed = nearest[each, deepest] + reach[each, deepest, None] * _unit(away[each, deepest])
        outside: Array = np.where(depth[each, deepest, None] > 0.0, pushed, tail)
        return outside


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Array = vectors / np.maximum(length, 1e-12)
    return unit


def _turns_between(start: Array, end: Array) -> Array:
    """(S, 3, 3) the shortest turns between unit vectors (S, 3)."""
    x, y, z = np.cross(start, end).T
    zero = np.zeros_like(x)
    skew = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    cosine = (start * end).sum(axis=1)[:, None, None]
    turns: Array = np.eye(3) + skew + skew @ skew / np.maximum(1.0 + cosine, 1e-6)
    return turns
