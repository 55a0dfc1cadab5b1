"""Catmull–Clark subdivision of a quad mesh, once, as a linear map.

Subdivision is linear: every new vertex is a weighted sum of old ones, and the weights depend on
the quads alone. The same stencil therefore serves positions, the offsets of morph targets, masks
and texture coordinates. Border edges follow the border curve; corners of the border stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Stencil:
    """A sparse (rows, V) matrix in compressed rows.

    Row r sums `weights[k] * values[columns[k]]` for k in row_starts[r]..row_starts[r + 1];
    the rows of a subdivision sum to one.
    """

    row_starts: Integers
    columns: Integers
    weights: Floats

    @property
    def row_count(self) -> int:
        return len(self.row_starts) - 1

    def apply(self, values: Floats) -> Floats:
        """(rows, …) float32: the values (V, …) of the old vertices carried to the new ones."""
        flat = values.reshape(len(values), -1)
        terms = flat[self.columns] * self.weights[:, None]
        sums = np.add.reduceat(terms, self.row_starts[:-1], axis=0, dtype=np.float32)
        return sums.reshape(-1, *values.shape[1:])

    def transposed(self, column_count: int) -> Stencil:
        """The same entries by column: which rows each old vertex has a part in."""
        order = np.argsort(self.columns, kind="stable")
        starts = np.searchsorted(self.columns[order], np.arange(column_count + 1))
        row_of_entry = np.repeat(np.arange(self.row_count), np.diff(self.row_starts))
        return Stencil(
            starts.astype(np.int32), row_of_entry[order].astype(np.int32), self.weights[order]
        )


def catmull_clark(quads: Integers, vertex_count: int) -> tuple[Stencil, Integers]:
    """One step: the stencil of the new vertices and the new quads (4 Q, 4).

    New vertices: first the old ones moved (V), then one for each edge, then one for each quad.
    Quad q becomes quads 4 q … 4 q + 3, wound as it was; the i-th holds its i-th corner.
    """
    quad_count = len(quads)
    corner_next = np.roll(quads, -1, axis=1)
    ends = np.sort(np.stack([quads, corner_next], axis=-1).reshape(-1, 2), axis=1)
    keys, edge_of_corner, uses = np.unique(
        ends[:, 0].astype(np.int64) * vertex_count + ends[:, 1],
        return_inverse=True,
        return_counts=True,
    )
    edges = np.stack([keys // vertex_count, keys % vertex_count], axis=1).astype(np.int32)
    edge_of_corner = edge_of_corner.reshape(quad_count, 4)
    edge_row = vertex_count
    quad_row = vertex_count + len(edges)
    border = uses == 1

    rows, columns, weights = [], [], []

    def add(row: NDArray[np.int64], column: Integers, weight: NDArray[np.float64]) -> None:
        row, column, weight = np.broadcast_arrays(row, column, weight)
        rows.append(row.ravel())
        columns.append(column.ravel())
        weights.append(weight.ravel())

    # Quad points: the mean of the corners.
    add(quad_row + np.arange(quad_count)[:, None], quads, np.array(0.25))

    # Edge points: the mean of the ends, and inside the mesh also of the two quad points.
    add(edge_row + np.arange(len(edges))[:, None], edges, np.where(border, 0.5, 0.25)[:, None])
    inner_corner = ~border[edge_of_corner]
    corner_quad, _ = np.nonzero(inner_corner)
    add(edge_row + edge_of_corner[inner_corner][:, None], quads[corner_quad], np.array(1 / 16))

    # Old vertices inside: (mean of quad points + 2 mean of edge middles + (n - 3) itself) / n.
    valence = np.bincount(quads.ravel(), minlength=vertex_count)
    border_valence = np.bincount(edges[border].ravel(), minlength=vertex_count)
    inside = (border_valence == 0) & (valence > 0)
    n = np.maximum(valence, 1).astype(np.float64)
    corner = quads.ravel()
    of_inside = inside[corner]
    add(
        corner[of_inside][:, None].astype(np.int64),
        np.repeat(quads, 4, axis=0)[of_inside],
        (0.25 / n**2)[corner[of_inside]][:, None],
    )
    for end in (0, 1):
        of_inside = inside[edges[:, end]]
        vertex = edges[of_inside, end].astype(np.int64)
        add(vertex[:, None], edges[of_inside], (1 / n**2)[vertex][:, None])
    inside_rows = np.flatnonzero(inside)
    add(inside_rows, inside_rows.astype(np.int32), (1 - 3 / n)[inside_rows])

    # Border vertices: on the border curve. Corners and vertices without a quad stay.
    on_curve = border_valence == 2
    curve_rows = np.flatnonzero(on_curve)
    add(curve_rows, curve_rows.astype(np.int32), np.array(0.5))
    for end in (0, 1):
        of_curve = border & on_curve[edges[:, end]]
        add(edges[of_curve, end].astype(np.int64)[:, None], edges[of_curve], np.array(0.125))
    fixed_rows = np.flatnonzero(~inside & ~on_curve)
    add(fixed_rows, fixed_rows.astype(np.int32), np.array(1.0))

    stencil = _compressed(
        np.concatenate(rows),
        np.concatenate(columns),
        np.concatenate(weights),
        vertex_count,
        quad_row + quad_count,
    )
    edge = edge_of_corner + edge_row
    centre = quad_row + np.arange(quad_count)
    new_quads = np.stack(
        [np.stack([quads[:, i], edge[:, i], centre, edge[:, i - 1]], axis=1) for i in range(4)],
        axis=1,
    ).reshape(-1, 4)
    return stencil, new_quads.astype(np.int32)


def _compressed(
    rows: NDArray[np.int64],
    columns: Integers,
    weights: NDArray[np.float64],
    column_count: int,
    row_count: int,
) -> Stencil:
    """Sorts the entries by row and column and adds up those that share both."""
    keys, entry = np.unique(rows * column_count + columns, return_inverse=True)
    summed = np.bincount(entry.ravel(), weights=weights)
    kept = np.abs(summed) > 1e-9  # valence 3 and 4 cancel or shrink entries to nothing
    keys, summed = keys[kept], summed[kept]
    row_starts = np.searchsorted(keys, np.arange(row_count + 1, dtype=np.int64) * column_count)
    return Stencil(
        row_starts.astype(np.int32),
        (keys % column_count).astype(np.int32),
        summed.astype(np.float32),
    )
