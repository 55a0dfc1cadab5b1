"""The head's vertices, posed on the GPU: positions and normals in two textures, a texel a vertex.

Uploaded once for an identity: neutral positions and the sparse actions. Per frame two passes
(shaders/pose.glsl, then normals.py's) read nothing but the frame's uniform block.
"""

from __future__ import annotations

from contextlib import ExitStack, closing

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer.lifetime import owned
from app.viewer.normals import (
    LIST_WIDTH,
    MESH_WIDTH,
    Integers,
    SmoothNormals,
    mesh_rows,
    padded,
    texel_texture,
)
from app.viewer.programs import compile_program
from models.heads.free import FreeHead

NEUTRAL_UNIT, ACTION_RUNS_UNIT, ACTIONS_UNIT = range(3)


class PosedMesh:
    """`head` is subdivided already; its quads stay the same for all identities."""

    def __init__(self, context: moderngl.Context, head: FreeHead, corners: moderngl.Buffer) -> None:
        self._context = context
        self._owned = ExitStack()
        self._rows = mesh_rows(len(head.positions))
        size = (MESH_WIDTH, self._rows)
        self._positions = owned(self._owned, texel_texture(context, size, 4, "f4"))
        self._target = owned(self._owned, context.framebuffer([self._positions]))
        self._neutral = owned(self._owned, texel_texture(context, size, 4, "f4"))
        self._action_runs = owned(self._owned, texel_texture(context, size, 4, "u4"))
        self._actions = texel_texture(context, (LIST_WIDTH, 1), 4, "f2")
        self._normals = self._owned.enter_context(
            closing(SmoothNormals(context, head.quads, len(head.positions), corners))
        )
        self._pose = owned(self._owned, compile_program(context, "pose"))
        self._pose["u_neutral"] = NEUTRAL_UNIT
        self._pose["u_action_runs"] = ACTION_RUNS_UNIT
        self._pose["u_actions"] = ACTIONS_UNIT
        self._pass = owned(
            self._owned, context.vertex_array(self._pose, [(corners, "2f", "in_corner")])
        )

    def set_head(self, head: FreeHead) -> None:
        """Uploads an identity's neutral positions and actions."""
        count = len(head.positions)
        neutral = np.concatenate([head.positions, head.head_share[:, None]], axis=1)
        self._neutral.write(padded(neutral.astype(np.float32), MESH_WIDTH, self._rows))
        runs, actions = _actions_by_vertex(head)
        entry = np.zeros((count, 4), np.uint32)
        entry[:, :2] = runs
        for eye, name in enumerate(("eye_left", "eye_right"), start=1):
            ball = head.part_vertices(name)
            entry[ball, 1] = 0  # the balls turn with the gaze and never change shape
            entry[ball, 2] = eye
        entry[:, 3] = head.lid_clearance.astype(np.float32).view(np.uint32)
        self._action_runs.write(padded(entry, MESH_WIDTH, self._rows))
        rows = -(-len(actions) // LIST_WIDTH)
        if rows != self._actions.height:
            self._actions.release()
            self._actions = texel_texture(self._context, (LIST_WIDTH, rows), 4, "f2")
        self._actions.write(padded(actions.astype(np.float16), LIST_WIDTH, rows))

    def draw(self) -> int:
        """Poses all vertices; the number of draw calls."""
        self._target.use()
        self._neutral.use(NEUTRAL_UNIT)
        self._action_runs.use(ACTION_RUNS_UNIT)
        self._actions.use(ACTIONS_UNIT)
        self._pass.render(moderngl.TRIANGLES, vertices=3)
        return 1 + self._normals.draw(self._positions)

    def read_positions(self) -> NDArray[np.float32]:
        """(V padded, 3) world metres as last posed; waits for the GPU, for tests."""
        texels = np.frombuffer(self._positions.read(), np.float32)
        return texels.reshape(-1, 4)[:, :3]

    def close(self) -> None:
        self._actions.release()
        self._owned.close()


def _actions_by_vertex(head: FreeHead) -> tuple[Integers, NDArray[np.float32]]:
    """Per vertex (first entry, entry count); per entry (dx, dy, dz, action)."""
    actions = head.actions
    index = np.repeat(np.arange(len(actions.names)), np.diff(actions.starts))
    order = np.argsort(actions.vertices, kind="stable")
    counts = np.bincount(actions.vertices, minlength=len(head.positions))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    entries = np.concatenate([actions.deltas, index[:, None].astype(np.float32)], axis=1)
    return np.stack([starts, counts], axis=1), entries[order]
