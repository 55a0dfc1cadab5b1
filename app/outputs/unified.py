"""VRCFaceTracking's "Unified Expressions", version 2, from ARKit's blendshapes, gaze and head.
https://docs.vrcft.io/docs/tutorial-avatars/tutorial-avatars-extras/parameters

Expressions are 0..1, directions and opposites -1..1. What ARKit does not know (pupils, cheeks
sucked in, lips tightened, the tongue's directions) is left out: an avatar keeps its default there.
"""

from __future__ import annotations

import math

import numpy as np

from engine.blendshapes import INDEX
from engine.data import FaceState
from engine.geometry import IDENTITY_ROTATION, Array, euler_from_quaternion

_HEAD_TURN = math.pi / 2.0  # radians for 1
_HEAD_MOVE = 0.5  # metres for 1

_OPEN_LID, _WIDE_LID = 0.75, 0.25  # shares of EyeLid: a relaxed eye is at 0.75


def unified_values(state: FaceState, origin: Array) -> list[float]:
    """A value for each of `UNIFIED`, -1..1. origin: (3,) metres, where the head's move is 0."""
    return [min(1.0, max(-1.0, value)) for value in _by_name(state, origin).values()]


def _by_name(state: FaceState, origin: Array) -> dict[str, float]:
    weights = state.weights.clip(0.0, 1.0).tolist()
    return (
        _eyes(weights, state.gaze)
        | _brows(weights)
        | _cheeks_and_nose(weights)
        | _jaw_and_tongue(weights)
        | _lips(weights)
        | _mouth(weights)
        | _head(state, origin)
    )


def _pair(weights: list[float], name: str) -> tuple[float, float]:
    return weights[INDEX[f"{name}Left"]], weights[INDEX[f"{name}Right"]]


def _sides(name: str, pair: tuple[float, float]) -> dict[str, float]:
    """Left, right and their mean."""
    left, right = pair
    return {f"{name}Left": left, f"{name}Right": right, name: (left + right) / 2.0}


def _eyes(weights: list[float], gaze: Array) -> dict[str, float]:
    """X + to the person's right, Y + up; 1 is 45 degrees."""
    (left_yaw, left_pitch), (right_yaw, right_pitch) = gaze.clip(-1.5, 1.5).tolist()
    left_x, left_y = -math.tan(left_yaw), -math.tan(left_pitch)
    right_x, right_y = -math.tan(right_yaw), -math.tan(right_pitch)
    closed = _pair(weights, "eyeBlink")
    wide = _pair(weights, "eyeWide")
    squint = _pair(weights, "eyeSquint")
    opened = 1.0 - closed[0], 1.0 - closed[1]
    lids = tuple(_OPEN_LID * o + _WIDE_LID * w for o, w in zip(opened, wide, strict=True))
    return {
        "EyeLeftX": left_x,
        "EyeLeftY": left_y,
        "EyeRightX": right_x,
        "EyeRightY": right_y,
        "EyeX": (left_x + right_x) / 2.0,
        "EyeY": (left_y + right_y) / 2.0,
        **_sides("EyeOpen", opened),
        **_sides("EyeClosed", closed),
        **_sides("EyeLid", (lids[0], lids[1])),
        "EyeWideLeft": wide[0],
        "EyeWideRight": wide[1],
        "EyeWide": max(wide),
        "EyeSquintLeft": squint[0],
        "EyeSquintRight": squint[1],
        "EyeSquint": max(squint),
        "EyesSquint": max(squint),
    }


def _brows(weights: list[float]) -> dict[str, float]:
    down, outer = _pair(weights, "browDown"), _pair(weights, "browOuterUp")
    inner = weights[INDEX["browInnerUp"]]
    up = 0.6 * outer[0] + 0.4 * inner, 0.6 * outer[1] + 0.4 * inner
    expression = (inner + outer[0]) / 2.0 - down[0], (inner + outer[1]) / 2.0 - down[1]
    return {
        "BrowPinchLeft": down[0],
        "BrowPinchRight": down[1],
        "BrowLowererLeft": down[0],
        "BrowLowererRight": down[1],
        **_sides("BrowInnerUp", (inner, inner)),
        **_sides("BrowOuterUp", outer),
        **_sides("BrowUp", up),
        **_sides("BrowDown", down),
        **_sides("BrowExpression", expression),
    }


def _cheeks_and_nose(weights: list[float]) -> dict[str, float]:
    puff = weights[INDEX["cheekPuff"]]
    return {
        **_sides("CheekSquint", _pair(weights, "cheekSquint")),
        "CheekPuffLeft": puff,
        "CheekPuffRight": puff,
        **_sides("CheekPuffSuck", (puff, puff)),
        **_sides("NoseSneer", _pair(weights, "noseSneer")),
    }


