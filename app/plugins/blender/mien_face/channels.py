"""What a face consists of: 60 numbers in one order, and the names under which they come.

Rows of numbers: 52 weights 0..1 in the order of `BLENDSHAPES`; the head's quaternion x y z w; yaw
and pitch of the left eye, of the right eye, radians. Head axes: +X the person's left, +Y up, +Z
out of the face. Yaw + turns to the person's left, pitch + looks down. Left and right are the
person's own.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence

BLENDSHAPES = (
    *("eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft"),
    *("eyeSquintLeft", "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight"),
    *("eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight", "eyeWideRight", "jawForward"),
    *("jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft"),
    *("mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight"),
    *("mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight"),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft"),
    *("mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft"),
    *("mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft"),
    *("browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft"),
    *("noseSneerRight", "tongueOut"),
)
"""mien's order, which /face/blendshapes has, too."""

INDEX = {name: i for i, name in enumerate(BLENDSHAPES)}
HEAD = len(BLENDSHAPES)  # where the quaternion begins
LEFT_EYE, RIGHT_EYE = HEAD + 4, HEAD + 6
WIDTH = HEAD + 8
NEUTRAL = (*[0.0] * HEAD, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)

_EYES = {"/eye/left": LEFT_EYE, "/eye/right": RIGHT_EYE}
_LARGEST_ANGLE = 180.0  # degrees


def _spellings() -> dict[str, int]:
    """Every spelling without case and separators: mouthsmileleft, mouthsmilel."""
    found = {}
    for index, name in enumerate(BLENDSHAPES):
        found[name.lower()] = index
        side = re.fullmatch(r"(.+)(Left|Right)", name)
        # jawLeft, mouthLeft are directions: "MouthL" is somebody's sound L.
        if side and side[1] not in ("jaw", "mouth"):
            found[side[1].lower() + side[2][0].lower()] = index
    return found


_SPELLINGS = _spellings()


@functools.cache
def blendshape_of(shape_key: str) -> int | None:
    """The number of the blendshape that a shape key is named after, in any usual spelling.

    mouthSmileLeft, MouthSmileLeft, mouthSmile_L, mouth_smile.L, Face_blendShape.mouthSmileLeft.
    """
    last = re.split(r"[.:|](?=..)", shape_key)[-1]  # behind Maya's and Mixamo's prefixes
    for spelling in (shape_key, last):
        index = _SPELLINGS.get(re.sub(r"[^a-z0-9]", "", spelling.lower()))
        if index is not None:
            return index
    return None


def values_of(address: str, numbers: Sequence[float]) -> tuple[int, tuple[float, ...]] | None:
    """Where in a row a message's numbers belong, and the numbers; None: it tells nothing of these.

    address: behind any prefix. What is out of range is brought into it; what is not finite or no
    rotation is left out.
    """
    if not all(map(math.isfinite, numbers)):
        return None
    parts = address.split("/")
    index, end = INDEX.get(parts[-1]), "/" + "/".join(parts[-2:])
    if index is not None and len(numbers) == 1:
        return index, (_weight(numbers[0]),)
    if parts[-1] == "blendshapes" and len(numbers) == len(BLENDSHAPES):
        return 0, tuple(map(_weight, numbers))
    if end == "/head/quat" and len(numbers) == 4:
        length = math.hypot(*numbers)
        return (HEAD, tuple(n / length for n in numbers)) if 0.5 < length < 2.0 else None
    if end in _EYES and len(numbers) == 2:
        limited = (max(-_LARGEST_ANGLE, min(_LARGEST_ANGLE, degrees)) for degrees in numbers)
        return _EYES[end], tuple(map(math.radians, limited))
    return None


def tracked_of(address: str, numbers: Sequence[float]) -> bool | None:
    """Whether a face is seen; None: the message tells nothing of it."""
    if address.rpartition("/")[2] != "tracked" or len(numbers) != 1:
        return None
    return bool(numbers[0])


def quaternion(pitch: float, yaw: float, roll: float = 0.0) -> tuple[float, float, float, float]:
    """x y z w from radians, turned in the order yaw, pitch, roll; roll + to the right shoulder."""
    cp, sp = math.cos(pitch / 2), math.sin(pitch / 2)
    cy, sy = math.cos(yaw / 2), math.sin(yaw / 2)
    cr, sr = math.cos(roll / 2), math.sin(roll / 2)
    return (
        cy * sp * cr + sy * cp * sr,
        sy * cp * cr - cy * sp * sr,
        cy * cp * sr - sy * sp * cr,
        cy * cp * cr + sy * sp * sr,
    )


def eye_angles(x: float, y: float, z: float, w: float) -> tuple[float, float]:
    """(yaw, pitch) in radians of a rotation, whatever its roll."""
    pitch = math.asin(max(-1.0, min(1.0, 2.0 * (w * x - y * z))))
    return math.atan2(2.0 * (x * z + w * y), 1.0 - 2.0 * (x * x + y * y)), pitch


def _weight(number: float) -> float:
    return max(0.0, min(1.0, number))
