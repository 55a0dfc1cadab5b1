"""A T-shirt with a ribbed crew neck, made from MakeHuman's tights helper.

The helper is a smooth suit over the whole body. Its neck is 26 columns of vertices in rings; the
collar is laid across these columns, the body of the shirt is the suit below them, cut at the
waist and at the sleeves, smoothed as cloth hangs, with the arms lowered.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from benchmarks.free_head.average import Average
from benchmarks.free_head.piece import Piece, rows_of, vertex_normals
from benchmarks.free_head.wheel import VERTEX_COUNT, Array, Indices, Wheel

WAIST = -0.46  # metres below the eyes
ARM_DROP = np.radians(28.0)
LAST_RING = 6  # the ring of the neck from which on the suit is kept as it is

# Where the rim of the collar lies, counted in rings from the top of the suit's neck.
RIM_FRONT, RIM_SIDE, RIM_BACK = 3.95, 3.35, 2.60
# Rings of the collar: how far below the rim (in rings), outwards (metres), on the rib band.
COLLAR = (
    (0.55, -0.0010, 0.0),
    (0.10, 0.0000, 1.0),
    (-0.06, 0.0014, 1.0),
    (0.08, 0.0032, 1.0),
    (0.62, 0.0038, 1.0),
    (0.86, 0.0042, 1.0),
    (0.93, 0.0030, 0.3),
    (1.10, 0.0036, 0.0),
)
BODY_OFFSET = 0.0045  # metres between the suit and the cloth


def make_shirt(wheel: Wheel, average: Average) -> tuple[Piece, Array, Array]:
    """The shirt, its collar mask (n,), and the collar's rim (26, 3) in order round the neck."""
    suit = wheel.quads_of("helper-tights")
    rings, columns = _neck_rings(suit, average.positions)
    in_neck = np.zeros(VERTEX_COUNT, bool)
    in_neck[rings[:LAST_RING]] = True
    low = average.positions[:, 1] < WAIST
    forearm = wheel.bone_weights("lowerarm01.L", "lowerarm01.R") > 0.3
    kept = ~(in_neck | low | forearm)[suit].any(axis=1)
    body = _connected_to(suit[kept], rings[LAST_RING][0])
    body_vertices = np.unique(body)

    smooth = _smoothing(body, body_vertices) @ rows_of(body_vertices)
    index = np.full(VERTEX_COUNT, -1)
    index[body_vertices] = np.arange(len(body_vertices))
    quads = [index[body]]

    rows, outwards, bands = [smooth], [np.full(len(body_vertices), BODY_OFFSET)], []
    bands.append(np.zeros(len(body_vertices)))
    azimuth = _azimuth(average.positions[rings[LAST_RING]])
    rim = RIM_SIDE + np.where(
        np.cos(azimuth) > 0,
        (RIM_FRONT - RIM_SIDE) * np.cos(azimuth) ** 2,
        (RIM_BACK - RIM_SIDE) * np.cos(azimuth) ** 2,
    )
    for below, outward, band in COLLAR:
        rows.append(_between_rings(rings, np.minimum(rim + below, LAST_RING - 0.2)))
        outwards.append(np.full(columns, outward))
        bands.append(np.full(columns, band))
    matrix = sparse.vstack(rows).tocsr()
    last = index[rings[LAST_RING]]
    levels = [len(body_vertices) + columns * level + np.arange(columns) for level in range(8)]
    for upper, lower in zip(levels, [*levels[1:], last], strict=True):
        quads.append(np.column_stack([upper, lower, np.roll(lower, -1), np.roll(upper, -1)]))
    all_quads = np.concatenate(quads)

    positions = matrix @ average.positions
    away = vertex_normals(positions, all_quads)
    collar = np.arange(len(positions)) >= len(body_vertices)
    around = positions - positions[collar].mean(axis=0)
    around[:, 1] = 0.0
    around /= np.maximum(np.linalg.norm(around, axis=1, keepdims=True), 1e-9)
    away[collar] = 0.35 * np.array([0.0, 1.0, 0.0]) + around[collar]
    away[collar] /= np.linalg.norm(away[collar], axis=1, keepdims=True)
    positions = positions + away * np.concatenate(outwards)[:, None]
    positions, turns = _lower_arms(wheel, average, matrix, positions)
    piece = Piece("shirt", all_quads, positions, matrix, turns)
    return piece, np.concatenate(bands), positions[levels[2]]


