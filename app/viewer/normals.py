"""Smooth normals of a posed mesh, on the GPU: a texel a vertex, as its positions are.

Uploaded once: which vertices stand round each. Per frame one pass (shaders/normals.glsl) reads the
positions' texture.
"""

from __future__ import annotations

from contextlib import ExitStack

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer.lifetime import owned
from app.viewer.programs import compile_program

MESH_WIDTH = 256  # texels a row; the shaders know its logarithm
LIST_WIDTH = 1024

RING_RUNS_UNIT, RING_PAIRS_UNIT, POSITIONS_UNIT, NORMALS_UNIT = range(3, 7)

Integers = NDArray[np.integer]


class SmoothNormals:
    """polygons: (P, 3) or (P, 4) vertices, counter-clockwise seen from outside."""

    def __init__(
        self,
        context: moderngl.Context,
        polygons: Integers,
        vertex_count: int,
        corners: moderngl.Buffer,
    ) -> None:
        self._owned = ExitStack()
        rows = mesh_rows(vertex_count)
        self._normals = owned(self._owned, texel_texture(context, (MESH_WIDTH, rows), 4, "f4"))
        self._target = owned(self._owned, context.framebuffer([self._normals]))
        runs, pairs = _rings(polygons, vertex_count)
        self._runs = owned(self._owned, texel_texture(context, (MESH_WIDTH, rows), 2, "u4"))
        self._runs.write(padded(runs.astype(np.uint32), MESH_WIDTH, rows))
        pair_rows = -(-len(pairs) // LIST_WIDTH)
        self._pairs = owned(self._owned, texel_texture(context, (LIST_WIDTH, pair_rows), 2, "u4"))
        self._pairs.write(padded(pairs.astype(np.uint32), LIST_WIDTH, pair_rows))
        program = owned(self._owned, compile_program(context, "normals"))
        program["u_ring_runs"] = RING_RUNS_UNIT
        program["u_ring_pairs"] = RING_PAIRS_UNIT
        program["u_positions"] = POSITIONS_UNIT
        self._pass = owned(
            self._owned, context.vertex_array(program, [(corners, "2f", "in_corner")])
        )

    def draw(self, positions: moderngl.Texture) -> int:
        """Leaves positions and normals at their units; the number of draw calls."""
        self._target.use()
        self._runs.use(RING_RUNS_UNIT)
        self._pairs.use(RING_PAIRS_UNIT)
        positions.use(POSITIONS_UNIT)
        self._pass.render(moderngl.TRIANGLES, vertices=3)
        self._normals.use(NORMALS_UNIT)
        return 1

    def close(self) -> None:
        self._owned.close()


def mesh_rows(vertex_count: int) -> int:
    """Rows of a texture with a texel a vertex."""
    return -(-vertex_count // MESH_WIDTH)


def texel_texture(
    context: moderngl.Context, size: tuple[int, int], components: int, dtype: str
) -> moderngl.Texture:
    """A texture that is read texel by texel."""
    texture = context.texture(size, components, dtype=dtype)
    texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
    return texture


def padded(rows: NDArray[np.generic], width: int, height: int) -> NDArray[np.generic]:
    """(width * height, C): the rows and then zeros, as a texture of that size wants them."""
    texels = np.zeros((width * height, rows.shape[1]), rows.dtype)
    texels[: len(rows)] = rows
    return texels


def _rings(polygons: Integers, vertex_count: int) -> tuple[Integers, Integers]:
    """Per vertex (first entry, entry count); per entry the next and previous corner."""
    corner = polygons.ravel()
    neighbours = np.stack([np.roll(polygons, -1, axis=1), np.roll(polygons, 1, axis=1)], axis=-1)
    order = np.argsort(corner, kind="stable")
    counts = np.bincount(corner, minlength=vertex_count)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.stack([starts, counts], axis=1), neighbours.reshape(-1, 2)[order]
