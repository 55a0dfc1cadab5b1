"""The head's vertices, posed on the GPU: positions and normals in two textures, a texel a vertex.

Uploaded once for an identity: neutral positions and the sparse actions. Per frame the two passes
(shaders/pose.glsl, normals.glsl) read nothing but the frame's uniform block.
"""

from __future__ import annotations

from contextlib import ExitStack

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer.lifetime import owned
from app.viewer.programs import compile_program
from models.heads.free import FreeHead

MESH_WIDTH = 256  # texels a row; the shaders know its logarithm
LIST_WIDTH = 1024

NEUTRAL_UNIT, ACTION_RUNS_UNIT, ACTIONS_UNIT, RING_RUNS_UNIT, RING_PAIRS_UNIT = range(5)
POSITIONS_UNIT, NORMALS_UNIT = 5, 6

Integers = NDArray[np.integer]


class PosedMesh:
    """`head` is subdivided already; its quads stay the same for all identities."""

    def __init__(self, context: moderngl.Context, head: FreeHead, corners: moderngl.Buffer) -> None:
        self._context = context
        self._owned = ExitStack()
        self._rows = -(-len(head.positions) // MESH_WIDTH)
        size = (MESH_WIDTH, self._rows)
        self._positions = self._owned_texture(size, 4, "f4")
        self._normals = self._owned_texture(size, 4, "f4")
        self._position_target = owned(self._owned, context.framebuffer([self._positions]))
        self._normal_target = owned(self._owned, context.framebuffer([self._normals]))
        self._neutral = self._owned_texture(size, 4, "f4")
        self._action_runs = self._owned_texture(size, 4, "u4")
        self._actions = self._texture((LIST_WIDTH, 1), 4, "f2")
        runs, pairs = _rings(head.quads, len(head.positions))
        self._ring_runs = self._owned_texture(size, 2, "u4")
        self._ring_runs.write(_padded(runs.astype(np.uint32), MESH_WIDTH, self._rows))
        pair_rows = -(-len(pairs) // LIST_WIDTH)
        self._ring_pairs = self._owned_texture((LIST_WIDTH, pair_rows), 2, "u4")
        self._ring_pairs.write(_padded(pairs.astype(np.uint32), LIST_WIDTH, pair_rows))
        self._pose = owned(self._owned, compile_program(context, "pose"))
        self._pose["u_neutral"] = NEUTRAL_UNIT
        self._pose["u_action_runs"] = ACTION_RUNS_UNIT
        self._pose["u_actions"] = ACTIONS_UNIT
        self._normal = owned(self._owned, compile_program(context, "normals"))
        self._normal["u_ring_runs"] = RING_RUNS_UNIT
        self._normal["u_ring_pairs"] = RING_PAIRS_UNIT
        self._normal["u_positions"] = POSITIONS_UNIT
        self._pose_pass = owned(
            self._owned, context.vertex_array(self._pose, [(corners, "2f", "in_corner")])
        )
        self._normal_pass = owned(
            self._owned, context.vertex_array(self._normal, [(corners, "2f", "in_corner")])
        )

    def set_head(self, head: FreeHead) -> None:
        """Uploads an identity's neutral positions and actions."""
        count = len(head.positions)
        neutral = np.concatenate([head.positions, head.head_share[:, None]], axis=1)
        self._neutral.write(_padded(neutral.astype(np.float32), MESH_WIDTH, self._rows))
        runs, actions = _actions_by_vertex(head)
        entry = np.zeros((count, 4), np.uint32)
        entry[:, :2] = runs
        for eye, name in enumerate(("eye_left", "eye_right"), start=1):
            ball = head.part_vertices(name)
            entry[ball, 1] = 0  # the balls turn with the gaze and never change shape
            entry[ball, 2] = eye
        entry[:, 3] = head.lid_clearance.astype(np.float32).view(np.uint32)
        self._action_runs.write(_padded(entry, MESH_WIDTH, self._rows))
        rows = -(-len(actions) // LIST_WIDTH)
        if rows != self._actions.height:
            self._actions.release()
            self._actions = self._texture((LIST_WIDTH, rows), 4, "f2")
        self._actions.write(_padded(actions.astype(np.float16), LIST_WIDTH, rows))

    def draw(self) -> int:
        """Poses all vertices; the number of draw calls."""
        self._position_target.use()
        self._neutral.use(NEUTRAL_UNIT)
        self._action_runs.use(ACTION_RUNS_UNIT)
        self._actions.use(ACTIONS_UNIT)
        self._pose_pass.render(moderngl.TRIANGLES, vertices=3)
        self._normal_target.use()
        self._ring_runs.use(RING_RUNS_UNIT)
        self._ring_pairs.use(RING_PAIRS_UNIT)
        self._positions.use(POSITIONS_UNIT)
        self._normal_pass.render(moderngl.TRIANGLES, vertices=3)
        self._normals.use(NORMALS_UNIT)
        return 2

    def read_positions(self) -> NDArray[np.float32]:
        """(V padded, 3) world metres as last posed; waits for the GPU, for tests."""
        texels = np.frombuffer(self._positions.read(), np.float32)
        return texels.reshape(-1, 4)[:, :3]

    def close(self) -> None:
        self._actions.release()
        self._owned.close()

    def _texture(self, size: tuple[int, int], components: int, dtype: str) -> moderngl.Texture:
        texture = self._context.texture(size, components, dtype=dtype)
        texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
        return texture

    def _owned_texture(
        self, size: tuple[int, int], components: int, dtype: str
    ) -> moderngl.Texture:
        return owned(self._owned, self._texture(size, components, dtype))


def _padded(rows: NDArray[np.generic], width: int, height: int) -> NDArray[np.generic]:
    """(width * height, C): the rows and then zeros, as a texture of that size wants them."""
    texels = np.zeros((width * height, rows.shape[1]), rows.dtype)
    texels[: len(rows)] = rows
    return texels


def _rings(quads: Integers, vertex_count: int) -> tuple[Integers, Integers]:
    """Per vertex (first entry, entry count); per entry the next and previous corner of a quad."""
    corner = quads.ravel()
    neighbours = np.stack([np.roll(quads, -1, axis=1), np.roll(quads, 1, axis=1)], axis=-1)
    order = np.argsort(corner, kind="stable")
    counts = np.bincount(corner, minlength=vertex_count)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.stack([starts, counts], axis=1), neighbours.reshape(-1, 2)[order]


def _actions_by_vertex(head: FreeHead) -> tuple[Integers, NDArray[np.float32]]:
    """Per vertex (first entry, entry count); per entry (dx, dy, dz, action)."""
    actions = head.actions
    index = np.repeat(np.arange(len(actions.names)), np.diff(actions.starts))
    order = np.argsort(actions.vertices, kind="stable")
    counts = np.bincount(actions.vertices, minlength=len(head.positions))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    entries = np.concatenate([actions.deltas, index[:, None].astype(np.float32)], axis=1)
    return np.stack([starts, counts], axis=1), entries[order]
