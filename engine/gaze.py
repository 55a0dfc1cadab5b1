"""Where each eye looks, from the irises; and the eight eyeLook weights that say the same.

MediaPipe's own eyeLook scores are weak (slopes .05 to .6 on rendered heads), its iris points are
good: an iris that leaves the middle of its eye by 1 mm has turned by about 5°.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import INDEX
from engine.geometry import Array

RADIANS_PER_UNIT = math.radians(35.0)
"""Eye rotation at an eyeLook weight of 1, measured in Live Link Face recordings."""

# In widths of the eye (corner to corner, about 29 mm): from the middle of the corners to the
# eyeball's centre (outwards, up, back) and from there to the iris. An adult's iris lies 10.5 mm
# from the centre of its eyeball, the centre about 5 mm behind the corners. The inner corner is
# long (caruncle), so the middle of the corners lies nasally of the eyeball: 1.6 mm on real
# footage and on rendered heads alike, 2026-11.
_EYEBALL_OUTWARDS, _EYEBALL_UP, _EYEBALL_BACK = 0.055, 0.055, 0.17
_IRIS_DISTANCE = 0.36


@dataclass(frozen=True, slots=True)
class _Eye:
    """Landmark numbers of one eye, and the sign of head space's x on its outer side."""

    outer: int
    inner: int
    iris: int
    outwards: float


_LEFT_EYE = _Eye(outer=263, inner=362, iris=473, outwards=1.0)
_RIGHT_EYE = _Eye(outer=33, inner=133, iris=468, outwards=-1.0)

_EYE_LOOK = {
    side: tuple(INDEX[f"eyeLook{way}{side}"] for way in ("Out", "In", "Down", "Up"))
    for side in ("Left", "Right")
}


def gaze_from_landmarks(landmarks: Array, camera_from_head: Array) -> Array:
    """(2, 2) radians, rows left and right eye, columns yaw (+ person's left) and pitch (+ down).

    landmarks: (478, 3) pixels. camera_from_head: (3, 3) rotation as seen along the line of sight
    (`along_line_of_sight`). Orthographic: the depth of the landmarks is a guess of the network
    and is not used.
    """
    return np.array(
        [_eye_angles(landmarks, camera_from_head, eye) for eye in (_LEFT_EYE, _RIGHT_EYE)]
    )


def _eye_angles(landmarks: Array, camera_from_head: Array, eye: _Eye) -> tuple[float, float]:
    outer, inner, iris = landmarks[[eye.outer, eye.inner, eye.iris], :2] * (1.0, -1.0)  # y up
    foreshortening = max(math.hypot(*camera_from_head[:2, 0]), 0.2)
    width = max(math.hypot(*(outer - inner)) / foreshortening, 1.0)
    offset = camera_from_head @ (eye.outwards * _EYEBALL_OUTWARDS, _EYEBALL_UP, -_EYEBALL_BACK)
    centre = (outer + inner) / 2 + offset[:2] * width
    x, y = (iris - centre) / (_IRIS_DISTANCE * width)
    length = math.hypot(x, y)
    if length > 0.95:  # past the edge of the eyeball: noise, or lids in the way
        x, y = x * 0.95 / length, y * 0.95 / length
    ray = camera_from_head.T @ np.array([x, y, math.sqrt(1.0 - x * x - y * y)])
    return math.atan2(ray[0], ray[2]), -math.asin(min(1.0, max(-1.0, float(ray[1]))))


def along_line_of_sight(rotation: Array, position: Array) -> Array:
    """The (3, 3) rotation of a head at `position` as it appears to a camera that faces it.

    A head at the edge of the picture that looks straight ahead shows the camera its side.
    """
    x, y, z = (float(c) for c in position)
    distance, across = math.sqrt(x * x + y * y + z * z), math.hypot(x, z)
    if across < 1e-6:  # at the camera, or right above it: there is no side to speak of
        return rotation
    # From the head to the camera, then right and up as that line of sight sees them.
    fx, fy, fz = -x / distance, -y / distance, -z / distance
    rx, rz = -z / across, x / across
    camera_from_sight = np.array(
        [[rx, 0.0, rz], [fy * rz, fz * rx - fx * rz, -fy * rx], [fx, fy, fz]]
    )
    return np.asarray(camera_from_sight @ rotation)


def set_eye_look(weights: NDArray[np.float64], gaze: Array) -> None:
    """Write the eight eyeLook weights that mean `gaze` into `weights` (52,)."""
    for (yaw, pitch), side, sign in zip(gaze, ("Left", "Right"), (1.0, -1.0), strict=True):
        out, into, down, up = _EYE_LOOK[side]
        outward = sign * yaw / RADIANS_PER_UNIT
        downward = pitch / RADIANS_PER_UNIT
        weights[out], weights[into] = _split(outward)
        weights[down], weights[up] = _split(downward)


def _split(value: float) -> tuple[float, float]:
    """A signed value as two weights, one for each direction."""
    return min(max(value, 0.0), 1.0), min(max(-value, 0.0), 1.0)
