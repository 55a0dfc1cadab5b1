"""BVH: the head's rotation and position, for animation programs that know skeletons only.

One joint, `Head`, the point midway between the eyes, in metres and degrees; axes as in
engine/geometry.py, which are BVH's (Y up, Z out of the face). Expressions have no place in BVH.

BVH knows no timestamps, only one frame time for all. States therefore are resampled to 60 frames a
second, linearly in between, and whatever the camera's rate, a second stays a second. The number of
frames at the top of the file is written anew after each state: the file is whole at any moment.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from app.recordings.motion import Floats, TakeTime, Turn, finite
from app.recordings.row_file import RowFile
from engine.closing import Closing
from engine.data import FaceState
from engine.geometry import euler_from_quaternion, slerp

RATE = 60  # frames a second

_TOP = b"""HIERARCHY
ROOT Head
{
\tOFFSET 0.0 0.0 0.0
\tCHANNELS 6 Xposition Yposition Zposition Yrotation Xrotation Zrotation
\tEnd Site
\t{
\t\tOFFSET 0.0 0.12 0.0
\t}
}
MOTION
Frames: """
_COUNT = b"%10d"
_FRAME_TIME = b"\nFrame Time: %.10f\n" % (1 / RATE)


class Bvh(Closing):
    """Writes the frames up to each state. `rows` counts the states."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._file = RowFile(path)
        self._time = TakeTime()
        self._turn = Turn()
        self._frames = 0
        self._before = 0.0  # seconds of the last state …
        self._position: Floats = np.zeros(3)  # … and where the head was then
        self._rotation: Floats = np.array([0.0, 0.0, 0.0, 1.0])

    def write(self, state: FaceState) -> None:
        """Add the frames since the last state, also while no face is seen. Raises RecordingError.

        After a pause of the camera these are many: the head moves evenly through it.
        """
        now = float(self._time.update(state.timestamp))
        rotation, position = self._turn.update(state.head_rotation), finite(state.head_position)
        if self.rows == 0:
            lines = [_line(position, rotation)]
        else:
            # As every frame lies after the last state, a share of the way is never below 0.
            frames = np.arange(self._frames, math.floor(now * RATE + 1e-4) + 1)
            shares = np.minimum((frames / RATE - self._before) / (now - self._before), 1.0)
            lines = [self._line_between(position, rotation, float(share)) for share in shares]
        if lines:
            count = self._frames + len(lines)
            text = "".join(lines).encode("ascii")
            if self.rows == 0:
                # The top comes with the first frame: a take that never began leaves its name free.
                text = _TOP + _COUNT % count + _FRAME_TIME + text
            self._file.write(text)
            if self.rows > 0:
                self._file.overwrite(len(_TOP), _COUNT % count)
            self._frames = count
        self._before, self._position, self._rotation = now, position, rotation
        self.rows += 1

    def _line_between(self, position: Floats, rotation: Floats, share: float) -> str:
        """The frame a share of the way from the last state to this."""
        return _line(
            self._position + share * (position - self._position),
            slerp(self._rotation, rotation, share),
        )

    def close(self) -> None:
        """May be called twice."""
        self._file.close()


def _line(position: Floats, rotation: Floats) -> str:
    pitch, yaw, roll = euler_from_quaternion(rotation)
    x, y, z = position
    yaw, pitch, roll = math.degrees(yaw), math.degrees(pitch), math.degrees(roll)
    return f"{x:.6f} {y:.6f} {z:.6f} {yaw:.5f} {pitch:.5f} {roll:.5f}\n"
