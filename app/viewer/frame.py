"""The two uniform blocks: what changes with every frame, and the colours of the look.

Layouts mirror shaders/frame.glsl and shaders/look.glsl (std140: every field is made of vec4).
Both are written into one preallocated array and sent in one call.
"""

from __future__ import annotations

import math
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer.camera import Camera
from app.viewer.lights import Lights
from app.viewer.look import EYE_COLORS, HAIR_COLORS, SHIRTS, SKINS, Look
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.geometry import IDENTITY_ROTATION, matrix_from_quaternion
from models.heads.free import FreeHead

FRAME_BINDING, LOOK_BINDING = 0, 1

FRAME_LAYOUT = np.dtype(
    [
        ("clip_from_world", "f4", (4, 4)),  # matrices are stored by columns: written transposed
        ("shadow_from_world", "f4", (4, 4)),
        ("head_from_world", "f4", (4, 4)),
        ("eye_from_head", "f4", (2, 4, 4)),
        ("camera_position", "f4", 4),
        ("key_direction", "f4", 4),
        ("key_color", "f4", 4),
        ("fill_direction", "f4", 4),
        ("fill_color", "f4", 4),
        ("rim_direction", "f4", 4),
        ("rim_color", "f4", 4),
        ("head_turn", "f4", 4),
        ("neck_pivot", "f4", 4),
        ("head_position", "f4", 4),
        ("eye_center", "f4", (2, 4)),
        ("brow_wrinkles", "f4", 4),
        ("cheek_wrinkles", "f4", 4),
        ("weights", "f4", 52),
    ]
)
LOOK_LAYOUT = np.dtype(
    [
        (name, "f4", 4)
        for name in (
            "skin_color",
            "lip_color",
            "blood_color",
            "hair_root_color",
            "hair_tip_color",
            "brow_color",
            "iris_color",
            "iris_inner_color",
            "shirt_color",
        )
    ]
)
BROW_ACTIONS = np.array(
    [
        INDEX[name]
        for name in ("browOuterUpLeft", "browOuterUpRight", "browDownLeft", "browDownRight")
    ]
)
CHEEK_ACTIONS = np.array(
    [
        INDEX[name]
        for name in ("mouthSmileLeft", "mouthSmileRight", "eyeSquintLeft", "eyeSquintRight")
    ]
)
CHEEK_LIFTS = np.array([INDEX["cheekSquintLeft"], INDEX["cheekSquintRight"]])
SNEERS = np.array([INDEX["noseSneerLeft"], INDEX["noseSneerRight"]])
BROW_INNER_UP = INDEX["browInnerUp"]


