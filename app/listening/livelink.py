"""Live Link Face: the packet of Epic's iPhone app. `app/outputs/livelink.py` describes it."""

from __future__ import annotations

import struct

from app.listening.reading import (
    HEAD_ANGLES,
    LEFT_GAZE,
    RIGHT_GAZE,
    Reading,
    ReadingBuilder,
    printable,
)
from engine.blendshapes import BLENDSHAPES

_VERSION = 6
_ID_LENGTH = 36  # several receivers count on it
_COUNT = len(BLENDSHAPES) + 9
_LONGEST_SUBJECT = 500
_FRAME_TIME = struct.calcsize(">ifii")


def decode(datagram: bytes) -> Reading:
    """What a packet says."""
    reading = ReadingBuilder()
    try:
        _take(datagram, reading)
    except struct.error:  # a field lies behind the packet's end
        reading.fault("the packet is cut off", f"{len(datagram)} bytes")
    return reading.build()


def _take(datagram: bytes, reading: ReadingBuilder) -> None:
    (version,) = struct.unpack_from(">B", datagram)
    if version != _VERSION:
        reading.fault(f"version not {_VERSION}", str(version))
        return
    (id_length,) = struct.unpack_from(">i", datagram, 1)
    if id_length != _ID_LENGTH:
        reading.fault(f"device id not of {_ID_LENGTH} characters", str(id_length))
    if not 0 <= id_length <= len(datagram):
        return
    start = 5 + id_length
    (subject_length,) = struct.unpack_from(">i", datagram, start)
    if not 0 < subject_length <= _LONGEST_SUBJECT:
        reading.fault("impossible length of the subject's name", str(subject_length))
        return
    start += 4
    (subject,) = struct.unpack_from(f">{subject_length}s", datagram, start)
    start += subject_length
    _, fraction, numerator, denominator = struct.unpack_from(">ifii", datagram, start)
    start += _FRAME_TIME
    if numerator <= 0 or denominator <= 0 or not 0.0 <= fraction < 1.0:
        reading.fault("impossible time code", f"{fraction:g} {numerator}/{denominator}")
    if start == len(datagram):
        reading.title = printable(subject.decode("utf-8", "replace"))
        reading.tracked = False
        return
    (count,) = struct.unpack_from(">B", datagram, start)
    if count != _COUNT:
        reading.fault(f"not {_COUNT} values", str(count))
        return
    numbers = struct.unpack_from(f">{_COUNT}f", datagram, start + 1)
    if start + 1 + 4 * _COUNT != len(datagram):
        reading.fault("bytes left over")
    reading.title = printable(subject.decode("utf-8", "replace"))
    reading.tracked = True
    reading.take_all(BLENDSHAPES, numbers[: len(BLENDSHAPES)])
    yaw, pitch, roll, left_yaw, left_pitch, _, right_yaw, right_pitch, _ = numbers[-9:]
    reading.take_all(HEAD_ANGLES, (-pitch, yaw, roll))
    reading.take_all(LEFT_GAZE, (-left_yaw, left_pitch))
    reading.take_all(RIGHT_GAZE, (-right_yaw, right_pitch))
