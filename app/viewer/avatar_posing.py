"""An avatar's vertices, posed on the GPU: positions and normals in two textures, a texel a vertex.

Uploaded once: the mesh, its joints' weights, the moves by morph targets. Per frame one pass
(shaders/avatar_pose.glsl) reads the joints' matrices and the morph targets' weights.
"""

from __future__ import annotations

from contextlib import ExitStack

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer.lifetime import owned
from app.viewer.normals import (
    LIST_WIDTH,
    MESH_WIDTH,
    NORMALS_UNIT,
    POSITIONS_UNIT,
    mesh_rows,
    padded,
    texel_texture,
)
from app.viewer.programs import compile_program
from models.avatars.avatar import Avatar, Pose

UNITS = {
    name: unit
    for unit, name in enumerate(
        (
            *("u_rest", "u_upright", "u_joints", "u_shares", "u_runs"),
            *("u_moves", "u_turns", "u_matrices", "u_targets"),
        )
    )
}


class PosedAvatar:
    """The posed mesh of one avatar."""

    def __init__(self, context: moderngl.Context, avatar: Avatar, corners: moderngl.Buffer) -> None:
        self._context = context
        self._owned = ExitStack()
        vertices, offsets = avatar.meshes.vertices, avatar.offsets
        self._count = len(vertices.positions)
        size = (MESH_WIDTH, mesh_rows(self._count))
        self._positions = owned(self._owned, texel_texture(context, size, 4, "f4"))
        self._normals = owned(self._owned, texel_texture(context, size, 4, "f4"))
        self._target = owned(self._owned, context.framebuffer([self._positions, self._normals]))
        counts = np.bincount(offsets.vertices, minlength=self._count)
        runs = np.stack([np.cumsum(counts) - counts, counts], axis=1).astype(np.uint32)
        moves = np.concatenate([offsets.positions, offsets.targets[:, None]], axis=1)
        targets = len(avatar.drives.resting)
        self._read = {
            "u_rest": self._of_vertices(vertices.positions, "f4"),
            "u_upright": self._of_vertices(vertices.normals, "f4"),
            "u_joints": self._of_vertices(vertices.joints, "f4"),
            "u_shares": self._of_vertices(vertices.weights, "f4"),
            "u_runs": self._of_vertices(runs, "u4"),
            "u_moves": self._as_list(moves),
            "u_turns": self._as_list(offsets.normals),
            "u_matrices": self._matrices(len(avatar.meshes.joints.nodes)),
            "u_targets": self._as_list(np.zeros((targets, 1)), components=1),
        }
        self._weights = np.zeros((self._read["u_targets"].height * LIST_WIDTH, 1), np.float32)
        program = owned(self._owned, compile_program(context, "avatar_pose"))
        for name, unit in UNITS.items():
            program[name] = unit
        self._pass = owned(
            self._owned, context.vertex_array(program, [(corners, "2f", "in_corner")])
        )

    def draw(self, pose: Pose) -> int:
        """Poses all vertices, and leaves them at their units; the number of draw calls."""
        self._read["u_matrices"].write(np.ascontiguousarray(pose.joints[:, :3]))
        self._weights[: len(pose.targets), 0] = pose.targets
        self._read["u_targets"].write(self._weights)
        self._target.use()
        for name, texture in self._read.items():
            texture.use(UNITS[name])
        self._pass.render(moderngl.TRIANGLES, vertices=3)
        self._positions.use(POSITIONS_UNIT)
        self._normals.use(NORMALS_UNIT)
        return 1

    def read_positions(self) -> NDArray[np.float32]:
        """(V, 3) world metres as last posed; waits for the GPU, for tests."""
        texels = np.frombuffer(self._positions.read(), np.float32)
        return texels.reshape(-1, 4)[: self._count, :3]

    def close(self) -> None:
        self._owned.close()

    def _of_vertices(self, values: NDArray[np.generic], dtype: str) -> moderngl.Texture:
        rows = mesh_rows(self._count)
        components = 2 if dtype == "u4" else 4
        return self._texture(values, (MESH_WIDTH, rows), components, dtype)

    def _as_list(self, values: NDArray[np.generic], components: int = 4) -> moderngl.Texture:
        rows = max(1, -(-len(values) // LIST_WIDTH))
        return self._texture(values, (LIST_WIDTH, rows), components, "f4")

    def _matrices(self, count: int) -> moderngl.Texture:
        return owned(self._owned, texel_texture(self._context, (3, count), 4, "f4"))

    def _texture(
        self, values: NDArray[np.generic], size: tuple[int, int], components: int, dtype: str
    ) -> moderngl.Texture:
        texels = np.zeros((len(values), components), np.uint32 if dtype == "u4" else np.float32)
        texels[:, : values.shape[1]] = values
        texture = owned(self._owned, texel_texture(self._context, size, components, dtype))
        texture.write(padded(texels, *size))
        return texture
