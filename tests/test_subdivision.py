"""Catmull–Clark subdivision against what the scheme is known to do."""

from __future__ import annotations

import numpy as np
import pytest

from models.heads.subdivision import Floats, Integers, catmull_clark

CUBE_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32)
CUBE_QUADS = np.array(
    [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]], np.int32
)


def grid(columns: int, rows: int) -> tuple[Floats, Integers]:
    """A flat patch of unit squares: positions (n, 3) and quads."""
    x, y = np.meshgrid(np.arange(columns + 1), np.arange(rows + 1))
    positions = np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)]).astype(np.float32)
    index = np.arange(x.size).reshape(x.shape)
    quads = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], axis=-1)
    return positions, quads.reshape(-1, 4).astype(np.int32)


def edge_count(quads: Integers) -> int:
    ends = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    return len(np.unique(np.sort(ends, axis=1), axis=0))


def facing(positions: Floats, quads: Integers) -> Floats:
    """(Q, 3): cross products of the diagonals."""
    across = positions[quads[:, 2]] - positions[quads[:, 0]]
    return np.cross(across, positions[quads[:, 3]] - positions[quads[:, 1]])


@pytest.mark.parametrize("positions, quads", [(CUBE_CORNERS, CUBE_QUADS), grid(3, 2)])
def test_every_new_vertex_is_an_average_of_old_ones(positions: Floats, quads: Integers) -> None:
    stencil, _ = catmull_clark(quads, len(positions))

    sums = np.add.reduceat(stencil.weights, stencil.row_starts[:-1])
    assert sums == pytest.approx(1.0, abs=1e-6)
    assert (stencil.weights > 0).all()


def test_a_cubes_corners_move_to_five_ninths() -> None:
    # (mean of 3 face points + 2 * mean of 3 edge middles) / 3 = (1/3 + 2 * 2/3) / 3
    stencil, _ = catmull_clark(CUBE_QUADS, 8)

    assert stencil.apply(CUBE_CORNERS)[:8] == pytest.approx(CUBE_CORNERS * 5 / 9, abs=1e-6)


def test_a_plane_stays_the_same_plane_and_the_same_size() -> None:
    positions, quads = grid(4, 3)
    positions[:, 2] = 0.5 * positions[:, 0] - 0.25 * positions[:, 1] + 3

    stencil, _ = catmull_clark(quads, len(positions))
    smooth = stencil.apply(positions)

    assert smooth[:, 2] == pytest.approx(0.5 * smooth[:, 0] - 0.25 * smooth[:, 1] + 3, abs=1e-5)
    assert np.ptp(smooth[:, 0]) == pytest.approx(4) and np.ptp(smooth[:, 1]) == pytest.approx(3)


def test_a_fine_sphere_stays_a_sphere() -> None:
    positions, quads = CUBE_CORNERS, CUBE_QUADS
    for _ in range(4):
        stencil, quads = catmull_clark(quads, len(positions))
        positions = stencil.apply(positions)
    positions /= np.linalg.norm(positions, axis=1, keepdims=True)

    stencil, _ = catmull_clark(quads, len(positions))
    radii = np.linalg.norm(stencil.apply(positions), axis=1)

    assert radii == pytest.approx(1.0, abs=5e-3)  # an edge is about 0.1 long: (0.1² / 2)


def test_faces_edges_and_vertices_keep_their_balance() -> None:
    stencil, quads = catmull_clark(CUBE_QUADS, 8)

    assert len(quads) == 4 * 6
    assert len(stencil.row_starts) - 1 == 8 + 12 + 6
    assert 26 - edge_count(quads) + len(quads) == 2  # Euler


def test_quads_keep_their_order_their_first_corner_and_their_side() -> None:
    positions, quads = grid(2, 2)
    stencil, smooth_quads = catmull_clark(quads, len(positions))

    for quad, corners in enumerate(quads):
        assert list(smooth_quads[4 * quad : 4 * quad + 4, 0]) == list(corners)
    assert (facing(stencil.apply(positions), smooth_quads)[:, 2] > 0).all()


def test_a_border_depends_on_the_border_alone() -> None:
    positions, quads = grid(4, 4)
    inside = (positions[:, :2] % 4 != 0).all(axis=1)
    lifted = positions.copy()
    lifted[inside, 2] = 7.0

    stencil, _ = catmull_clark(quads, len(positions))
    smooth = stencil.apply(lifted)

    on_border = np.isclose(stencil.apply(positions)[:, :2] % 4, 0).any(axis=1)
    assert on_border.sum() > 16
    assert (smooth[on_border, 2] == 0).all()


def test_a_vertex_of_no_quad_stays_where_it_is() -> None:
    positions, quads = grid(1, 1)
    alone = np.concatenate([positions, [[9.0, 8.0, 7.0]]]).astype(np.float32)

    stencil, _ = catmull_clark(quads, len(alone))

    assert stencil.apply(alone)[4] == pytest.approx([9, 8, 7])


def test_entries_sorted_by_column_are_the_same_matrix(random: np.random.Generator) -> None:
    stencil, _ = catmull_clark(CUBE_QUADS, 8)
    values = random.normal(size=8).astype(np.float32)

    by_column = stencil.transposed(8)
    spread = np.bincount(
        by_column.columns, by_column.weights * np.repeat(values, np.diff(by_column.row_starts))
    )

    assert spread == pytest.approx(stencil.apply(values), abs=1e-6)
