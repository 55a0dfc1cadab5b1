"""iFacialMocap: text, versions 1 (`jawOpen-42`) and 2 (`jawOpen&42`).
https://www.ifacialmocap.com/for-developer
"""

from __future__ import annotations

import math
import re

from app.listening.reading import (
    HEAD_ANGLES,
    HEAD_POSITION,
    LEFT_GAZE,
    RIGHT_GAZE,
    Reading,
    ReadingBuilder,
    printable,
)
from engine.blendshapes import BLENDSHAPES

REQUEST = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"
"""What the app on the phone wants to hear before it sends."""

_DIRECTIONS = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
_NAMES = {
    name if name in _DIRECTIONS else re.sub("(L|R)(eft|ight)$", r"_\1", name): name
    for name in BLENDSHAPES
}
_PASSED_OVER = "hapihapi"
_TAIL = {"head": 6, "leftEye": 3, "rightEye": 3}  # how many numbers


def decode(datagram: bytes) -> Reading:
    """What the text says."""
    reading = ReadingBuilder()
    try:
        text = datagram.decode("ascii")
    except UnicodeDecodeError:
        reading.fault("not ASCII text")
        return reading.build()
    shapes, mark, tail = text.partition("=")
    for field in shapes.split("|"):
        if field:
            _take_shape(field, reading)
    if not mark:
        reading.fault("no = before the head")
    elif not tail.endswith("|"):
        reading.fault("no | at the end: the text is cut off, or a receiver drops the last field")
    for field in tail.split("|"):
        if field:
            _take_angles(field, reading)
    return reading.build()


def _take_shape(field: str, reading: ReadingBuilder) -> None:
    name, mark, digits = field.partition("&" if "&" in field else "-")
    number = _number(digits)
    if not mark or number is None:
        reading.fault("a field is not NAME-NUMBER or NAME&NUMBER", field)
    elif name == "trackingStatus":
        reading.tracked = number != 0.0
    elif name in _NAMES:
        if not re.fullmatch("-?[0-9]+", digits):
            reading.fault("a weight is not a whole number", field)
        reading.take(_NAMES[name], number / 100.0)
    elif name != _PASSED_OVER:
        reading.not_understood(name)


def _take_angles(field: str, reading: ReadingBuilder) -> None:
    name, _, text = field.partition("#")
    if name not in _TAIL:
        reading.not_understood(name)
        return
    numbers = tuple(map(_number, text.split(",")))
    if len(numbers) != _TAIL[name]:
        reading.fault(f"{name} has not {_TAIL[name]} numbers", field)
        return
    known = tuple(number for number in numbers if number is not None)
    if len(known) != len(numbers):
        reading.fault(f"{printable(name)} has something else than numbers", field)
        return
    pitch, yaw, roll = map(math.radians, known[:3])
    if name == "head":
        reading.take_all(HEAD_ANGLES, (pitch, yaw, roll))
        reading.take_all(HEAD_POSITION, known[3:])
    else:
        reading.take_all(LEFT_GAZE if name == "leftEye" else RIGHT_GAZE, (yaw, pitch))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