def _jaw_and_tongue(weights: list[float]) -> dict[str, float]:
    left, right = _pair(weights, "jaw")
    forward = weights[INDEX["jawForward"]]
    return {
        "JawOpen": weights[INDEX["jawOpen"]],
        "JawLeft": left,
        "JawRight": right,
        "JawX": right - left,
        "JawForward": forward,
        "JawZ": forward,
        "MouthClosed": weights[INDEX["mouthClose"]],
        "TongueOut": weights[INDEX["tongueOut"]],
    }


def _lips(weights: list[float]) -> dict[str, float]:
    """Funnel, pucker and suck: ARKit knows no sides here, and only suck has upper and lower."""
    funnel, pucker = weights[INDEX["mouthFunnel"]], weights[INDEX["mouthPucker"]]
    upper, lower = weights[INDEX["mouthRollUpper"]], weights[INDEX["mouthRollLower"]]
    return {
        **_sides("LipSuckUpper", (upper, upper)),
        **_sides("LipSuckLower", (lower, lower)),
        "LipSuck": (upper + lower) / 2.0,
        **_sides("LipFunnelUpper", (funnel, funnel)),
        **_sides("LipFunnelLower", (funnel, funnel)),
        "LipFunnel": funnel,
        **_sides("LipPuckerUpper", (pucker, pucker)),
        **_sides("LipPuckerLower", (pucker, pucker)),
        **_sides("LipPucker", (pucker, pucker)),
        **_sides("LipSuckFunnelUpper", (upper - funnel, upper - funnel)),
        **_sides("LipSuckFunnelLower", (lower - funnel, lower - funnel)),
    }


def _mouth(weights: list[float]) -> dict[str, float]:
    left, right = _pair(weights, "mouth")
    up, down = _pair(weights, "mouthUpperUp"), _pair(weights, "mouthLowerDown")
    smile, frown = _pair(weights, "mouthSmile"), _pair(weights, "mouthFrown")
    stretch = _pair(weights, "mouthStretch")
    sad = max(frown[0], stretch[0]), max(frown[1], stretch[1])
    corner = smile[0] - frown[0], smile[1] - frown[1]
    return {
        "MouthUpperLeft": left,
        "MouthUpperRight": right,
        "MouthLowerLeft": left,
        "MouthLowerRight": right,
        "MouthUpperX": right - left,
        "MouthLowerX": right - left,
        "MouthX": right - left,
        **_sides("MouthUpperUp", up),
        "MouthUpperDeepenLeft": up[0],
        "MouthUpperDeepenRight": up[1],
        **_sides("MouthLowerDown", down),
        "MouthOpen": (sum(up) + sum(down)) / 4.0,
        "MouthCornerPullLeft": smile[0],
        "MouthCornerPullRight": smile[1],
        "MouthCornerSlantLeft": smile[0],
        "MouthCornerSlantRight": smile[1],
        "MouthSmileLeft": smile[0],
        "MouthSmileRight": smile[1],
        "MouthFrownLeft": frown[0],
        "MouthFrownRight": frown[1],
        "MouthSadLeft": sad[0],
        "MouthSadRight": sad[1],
        **_sides("MouthCornerY", corner),
        **_sides("SmileFrown", corner),
        **_sides("SmileSad", (smile[0] - sad[0], smile[1] - sad[1])),
        **_sides("MouthStretch", stretch),
        **_sides("MouthTightenerStretch", (-stretch[0], -stretch[1])),
        **_sides("MouthDimple", _pair(weights, "mouthDimple")),
        **_sides("MouthPress", _pair(weights, "mouthPress")),
        "MouthRaiserUpper": weights[INDEX["mouthShrugUpper"]],
        "MouthRaiserLower": weights[INDEX["mouthShrugLower"]],
    }


def _head(state: FaceState, origin: Array) -> dict[str, float]:
    """In Unity's axes: yaw + to the person's right, pitch + down, roll + to their left shoulder."""
    pitch, yaw, roll = euler_from_quaternion(state.head_rotation)
    x, y, z = ((state.head_position - origin) / _HEAD_MOVE).tolist()
    return {
        "Head/Yaw": -yaw / _HEAD_TURN,
        "Head/Pitch": pitch / _HEAD_TURN,
        "Head/Roll": -roll / _HEAD_TURN,
        "Head/PosX": -x,
        "Head/PosY": y,
        "Head/PosZ": z,
    }


_ANY_FACE = FaceState(
    timestamp=0.0,
    tracked=False,
    confidence=0.0,
    weights=np.zeros(len(INDEX)),
    head_rotation=IDENTITY_ROTATION,
    head_position=np.zeros(3),
    gaze=np.zeros((2, 2)),
    landmarks=None,
    image_size=(0, 0),
)

UNIFIED: tuple[str, ...] = tuple(_by_name(_ANY_FACE, np.zeros(3)))
"""The names of the values, as they stand behind `v2/` in an avatar's parameter."""
