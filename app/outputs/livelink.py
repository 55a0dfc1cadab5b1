"""Live Link Face: the packet of Epic's iPhone app, for Unreal's MetaHumans.

Big-endian: version, device id, subject name, frame time and rate, then 61 floats: the 52 weights
in the order of `engine.blendshapes.BLENDSHAPES`, head yaw, pitch, roll, and the same of the left
and the right eye, in radians. The app's signs: head yaw + to the person's left, pitch + up, roll +
to their right shoulder; eye yaw + to their right, pitch + down. While no face is seen a packet ends
before the floats.
"""

from __future__ import annotations

import math
import platform
import struct
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.outputs.axes import UNCHANGED, AxisSettings
from app.outputs.datagrams import at_rest
from engine.blendshapes import BLENDSHAPES
from engine.data import FaceState
from engine.errors import SettingsError
from engine.geometry import euler_from_quaternion

PORT = 11111

RATE = 60  # frames per second that the frame number counts, whatever the camera's rate

_VERSION = 6
_DAY = 86400.0  # seconds
_COUNT = len(BLENDSHAPES) + 9
_LARGEST_FRACTION = 1.0 - 2.0**-24  # the largest float32 below 1
_LONGEST_SUBJECT = 200  # bytes; Unreal drops packets above 774

_OUR_IDS = uuid.UUID("c5a2a2b8-6f0e-4b5c-9a3d-2f6f1a7be0d4")


@dataclass(frozen=True, slots=True)
class LiveLinkSettings:
    """How Live Link Face is sent.

    subject: the name under which the face appears in Unreal; each face needs its own.
    """

    subject: str = "mien"
    axes: AxisSettings = UNCHANGED

    def __post_init__(self) -> None:
        size = len(self.subject.encode())
        if not 1 <= size <= _LONGEST_SUBJECT or not self.subject.isprintable():
            raise SettingsError(
                f"bad Live Link subject {self.subject!r}; expected a name of 1 to "
                f"{_LONGEST_SUBJECT} bytes."
            )


def _seconds_since_midnight() -> float:
    now = time.time()
    local = time.localtime(now)
    return local.tm_hour * 3600.0 + local.tm_min * 60.0 + local.tm_sec + now % 1.0


class LiveLinkEncoder:
    """States to packets of Live Link Face."""

    def __init__(
        self,
        settings: LiveLinkSettings,
        *,
        device_id: str | None = None,
        time_of_day: Callable[[], float] = _seconds_since_midnight,
    ) -> None:
        """device_id: 36 characters; this machine's own unless given. time_of_day: seconds."""
        name = settings.subject.encode()
        identity = (device_id or _device_id(settings.subject)).encode("ascii")
        self._head = struct.pack(
            f">Bi{len(identity)}si{len(name)}s", _VERSION, len(identity), identity, len(name), name
        )
        self._time_of_day = time_of_day
        self._started = 0.0  # time of day less timestamp
        self._last = math.inf  # timestamp

    def encode(self, state: FaceState) -> Sequence[bytes]:
        """One packet."""
        frame_time = self._frame_time(state.timestamp)
        if not state.tracked:
            return (self._head + frame_time,)
        return (self._head + frame_time + _values(state),)

    def farewell(self, last: FaceState) -> Sequence[bytes]:
        """The neutral face, then none."""
        frame_time = self._frame_time(last.timestamp)
        return (
            self._head + frame_time + _values(at_rest(last)),
            self._head + frame_time,
        )

    def _frame_time(self, timestamp: float) -> bytes:
        """Time of day as Unreal's time code; the timestamps alone decide how far frames are apart.

        The clock is read for the first state, and when a film starts again.
        """
        if timestamp < self._last:
            self._started = self._time_of_day() - timestamp
        self._last = timestamp
        fraction, frame = math.modf((timestamp + self._started) % _DAY * RATE)
        return struct.pack(">ifii", int(frame), min(fraction, _LARGEST_FRACTION), RATE, 1)


def _values(state: FaceState) -> bytes:
    pitch, yaw, roll = euler_from_quaternion(state.head_rotation)
    (left_yaw, left_pitch), (right_yaw, right_pitch) = state.gaze.tolist()
    return struct.pack(
        f">B{_COUNT}f",
        _COUNT,
        *state.weights.clip(0.0, 1.0).tolist(),
        *(yaw, -pitch, roll),
        *(-left_yaw, left_pitch, 0.0),
        *(-right_yaw, right_pitch, 0.0),
    )


def _device_id(subject: str) -> str:
    """The same at each start. Several receivers count on these 36 characters."""
    return str(uuid.uuid5(_OUR_IDS, f"{platform.node()}/{subject}")).upper()