class FrameBlock:
    """Camera, lights and pose of one frame; at rest till it is told a pose."""

    def __init__(self, context: moderngl.Context, lights: Lights) -> None:
        self._values = np.zeros(1, FRAME_LAYOUT)
        self._buffer = context.buffer(reserve=self._values.nbytes, dynamic=True)
        self._pivot = np.zeros(3)
        self._eye_turn = 1.0
        row: Any = self._values[0]
        row["shadow_from_world"] = lights.shadow_from_world.T
        for name, light in (("key", lights.key), ("fill", lights.fill), ("rim", lights.rim)):
            row[f"{name}_direction"][:3] = light.direction
            row[f"{name}_color"][:3] = light.color
        self.pose(
            weights=np.zeros(len(BLENDSHAPES), np.float32),
            head_rotation=IDENTITY_ROTATION,
            head_position=None,
            gaze=np.zeros((2, 2)),
        )

    def set_head(self, head: FreeHead) -> None:
        row: Any = self._values[0]
        self._pivot = head.neck_pivot.astype(np.float64)
        row["neck_pivot"][:3] = head.neck_pivot
        row["eye_center"][:, :3] = head.eye_centers
        row["eye_center"][:, 3] = head.eye_radius
        self._eye_turn = head.eye_turn

    def pose(
        self,
        *,
        weights: NDArray[np.float32],
        head_rotation: NDArray[np.float64],
        head_position: NDArray[np.float64] | None,
        gaze: NDArray[np.float64],
    ) -> None:
        """The free head's; values as HeadRenderer.draw takes them."""
        row: Any = self._values[0]
        row["head_turn"] = _axis_and_angle(head_rotation)
        position = np.zeros(3) if head_position is None else head_position
        row["head_position"][:3] = position
        rotation = matrix_from_quaternion(head_rotation)
        row["head_from_world"] = 0.0
        matrix = row["head_from_world"]
        matrix[:3, :3] = rotation  # by columns: the transposed inverse rotation
        matrix[3, :3] = self._pivot - rotation.T @ (self._pivot + position)
        matrix[3, 3] = 1.0
        for eye in (0, 1):
            _write_eye_rotation(row["eye_from_head"][eye], self._eye_turn * gaze[eye])
        row["weights"] = weights
        brows, cheeks = row["brow_wrinkles"], row["cheek_wrinkles"]
        brows[:] = weights[BROW_ACTIONS]
        brows[:2] = np.maximum(brows[:2], weights[BROW_INNER_UP])
        brows[2:] = np.maximum(brows[2:], 0.7 * weights[SNEERS])
        cheeks[:] = weights[CHEEK_ACTIONS]
        cheeks[2:] = np.clip(cheeks[2:] + weights[CHEEK_LIFTS] + 0.5 * cheeks[:2], 0.0, 1.0)

    def use(self, camera: Camera, height: int) -> None:
        """Shaders read it from now on. height: of the picture that is drawn, in pixels."""
        row: Any = self._values[0]
        row["clip_from_world"] = camera.clip_from_world.T
        row["camera_position"][:3] = camera.position
        row["camera_position"][3] = camera.pixel_angle(height)
        self._buffer.write(self._values)
        self._buffer.bind_to_uniform_block(FRAME_BINDING)

    def close(self) -> None:
        self._buffer.release()


class LookBlock:
    """The colours of a look."""

    def __init__(self, context: moderngl.Context) -> None:
        self._values = np.zeros(1, LOOK_LAYOUT)
        self._buffer = context.buffer(reserve=self._values.nbytes, dynamic=True)

    def set_look(self, look: Look) -> None:
        skin, hair = SKINS[look.skin], HAIR_COLORS[look.hair_color]
        iris, cloth = EYE_COLORS[look.eyes], SHIRTS[look.shirt]
        row: Any = self._values[0]
        row["skin_color"] = (*skin.color, look.freckles)
        row["lip_color"] = (*skin.lips, look.lipstick)
        row["blood_color"] = (*skin.blood, 1.0)
        row["hair_root_color"] = (*hair.root, 0.0 if look.hair == "bald" else 1.0)
        row["hair_tip_color"] = (*hair.tip, look.stubble)
        row["brow_color"][:3] = 0.65 * np.array(hair.root) + 0.1 * np.array(hair.tip)
        row["iris_color"][:3] = iris.outer
        row["iris_inner_color"][:3] = iris.inner
        row["shirt_color"] = (*cloth.color, cloth.knit)
        self._buffer.write(self._values)

    def bind(self) -> None:
        self._buffer.bind_to_uniform_block(LOOK_BINDING)

    def close(self) -> None:
        self._buffer.release()


def _axis_and_angle(rotation: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Unit axis and angle 0..pi of a quaternion xyzw; the axis is +Y where there is no turn."""
    x, y, z, w = (float(c) for c in rotation)
    if w < 0.0:
        x, y, z, w = -x, -y, -z, -w
    sine = math.sqrt(x * x + y * y + z * z)
    if sine < 1e-9:
        return 0.0, 1.0, 0.0, 0.0
    return x / sine, y / sine, z / sine, 2.0 * math.atan2(sine, w)


def _write_eye_rotation(matrix: NDArray[np.float32], gaze: NDArray[np.float64]) -> None:
    """eye_from_head by columns, which is head_from_eye by rows: R = Ry(yaw) Rx(pitch)."""
    cy, sy = math.cos(gaze[0]), math.sin(gaze[0])
    cp, sp = math.cos(gaze[1]), math.sin(gaze[1])
    matrix[:] = 0.0
    matrix[0, :3] = cy, sy * sp, sy * cp
    matrix[1, :3] = 0.0, cp, -sp
    matrix[2, :3] = -sy, cy * sp, cy * cp
    matrix[3, 3] = 1.0
