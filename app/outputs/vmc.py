"""VMC protocol: bones and expressions of a VRM avatar over OSC. https://protocol.vmc.info/english

A frame: OK, T, four bones, the expressions, Apply. The receiver holds the expressions back until
Apply, so it does not matter at which of them a frame is split into bundles. Arguments are only
float32 and int32: EVMC4U stops receiving at a double.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from app.outputs.axes import UNCHANGED, AxisSettings
from app.outputs.datagrams import at_rest
from app.outputs.packets import Message, PreparedPackets
from engine import vrm_expressions
from engine.blendshapes import BLENDSHAPES, pascal_case
from engine.data import FaceState
from engine.errors import SettingsError
from engine.geometry import IDENTITY_ROTATION, Array, quaternion_from_euler, slerp

PORT = 39539  # where a marionette (an avatar's program) listens; a performer listens on 39540

Names = Literal["vrm0+perfectsync", "vrm0", "vrm1", "perfectsync", "perfectsync-camel"]

_LOADED, _CALIBRATED, _NORMAL_MODE = 1, 3, 0  # EVMC4U can hide an avatar that is not calibrated

_WRAP = 3600.0  # seconds; at an hour float32 still resolves 0.25 ms, at a day 8 ms

_REST_POSITIONS = {
    "Neck": (0.0, 0.12, 0.0),
    "Head": (0.0, 0.08, 0.01),
    "LeftEye": (-0.03, 0.07, 0.07),
    "RightEye": (0.03, 0.07, 0.07),
}
"""Metres from the parent bone in Unity's axes (+X the avatar's right, +Z forward), of an average
adult. Nearly all receivers use only rotations; one that applies positions keeps a head on its neck
with these, where zeros would fold it into the chest."""


@dataclass(frozen=True, slots=True)
class VmcSettings:
    """How VMC is sent.

    names:      which expressions: the presets of VRM 0.x or 1.0, the 52 ARKit shapes
                ("PerfectSync", spelled JawOpen or jawOpen), or presets and shapes together.
    emotions:   send Joy, Angry, Sorrow, Surprised too, where presets are sent; off for avatars
                whose emotions are switched by keys.
    neck_share: 0..1 of the head's rotation that goes to the neck bone. 0 by default: avatars
                without a neck bone, and programs that ignore it, show the whole rotation.
    """

    names: Names = "vrm0+perfectsync"
    emotions: bool = True
    neck_share: float = 0.0
    axes: AxisSettings = UNCHANGED

    def __post_init__(self) -> None:
        if self.names not in get_args(Names):
            raise SettingsError(
                f"unknown VMC names {self.names!r}; expected one of {', '.join(get_args(Names))}."
            )
        if not 0.0 <= self.neck_share <= 1.0:
            raise SettingsError(f"VMC neck_share is {self.neck_share}; expected 0 to 1.")


class VmcEncoder:
    """States to datagrams of the VMC protocol."""

    def __init__(self, settings: VmcSettings) -> None:
        self._presets, self._shapes = _expression_names(settings)
        self._neck_share = settings.neck_share
        self._start: float | None = None
        self._packets = PreparedPackets(
            [
                Message("/VMC/Ext/OK", _LOADED, _CALIBRATED, _NORMAL_MODE, int),
                Message("/VMC/Ext/T", float),
                *(
                    Message("/VMC/Ext/Bone/Pos", bone, *position, *[float] * 4)
                    for bone, position in _REST_POSITIONS.items()
                ),
                *(
                    Message("/VMC/Ext/Blend/Val", name, float)
                    for name in (*self._presets, *self._shapes)
                ),
                Message("/VMC/Ext/Blend/Apply"),
            ]
        )

    def encode(self, state: FaceState) -> Sequence[memoryview]:
        """The datagrams for a state, valid until the next call."""
        if self._start is None:
            self._start = state.timestamp
        weights = state.weights.clip(0.0, 1.0).tolist()
        numbers = [
            state.tracked,
            (state.timestamp - self._start) % _WRAP,
            *_unity_rotation(slerp(IDENTITY_ROTATION, state.head_rotation, self._neck_share)),
            *_unity_rotation(slerp(IDENTITY_ROTATION, state.head_rotation, 1 - self._neck_share)),
        ]
        for yaw, pitch in state.gaze.tolist():
            numbers += _unity_rotation(quaternion_from_euler(pitch, yaw, 0.0))
        if self._presets:
            numbers += vrm_expressions.preset_weights(weights)[: len(self._presets)]
        if self._shapes:
            numbers += weights
        return self._packets.fill(np.array(numbers))

    def farewell(self, last: FaceState) -> Sequence[memoryview]:
        """Not tracked, zero for every expression, bones at rest."""
        return self.encode(at_rest(last))


def _expression_names(settings: VmcSettings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The presets and the shapes that are sent, each possibly none."""
    emotions = 0 if settings.emotions else vrm_expressions.EMOTIONS
    vrm0, vrm1 = (
        names[: len(names) - emotions] for names in (vrm_expressions.VRM0, vrm_expressions.VRM1)
    )
    pascal = tuple(map(pascal_case, BLENDSHAPES))
    match settings.names:
        case "vrm0+perfectsync":
            return vrm0, pascal
        case "vrm0":
            return vrm0, ()
        case "vrm1":
            return vrm1, ()
        case "perfectsync":
            return (), pascal
        case "perfectsync-camel":
            return (), BLENDSHAPES


def _unity_rotation(q: Array) -> list[float]:
    """Unity is left-handed, +X the avatar's right: x is mirrored, so y and z change sign."""
    x, y, z, w = q.tolist()
    return [x, -y, -z, w]
