"""The viewer's camera: where it stands and what it sees.

World is the resting head space: metres, origin between the eyes, +X to the person's left, +Y up,
+Z out of the face. Matrices are (4, 4) float64 for column vectors, named target_from_source.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TARGET = (0.0, -0.035, -0.03)  # what the camera turns about: a little below the eyes
DISTANCE = 0.92  # metres; with FIELD_OF_VIEW: hair to shoulders
FIELD_OF_VIEW = math.radians(24.0)  # vertical; a portrait lens, so that noses stay small
NEAR, FAR = 0.05, 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    view_from_world: Array
    clip_from_view: Array

    @property
    def clip_from_world(self) -> Array:
        return self.clip_from_view @ self.view_from_world

    @property
    def position(self) -> Array:
        """(3,) metres, world."""
        rotation = self.view_from_world[:3, :3]
        position: Array = -rotation.T @ self.view_from_world[:3, 3]
        return position

    def pixel_angle(self, height: int) -> float:
        """World size at distance 1 of a pixel of a picture `height` pixels high."""
        return 2.0 / (float(self.clip_from_view[1, 1]) * height)


def orbit_camera(
    *,
    aspect: float,
    yaw: float = 0.0,
    pitch: float = 0.0,
    distance: float = DISTANCE,
    target: tuple[float, float, float] = TARGET,
    field_of_view: float = FIELD_OF_VIEW,
) -> Camera:
    """Looks at the target. Radians: yaw + goes to the person's left, pitch + goes up.

    aspect: width / height of the picture. field_of_view: vertical.
    """
    outward = np.array(
        [
            math.cos(pitch) * math.sin(yaw),
            math.sin(pitch),
            math.cos(pitch) * math.cos(yaw),
        ]
    )
    eye = np.array(target) + distance * outward
    return Camera(view_from(eye, outward), perspective(field_of_view, aspect))


def view_from(position: Array, backward: Array) -> Array:
    """view_from_world of a camera at `position` whose +Z (unit) is `backward`; +Y is up."""
    right = np.cross([0.0, 1.0, 0.0], backward)
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(backward, right), backward])
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = -rotation @ position
    return matrix


def perspective(field_of_view: float, aspect: float) -> Array:
    """clip_from_view of OpenGL: looks along -Z, depth -1..1."""
    scale = 1.0 / math.tan(field_of_view / 2)
    matrix = np.zeros((4, 4))
    matrix[0, 0] = scale / aspect
    matrix[1, 1] = scale
    matrix[2, 2] = -(FAR + NEAR) / (FAR - NEAR)
    matrix[2, 3] = -2 * FAR * NEAR / (FAR - NEAR)
    matrix[3, 2] = -1.0
    return matrix


def orthographic(half_size: float, near: float, far: float) -> Array:
    """clip_from_view of a square of side 2 half_size metres, depth -1..1."""
    matrix = np.eye(4)
    matrix[0, 0] = matrix[1, 1] = 1.0 / half_size
    matrix[2, 2] = -2.0 / (far - near)
    matrix[2, 3] = -(far + near) / (far - near)
    return matrix
