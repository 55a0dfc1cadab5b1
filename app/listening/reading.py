"""What one datagram says, in our names, units and signs (`engine/geometry.py`)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.network.fault import Fault
from engine.blendshapes import BLENDSHAPES
from engine.geometry import Array, euler_from_quaternion

HEAD_ANGLES = ("head pitch", "head yaw", "head roll")
HEAD_POSITION = ("head x", "head y", "head z")
LEFT_GAZE = ("left eye yaw", "left eye pitch")
RIGHT_GAZE = ("right eye yaw", "right eye pitch")

_TOLERANCE = 1e-4  # of a float32 or a rounded decimal
_RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(BLENDSHAPES, (0.0, 1.0)),
    **dict.fromkeys(HEAD_ANGLES, (-math.pi, math.pi)),
    **dict.fromkeys((*LEFT_GAZE, *RIGHT_GAZE), (-math.pi / 2, math.pi / 2)),
    **dict.fromkeys(HEAD_POSITION, (-10.0, 10.0)),
}

CHANNELS: tuple[str, ...] = tuple(_RANGES)
"""Everything that is understood alike in all protocols: weights 0..1, radians, metres."""

_LONGEST_NAME = 48


@dataclass(frozen=True, slots=True)
class Value:
    """A finite number with its name."""

    name: str
    number: float


@dataclass(frozen=True, slots=True)
class Reading:
    """Only what is in the datagram.

    values:  names of `CHANNELS`.
    extras:  under the protocol's own names, such as a VRM avatar's presets.
    tracked: whether a face is seen; None: the datagram does not tell.
    title:   the sender's or the face's name, where the protocol has one.
    unknown: names that are not understood. All text is printable ASCII.
    """

    values: tuple[Value, ...] = ()
    extras: tuple[Value, ...] = ()
    tracked: bool | None = None
    title: str = ""
    unknown: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def is_understood(self) -> bool:
        """Whether there is anything of the protocol in it."""
        return bool(self.values or self.extras) or self.tracked is not None


class ReadingBuilder:
    """Gathers a reading. Numbers that are not finite are noted and left out."""

    def __init__(self) -> None:
        self.tracked: bool | None = None
        self.title = ""
        self._values: list[Value] = []
        self._extras: list[Value] = []
        self._unknown: list[str] = []
        self._faults: list[Fault] = []

    def take(self, name: str, number: float) -> None:
        """A number of `CHANNELS`; one outside of its range is taken, and noted."""
        if not self._is_finite(name, number):
            return
        low, high = _RANGES[name]
        if not low - _TOLERANCE <= number <= high + _TOLERANCE:
            self.fault(f"{name} outside {low:.4g} to {high:.4g}", f"{number:.4g}")
        self._values.append(Value(name, number))

    def take_all(self, names: tuple[str, ...], numbers: tuple[float, ...]) -> None:
        """One number for each name."""
        for name, number in zip(names, numbers, strict=True):
            self.take(name, number)

    def take_head(self, rotation: Array) -> None:
        """A unit quaternion."""
        self.take_all(HEAD_ANGLES, euler_from_quaternion(rotation))

    def take_extra(self, name: str, number: float) -> None:
        """A number under a name of the protocol."""
        if self._is_finite(name, number):
            self._extras.append(Value(printable(name), number))

    def unit_quaternion(self, name: str, xyzw: tuple[float, ...]) -> Array | None:
        """Of unit length; one that has another is noted, and None if nothing can be made of it."""
        q = np.array(xyzw)
        length = math.hypot(*xyzw)
        if not math.isfinite(length) or length < 1e-3:
            self.fault(f"{printable(name)} is no rotation", str(xyzw))
            return None
        if abs(length - 1.0) > 0.01:
            self.fault(f"{printable(name)} is a quaternion not of length 1", f"{length:.3g}")
        unit: Array = q / length
        return unit

    def not_understood(self, name: str) -> None:
        """Note a name."""
        self._unknown.append(printable(name))

    def fault(self, what: str, example: str = "") -> None:
        """Note what is wrong."""
        self._faults.append(Fault(what, printable(example)))

    def build(self) -> Reading:
        """All of it."""
        return Reading(
            tuple(self._values),
            tuple(self._extras),
            self.tracked,
            self.title,
            tuple(self._unknown),
            tuple(self._faults),
        )

    def _is_finite(self, name: str, number: float) -> bool:
        if not math.isfinite(number):
            self.fault(f"{printable(name)} is {number}")
            return False
        return True


def printable(text: str) -> str:
    """ASCII and not too long: what comes from outside must not steer a terminal."""
    text = ascii(text)[1:-1]
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 3] + "..."
