"""VRChat: an avatar's parameters under their own names, and VRChat's own eye tracking.
https://docs.vrchat.com/docs/osc-overview

Most parameters are mixtures that no single ARKit shape tells, so only those are translated that
are the same thing: enough to see whether left is left.
"""

from __future__ import annotations

import math

from app.listening.reading import LEFT_GAZE, RIGHT_GAZE, Reading, ReadingBuilder, printable
from app.network.osc_packet import OscMessage, read_packet

_PARAMETERS = "/avatar/parameters/"
_EYES = "/tracking/eye/LeftRightPitchYaw"
_CLOSED = "/tracking/eye/EyesClosedAmount"
_FACE_FLAG = "ExpressionTrackingActive"

_SHAPES = {
    "JawOpen": "jawOpen",
    "EyeClosedLeft": "eyeBlinkLeft",
    "EyeClosedRight": "eyeBlinkRight",
    "MouthCornerPullLeft": "mouthSmileLeft",
    "MouthCornerPullRight": "mouthSmileRight",
}
_HALF_TURNS = {  # of the head: ±1 is ±90°; yaw and roll count the other way
    "Head/Pitch": ("head pitch", math.pi / 2),
    "Head/Yaw": ("head yaw", -math.pi / 2),
    "Head/Roll": ("head roll", -math.pi / 2),
}
_TANGENTS = {  # of the eyes, + right and + up
    "EyeLeftX": "left eye yaw",
    "EyeLeftY": "left eye pitch",
    "EyeRightX": "right eye yaw",
    "EyeRightY": "right eye pitch",
}


def decode(datagram: bytes) -> Reading:
    """What a packet says."""
    packet = read_packet(datagram)
    reading = ReadingBuilder()
    for fault in packet.faults:
        reading.fault(fault.what, fault.example)
    for message in packet.messages:
        if message.address.startswith(_PARAMETERS):
            _take_parameter(message, reading)
        elif message.address == _EYES and message.tags == "ffff":
            left_pitch, left_yaw, right_pitch, right_yaw = map(math.radians, message.numbers)
            reading.take_all(LEFT_GAZE, (-left_yaw, left_pitch))
            reading.take_all(RIGHT_GAZE, (-right_yaw, right_pitch))
        elif message.address == _CLOSED and message.tags == "f":
            reading.take_extra("EyesClosedAmount", message.numbers[0])
        elif message.address in (_EYES, _CLOSED):
            reading.fault(f"{message.address} of wrong type", message.tags)
        else:
            reading.not_understood(message.address)
    return reading.build()


def _take_parameter(message: OscMessage, reading: ReadingBuilder) -> None:
    path = message.address.removeprefix(_PARAMETERS)
    if message.tags in ("T", "F"):
        reading.take_extra(path, float(message.tags == "T"))
        if path.endswith(_FACE_FLAG):
            reading.tracked = message.tags == "T"
        return
    if message.tags not in ("f", "i"):
        reading.fault(f"{printable(path)} not of type f, i, T or F", message.tags)
        return
    (number,) = message.numbers
    reading.take_extra(path, number)
    name = f"/{path}".rpartition("/v2/")[2]
    if name in _SHAPES:
        reading.take(_SHAPES[name], number)
    elif name in _HALF_TURNS:
        channel, scale = _HALF_TURNS[name]
        reading.take(channel, scale * number)
    elif name in _TANGENTS:
        reading.take(_TANGENTS[name], -math.atan(number))
