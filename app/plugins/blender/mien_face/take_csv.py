"""Live Link Face CSV, as Epic's phone app and mien write it.

    Timecode,BlendShapeCount,EyeBlinkLeft,...,TongueOut,HeadYaw,...,RightEyeRoll
    00:00:01:30.000,61,0.0213404018,...

The time code has hours, minutes, seconds, then frames at 60 a second with thousandths of a frame,
whatever the camera's rate. Angles are in radians; in the app, nodding down is a negative pitch and
eyes count yaw to the person's right.
"""

from __future__ import annotations

import csv
import io
import math
import re

from .channels import HEAD, INDEX, NEUTRAL, quaternion
from .take import Take
from .take_error import TakeError

_RATE = 60  # frames a second of the time code
_DAY = 24 * 3600.0
_TIMECODE = re.compile(r"(\d+):(\d+):(\d+):(\d+(?:\.\d+)?)")
_ANGLES = (
    *("HeadYaw", "HeadPitch", "HeadRoll"),
    *("LeftEyeYaw", "LeftEyePitch", "RightEyeYaw", "RightEyePitch"),
)


def csv_take(content: bytes, name: str) -> Take:
    """name: the file's, for errors. Columns are known by their names. Raises TakeError."""
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""))
    header = next(rows, [])
    shapes = {
        column: INDEX[known]
        for column, title in enumerate(header)
        if (known := title[:1].lower() + title[1:]) in INDEX
    }
    if "Timecode" not in header or not shapes:
        raise TakeError(
            f"Cannot import {name}: it has no columns Timecode, EyeBlinkLeft, …; expected a CSV "
            "of Live Link Face or mien"
        )
    angles = [header.index(title) if title in header else None for title in _ANGLES]
    timecode = header.index("Timecode")
    take = Take()
    last, days = -math.inf, 0.0
    for cells in rows:
        if len(cells) != len(header):
            continue  # an empty line, or the last one of a file that was cut off
        try:
            numbers = [0.0 if i is None else _finite(cells[i]) for i in angles]
            row = list(NEUTRAL)
            for column, index in shapes.items():
                row[index] = max(0.0, min(1.0, _finite(cells[column])))
            seconds = _seconds(cells[timecode])
        except ValueError:
            raise TakeError(
                f"Cannot import {name}: line {rows.line_num} is no row of numbers"
            ) from None
        if seconds < last - _DAY / 2:  # past midnight
            days += _DAY
        last = seconds
        yaw, pitch, roll, left_yaw, left_pitch, right_yaw, right_pitch = numbers
        row[HEAD:] = [
            *quaternion(-pitch, yaw, roll),
            *(-left_yaw, left_pitch, -right_yaw, right_pitch),
        ]
        take.append(days + seconds, row)
    if not take:
        raise TakeError(f"Cannot import {name}: it has no rows")
    return take


def _seconds(timecode: str) -> float:
    match = _TIMECODE.fullmatch(timecode.strip())
    if match is None:
        raise ValueError(timecode)
    hours, minutes, seconds, frames = map(float, match.groups())
    return 3600.0 * hours + 60.0 * minutes + seconds + frames / _RATE


def _finite(cell: str) -> float:
    number = float(cell)
    if not math.isfinite(number):
        raise ValueError(cell)
    return number
