"""Axes that a receiver counts the other way or too weakly, set right for that receiver alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np

from engine.data import FaceState
from engine.errors import SettingsError
from engine.geometry import euler_from_quaternion, quaternion_from_euler
from engine.mirror import mirrored

_LARGEST_GAIN = 10.0


@dataclass(frozen=True, slots=True)
class AxisSettings:
    """What one protocol's states are multiplied by; -1 turns an axis round, 0 switches it off.

    pitch, yaw, roll:      of the head.
    x, y, z:               of the head's position.
    gaze_yaw, gaze_pitch:  of the eyes' angles. The eyeLook weights stay as they are: their names
                           say which way they point.
    mirror:                exchange left and right, after the gains.
    """

    pitch: float = 1.0
    yaw: float = 1.0
    roll: float = 1.0
    x: float = 1.0
    y: float = 1.0
    z: float = 1.0
    gaze_yaw: float = 1.0
    gaze_pitch: float = 1.0
    mirror: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            gain = getattr(self, field.name)
            if not abs(gain) <= _LARGEST_GAIN:  # so that NaN is refused, too
                raise SettingsError(
                    f"gain of {field.name} is {gain}; expected -{_LARGEST_GAIN:g} to "
                    f"{_LARGEST_GAIN:g}."
                )


UNCHANGED = AxisSettings()


def adjusted(state: FaceState, axes: AxisSettings) -> FaceState:
    """The state as this receiver needs it; the same object if nothing is to be changed."""
    if axes == UNCHANGED:
        return state
    pitch, yaw, roll = euler_from_quaternion(state.head_rotation)
    state = replace(
        state,
        head_rotation=quaternion_from_euler(
            _within_half_turn(axes.pitch * pitch),
            _within_half_turn(axes.yaw * yaw),
            _within_half_turn(axes.roll * roll),
        ),
        head_position=state.head_position * np.array([axes.x, axes.y, axes.z]),
        gaze=state.gaze * np.array([axes.gaze_yaw, axes.gaze_pitch]),
    )
    return mirrored(state) if axes.mirror else state


def _within_half_turn(angle: float) -> float:
    """A head turned past the back of its neck would come round on the other side."""
    return min(math.pi, max(-math.pi, angle))