def _neck_rings(suit: Indices, positions: Array) -> tuple[Indices, int]:
    """(rings, columns) vertices of the suit's neck from the top, each column below the last."""
    ends = np.sort(np.stack([suit, np.roll(suit, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    edges, uses = np.unique(ends, axis=0, return_counts=True)
    border = np.unique(edges[uses == 1])
    top = border[(positions[border, 1] > -0.2) & (np.abs(positions[border, 0]) < 0.1)]
    top = top[np.argsort(_azimuth(positions[top]), kind="stable")]
    neighbours: dict[int, set[int]] = {}
    for a, b in edges:
        neighbours.setdefault(int(a), set()).add(int(b))
        neighbours.setdefault(int(b), set()).add(int(a))
    rings = [[int(vertex) for vertex in top]]
    seen = set(rings[0])
    for _ in range(LAST_RING):
        below = []
        for vertex in rings[-1]:
            (following,) = neighbours[vertex] - seen
            below.append(following)
        seen.update(below)
        rings.append(below)
    return np.array(rings), len(top)


def _azimuth(positions: Array) -> Array:
    """Angle round the neck: 0 in front, growing to the person's left."""
    return np.asarray(np.arctan2(positions[:, 0], positions[:, 2] - positions[:, 2].mean()))


def _between_rings(rings: Indices, at: Array) -> sparse.csr_matrix:
    """(columns, 19158) matrix of points at fractional ring numbers `at` (columns,)."""
    whole = np.clip(np.floor(at).astype(int), 0, LAST_RING - 1)
    share = (at - whole)[:, None]
    column = np.arange(len(at))
    upper, lower = rows_of(rings[whole, column]), rows_of(rings[whole + 1, column])
    return sparse.csr_matrix(upper.multiply(1 - share) + lower.multiply(share))


def _connected_to(quads: Indices, start: int) -> Indices:
    """The quads that hang together with vertex `start`."""
    reached = np.zeros(VERTEX_COUNT, bool)
    reached[start] = True
    while True:
        touched = reached[quads].any(axis=1)
        before = reached.sum()
        reached[quads[touched]] = True
        if reached.sum() == before:
            return quads[touched]


def _smoothing(quads: Indices, vertices: Indices) -> sparse.csr_matrix:
    """(n, n) a few rounds of averaging with the neighbours; the border stays."""
    index = np.full(VERTEX_COUNT, -1)
    index[vertices] = np.arange(len(vertices))
    local = index[quads]
    ends = np.stack([local, np.roll(local, -1, axis=1)], axis=-1).reshape(-1, 2)
    pairs, uses = np.unique(np.sort(ends, axis=1), axis=0, return_counts=True)
    count = len(vertices)
    one_way = sparse.coo_matrix((np.ones(len(pairs)), pairs.T), shape=(count, count))
    both = (one_way + one_way.T).tocsr()
    mean = sparse.diags(1 / np.asarray(both.sum(axis=1)).ravel()) @ both
    free = np.ones(count)
    free[np.unique(pairs[uses == 1])] = 0.0
    step = sparse.identity(count) + 0.5 * sparse.diags(free) @ (mean - sparse.identity(count))
    result = sparse.identity(count, format="csr")
    for _ in range(6):
        result = (step @ result).tocsr()
    return result


def _lower_arms(
    wheel: Wheel, average: Average, matrix: sparse.csr_matrix, positions: Array
) -> tuple[Array, Array]:
    """Positions with the arms turned down about the shoulders, and the turns (n, 3, 3)."""
    turns = np.tile(np.eye(3), (len(positions), 1, 1))
    lowered = positions.copy()
    for side, sign in (("L", -1.0), ("R", 1.0)):
        weight = matrix @ (
            wheel.bone_weights(f"upperarm01.{side}")
            + 0.35
            * (wheel.bone_weights(f"shoulder01.{side}") - wheel.bone_weights(f"upperarm01.{side}"))
        )
        shoulder = wheel.joint(f"{side.lower()}-shoulder", average.positions)
        angle = sign * ARM_DROP * weight
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.zeros((len(positions), 3, 3))
        turn[:, 0, 0], turn[:, 0, 1] = cos, -sin
        turn[:, 1, 0], turn[:, 1, 1] = sin, cos
        turn[:, 2, 2] = 1.0
        lowered = np.einsum("nij,nj->ni", turn, lowered - shoulder) + shoulder
        turns = turn @ turns
    return lowered, turns
