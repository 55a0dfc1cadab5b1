"""Spaces and rotations.

Seconds, metres, radians. Quaternions are x, y, z, w and of unit length. A transform is called
target_from_source. Left and right are the person's own.

Head space and camera space are right-handed, as ARKit's face anchor, MediaPipe's facial matrix
and glTF: +X to the person's left (the right edge of an unmirrored picture), +Y up, +Z out of the
face, towards the camera. The camera is the origin of camera space, so a face has z < 0.

Euler angles turn in the order yaw, pitch, roll (R = Ry·Rx·Rz, Unity's order):
    pitch + looks down, yaw + turns to the person's left, roll + tilts to the person's right
    shoulder.
Foreign axes are converted by each protocol's `encode` and nowhere else.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

IDENTITY_ROTATION: Array = np.array([0.0, 0.0, 0.0, 1.0])


def matrix_from_quaternion(q: Array) -> Array:
    """(3, 3) rotation matrix of a unit quaternion xyzw."""
    x, y, z, w = (float(c) for c in q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_from_matrix(rotation: Array) -> Array:
    """Unit quaternion xyzw, w >= 0, of a (3, 3) rotation matrix.

    Shepperd's method: divides by the largest of the four components, so it is exact everywhere.
    """
    m = [[float(c) for c in row] for row in rotation]
    trace = m[0][0] + m[1][1] + m[2][2]
    squares = (m[0][0], m[1][1], m[2][2], trace)
    largest = squares.index(max(squares))
    if largest == 3:
        q = [m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1], 1.0 + trace]
    else:
        i, j, k = largest, (largest + 1) % 3, (largest + 2) % 3
        q = [0.0] * 4
        q[i] = 1.0 - trace + 2.0 * m[i][i]
        q[j] = m[j][i] + m[i][j]
        q[k] = m[k][i] + m[i][k]
        q[3] = m[k][j] - m[j][k]
    scale = math.copysign(1.0 / math.sqrt(sum(c * c for c in q)), q[3])
    return np.array([c * scale for c in q])


def euler_from_quaternion(q: Array) -> tuple[float, float, float]:
    """(pitch, yaw, roll) in radians; signs and order as above. Pitch is within ±π/2."""
    r = matrix_from_quaternion(q)
    pitch = math.asin(min(1.0, max(-1.0, -float(r[1, 2]))))
    return pitch, math.atan2(r[0, 2], r[2, 2]), math.atan2(r[1, 0], r[1, 1])


def quaternion_from_euler(pitch: float, yaw: float, roll: float) -> Array:
    """Unit quaternion xyzw from radians; signs and order as above."""
    cp, sp = math.cos(pitch / 2), math.sin(pitch / 2)
    cy, sy = math.cos(yaw / 2), math.sin(yaw / 2)
    cr, sr = math.cos(roll / 2), math.sin(roll / 2)
    return np.array(
        [
            cy * sp * cr + sy * cp * sr,
            sy * cp * cr - cy * sp * sr,
            cy * cp * sr - sy * sp * cr,
            cy * cp * cr + sy * sp * sr,
        ]
    )


def slerp(a: Array, b: Array, t: float) -> Array:
    """The rotation a share `t` of the short way from `a` to `b`; indifferent to their signs."""
    dot = float(a @ b)
    if dot < 0.0:
        b, dot = -b, -dot
    if dot > 0.9995:  # nearly equal: sin(angle) vanishes, the chord is as good
        q = a + t * (b - a)
    else:
        angle = math.acos(dot)
        q = math.sin((1 - t) * angle) * a + math.sin(t * angle) * b
    unit: Array = q / math.sqrt(float(q @ q))
    return unit


def turn_between(start: Array, end: Array) -> Array:
    """The turn about `start`'s own axes that leads to `end`, the short way: axis times radians.

    From IDENTITY_ROTATION it is the rotation vector of `end`.
    """
    ax, ay, az, aw = start.tolist()
    bx, by, bz, bw = end.tolist()
    x = aw * bx - bw * ax - ay * bz + az * by
    y = aw * by - bw * ay - az * bx + ax * bz
    z = aw * bz - bw * az - ax * by + ay * bx
    w = ax * bx + ay * by + az * bz + aw * bw
    sine = math.sqrt(x * x + y * y + z * z)
    angle = 2.0 * math.atan2(sine, abs(w))
    scale = math.copysign(angle / sine if sine > 0.0 else 2.0, w)  # q and -q are one rotation
    return np.array([x * scale, y * scale, z * scale])


def turned(rotation: Array, turn: Array) -> Array:
    """`rotation` after a turn about its own axes (axis times radians).

    Of IDENTITY_ROTATION it is the quaternion of that rotation vector.
    """
    ax, ay, az, aw = rotation.tolist()
    x, y, z = turn.tolist()
    half = 0.5 * math.sqrt(x * x + y * y + z * z)
    scale = 0.5 * math.sin(half) / half if half > 0.0 else 0.5
    bx, by, bz, bw = x * scale, y * scale, z * scale, math.cos(half)
    x = aw * bx + bw * ax + ay * bz - az * by
    y = aw * by + bw * ay + az * bx - ax * bz
    z = aw * bz + bw * az + ax * by - ay * bx
    w = aw * bw - ax * bx - ay * by - az * bz
    length = math.sqrt(x * x + y * y + z * z + w * w)
    return np.array([x / length, y / length, z / length, w / length])


def rotation_angle(a: Array, b: Array) -> float:
    """Radians, 0..π, between two rotations."""
    return 2.0 * math.acos(min(1.0, abs(float(a @ b))))


def smoothstep(share: float) -> float:
    """0 … 1 on the way from rest to rest: slow at both ends."""
    return share * share * (3.0 - 2.0 * share)
