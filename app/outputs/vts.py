"""VTube Studio as a plugin: its own inputs, and the 52 ARKit shapes as inputs of ours.
https://github.com/DenchiSoft/VTubeStudio

Here are the values; `app.outputs.vts_dialogue` talks to the program. Angles are degrees, + to the
person's left, up, and to their left shoulder; positions centimetres from where the face was first
seen; eyes -1..1, + to the person's right and up, 1 at 35 degrees.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.outputs.axes import UNCHANGED, AxisSettings
from engine.blendshapes import BLENDSHAPES, INDEX, pascal_case
from engine.data import FaceState
from engine.geometry import Array, euler_from_quaternion

PORT = 8001

API = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0"}

CUSTOM = tuple(map(pascal_case, BLENDSHAPES))
"""Names of the inputs that we create, unless VTube Studio has one of that name."""

_FULL_GAZE = math.radians(35.0)


@dataclass(frozen=True, slots=True)
class VtsSettings:
    """How VTube Studio is sent to.

    custom: create the 52 ARKit shapes as inputs, for models that are made for them.
    """

    custom: bool = True
    axes: AxisSettings = UNCHANGED


@dataclass(frozen=True, slots=True)
class Input:
    """One of VTube Studio's, with the range that it gave."""

    name: str
    lowest: float
    highest: float


class VtsEncoder:
    """States to requests, for the inputs that there are."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        """inputs: those that we do not know are left out."""
        known = {name: i for i, name in enumerate(KNOWN)}
        mine = [one for one in inputs if one.name in known]
        self._sources = [known[one.name] for one in mine]
        self._lowest = np.array([one.lowest for one in mine])
        self._highest = np.array([one.highest for one in mine])
        values = ",".join(f'{{"id":"{one.name}","value":%.6g}}' for one in mine)
        head = json.dumps({**API, "requestID": "%d", "messageType": "InjectParameterDataRequest"})
        self._text = (
            f'{head[:-1]}, "data":{{"faceFound":%s,"mode":"set","parameterValues":[{values}]}}}}'
        )
        self._origin: Array | None = None

    def encode(self, state: FaceState, number: int) -> str:
        """The request. number: its id."""
        if self._origin is None and state.tracked:
            self._origin = state.head_position
        origin = state.head_position if self._origin is None else self._origin
        values = np.array(_values(state, origin))[self._sources]
        return self._text % (
            number,
            "true" if state.tracked else "false",
            *values.clip(self._lowest, self._highest).tolist(),
        )


def _values(state: FaceState, origin: Array) -> list[float]:
    """In the order of `KNOWN`."""
    weights = state.weights.clip(0.0, 1.0).tolist()
    own = _own_inputs(state, origin, weights)
    return [*(own[name] for name in _OWN), *weights]


def _own_inputs(state: FaceState, origin: Array, weights: list[float]) -> dict[str, float]:
    """VTube Studio's own, which models that are made for a webcam use."""

    def sides(name: str) -> tuple[float, float]:
        return weights[INDEX[f"{name}Left"]], weights[INDEX[f"{name}Right"]]

    pitch, yaw, roll = map(math.degrees, euler_from_quaternion(state.head_rotation))
    x, y, z = (100.0 * (state.head_position - origin)).tolist()
    (left_yaw, left_pitch), (right_yaw, right_pitch) = (state.gaze / _FULL_GAZE).tolist()
    blink, brow_down, brow_up = sides("eyeBlink"), sides("browDown"), sides("browOuterUp")
    smile, frown, dimple = sides("mouthSmile"), sides("mouthFrown"), sides("mouthDimple")
    mouth = sides("mouth")
    pucker = weights[INDEX["mouthPucker"]]
    mouth_open = weights[INDEX["jawOpen"]] - weights[INDEX["mouthClose"]]
    mouth_smile = (2.0 - sum(frown) - pucker + sum(smile) + sum(dimple) / 2.0) / 4.0
    brows = [0.5 + (up - down) / 2.0 for up, down in zip(brow_up, brow_down, strict=True)]
    return {
        "FaceAngleX": yaw,
        "FaceAngleY": -pitch,
        "FaceAngleZ": -roll,
        "FacePositionX": x,
        "FacePositionY": y,
        "FacePositionZ": z,
        "EyeOpenLeft": 1.0 - blink[0],
        "EyeOpenRight": 1.0 - blink[1],
        "EyeLeftX": -left_yaw,
        "EyeLeftY": -left_pitch,
        "EyeRightX": -right_yaw,
        "EyeRightY": -right_pitch,
        "MouthOpen": mouth_open,
        "VoiceVolumePlusMouthOpen": mouth_open,
        "MouthSmile": mouth_smile,
        "VoiceFrequencyPlusMouthSmile": mouth_smile,
        "MouthX": mouth[0] - mouth[1] + smile[0] - smile[1],
        "Brows": sum(brows) / 2.0,
        "BrowLeftY": brows[0],
        "BrowRightY": brows[1],
        "FaceAngry": sum(brow_down) / 2.0,
    }


_OWN = (
    *("FaceAngleX", "FaceAngleY", "FaceAngleZ", "FacePositionX", "FacePositionY", "FacePositionZ"),
    *("EyeOpenLeft", "EyeOpenRight", "EyeLeftX", "EyeLeftY", "EyeRightX", "EyeRightY"),
    *("MouthOpen", "VoiceVolumePlusMouthOpen", "MouthSmile", "VoiceFrequencyPlusMouthSmile"),
    *("MouthX", "Brows", "BrowLeftY", "BrowRightY", "FaceAngry"),
)

KNOWN: tuple[str, ...] = (*_OWN, *CUSTOM)
"""The inputs that we can fill. CheekPuff and TongueOut are both VTube Studio's own and ARKit's."""
