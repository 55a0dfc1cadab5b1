"""Live Link Face CSV, as Epic's phone app writes it: for Blender, Maya, MotionBuilder scripts.

    Timecode,BlendShapeCount,EyeBlinkLeft,...,TongueOut,HeadYaw,...,RightEyeRoll
    00:00:01:30.000,61,0.0213404018,...

The time code counts from the first row: importers use differences, and a take that starts at zero
needs no moving on the time line. Hours, minutes, seconds, then frames at 60 a second, whatever the
camera's rate, with thousandths of a frame.
"""

from __future__ import annotations

import math
from pathlib import Path

from app.recordings.row_file import RowFile
from engine.blendshapes import BLENDSHAPES, INDEX, pascal_case
from engine.closing import Closing
from engine.data import FaceState
from engine.geometry import euler_from_quaternion

_RATE = 60  # frames a second of the time code

# The file's order is the packet's, except that right comes before left in these two pairs.
_SWAPPED = {
    "jawLeft": "jawRight",
    "jawRight": "jawLeft",
    "mouthLeft": "mouthRight",
    "mouthRight": "mouthLeft",
}
_SHAPES = tuple(_SWAPPED.get(name, name) for name in BLENDSHAPES)
_ORDER = [INDEX[name] for name in _SHAPES]
_ANGLES = tuple(
    part + angle for part in ("Head", "LeftEye", "RightEye") for angle in ("Yaw", "Pitch", "Roll")
)
_COLUMNS = (*map(pascal_case, _SHAPES), *_ANGLES)
_HEADER = ",".join(("Timecode", "BlendShapeCount", *_COLUMNS)) + "\n"
_ROW = f"%s,{len(_COLUMNS)}" + ",%.10f" * len(_COLUMNS) + "\n"


class LiveLinkCsv(Closing):
    """Writes one row per state; angles in radians."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._file = RowFile(path)
        self._start: float | None = None

    def write(self, state: FaceState) -> None:
        """Add a row, also while no face is seen. Raises RecordingError."""
        if self._start is None:
            self._start = state.timestamp
        pitch, yaw, roll = euler_from_quaternion(state.head_rotation)
        (left_yaw, left_pitch), (right_yaw, right_pitch) = state.gaze.tolist()
        numbers = [
            *state.weights[_ORDER].clip(0.0, 1.0).tolist(),
            # The app's signs: nodding down is negative; eyes count yaw to the other side.
            *(yaw, -pitch, roll),
            *(-left_yaw, left_pitch, 0.0),
            *(-right_yaw, right_pitch, 0.0),
        ]
        # + 0.0 makes -0.0 positive; what is not finite would stop an importer
        numbers = [number + 0.0 if math.isfinite(number) else 0.0 for number in numbers]
        row = _ROW % (timecode(state.timestamp - self._start), *numbers)
        # The header comes with the first row: a take that never began leaves its name free.
        self._file.write((row if self.rows else _HEADER + row).encode("ascii"))
        self.rows += 1

    def close(self) -> None:
        """May be called twice."""
        self._file.close()


def timecode(seconds: float) -> str:
    """HH:MM:SS:FF.mmm; before zero counts as zero, after a day it starts again."""
    thousandths = max(0, round(seconds * _RATE * 1000))
    frames, thousandths = divmod(thousandths, 1000)
    whole_seconds, frames = divmod(frames, _RATE)
    minutes, whole_seconds = divmod(whole_seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours % 24:02}:{minutes:02}:{whole_seconds:02}:{frames:02}.{thousandths:03}"
