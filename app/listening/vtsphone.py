"""VTube Studio's phone app: JSON, sent to whoever asks once a second.
https://github.com/DenchiSoft/VTubeStudioBlendshapeUDPReceiverTest
"""

from __future__ import annotations

import json
import math

from app.listening.reading import (
    HEAD_ANGLES,
    HEAD_POSITION,
    LEFT_GAZE,
    RIGHT_GAZE,
    Reading,
    ReadingBuilder,
)
from engine.blendshapes import BLENDSHAPES, pascal_case

_NAMES = {pascal_case(name): name for name in BLENDSHAPES}
_VECTORS = ("Rotation", "Position", "EyeLeft", "EyeRight")
_FIELDS = frozenset((*_VECTORS, "Timestamp", "Hotkey", "FaceFound", "BlendShapes"))


def request(port: int) -> bytes:
    """Asks for ten seconds of data to be sent to this port."""
    message = {
        "messageType": "iOSTrackingDataRequest",
        "time": 10.0,
        "sentBy": "mien",
        "ports": [port],
    }
    return json.dumps(message).encode()


def decode(datagram: bytes) -> Reading:
    """What the JSON says."""
    reading = ReadingBuilder()
    try:
        message = json.loads(datagram)
    except (ValueError, RecursionError):
        reading.fault("not JSON")
        return reading.build()
    if not isinstance(message, dict):
        reading.fault("not a JSON object")
        return reading.build()
    for name in message:
        if name not in _FIELDS:
            reading.not_understood(name)
    found = message.get("FaceFound")
    if isinstance(found, bool):
        reading.tracked = found
    else:
        reading.fault("FaceFound is not true or false")
    _take_vectors(message, reading)
    _take_shapes(message.get("BlendShapes"), reading)
    return reading.build()


def _take_vectors(message: dict[str, object], reading: ReadingBuilder) -> None:
    for name in _VECTORS:
        vector = _vector(message.get(name))
        if vector is None:
            reading.fault(f"{name} is not x, y, z")
            continue
        x, y, z = vector
        match name:
            case "Rotation":
                reading.take_all(HEAD_ANGLES, (math.radians(y), math.radians(x), math.radians(z)))
            case "Position":
                reading.take_all(HEAD_POSITION, (-x / 100.0, y / 100.0, z / 100.0))
            case "EyeLeft":
                reading.take_all(LEFT_GAZE, (math.radians(y), math.radians(x)))
            case "EyeRight":
                reading.take_all(RIGHT_GAZE, (math.radians(y), math.radians(x)))


def _take_shapes(shapes: object, reading: ReadingBuilder) -> None:
    if not isinstance(shapes, list):
        reading.fault("BlendShapes is not a list")
        return
    for shape in shapes:
        name = shape.get("k") if isinstance(shape, dict) else None
        number = _number(shape.get("v")) if isinstance(shape, dict) else None
        if not isinstance(name, str) or number is None:
            reading.fault("a blendshape is not a name k and a number v")
        elif name in _NAMES:
            reading.take(_NAMES[name], number)
        else:
            reading.not_understood(name)


def _vector(value: object) -> tuple[float, float, float] | None:
    if not isinstance(value, dict):
        return None
    x, y, z = (_number(value.get(axis)) for axis in "xyz")
    return None if x is None or y is None or z is None else (x, y, z)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # JSON's whole numbers have no end
        return None
