"""Plain OSC as mien sends it, with any prefix: the end of an address says what it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.listening.reading import (
    HEAD_ANGLES,
    HEAD_POSITION,
    LEFT_GAZE,
    RIGHT_GAZE,
    Reading,
    ReadingBuilder,
    printable,
)
from app.network.osc_packet import OscMessage, read_packet
from engine.blendshapes import BLENDSHAPES, INDEX


@dataclass(frozen=True, slots=True)
class _Node:
    names: tuple[str, ...]
    scale: float = 1.0


_NODES = {
    "/head/rot": _Node(HEAD_ANGLES, math.radians(1.0)),
    "/head/pos": _Node(HEAD_POSITION),
    "/eye/left": _Node(LEFT_GAZE, math.radians(1.0)),
    "/eye/right": _Node(RIGHT_GAZE, math.radians(1.0)),
    "/blendshapes": _Node(BLENDSHAPES),
}
_EXTRAS = ("fps", "valence", "arousal")


def decode(datagram: bytes) -> Reading:
    """What an OSC packet says about a face."""
    packet = read_packet(datagram)
    reading = ReadingBuilder()
    for fault in packet.faults:
        reading.fault(fault.what, fault.example)
    for message in packet.messages:
        _take(message, reading)
    return reading.build()


def _take(message: OscMessage, reading: ReadingBuilder) -> None:
    parts = message.address.split("/")
    last, end = parts[-1], "/" + "/".join(parts[-2:])
    if last in INDEX:
        if _has(message, "f", reading):
            reading.take(last, message.numbers[0])
    elif last == "tracked":
        if _has(message, "i", reading):
            reading.tracked = bool(message.numbers[0])
    elif last in _EXTRAS or parts[-2:-1] == ["emotion"]:
        if _has(message, "f", reading):
            reading.take_extra(last, message.numbers[0])
    elif end == "/head/quat":
        if _has(message, "ffff", reading):
            # /head/rot tells the same in angles; this one is only looked at for errors.
            reading.unit_quaternion("head/quat", message.numbers)
    elif (node := _NODES.get(end) or _NODES.get(f"/{last}")) is not None:
        if _has(message, "f" * len(node.names), reading):
            numbers = tuple(number * node.scale for number in message.numbers)
            reading.take_all(node.names, numbers)
    else:
        reading.not_understood(message.address)


def _has(message: OscMessage, tags: str, reading: ReadingBuilder) -> bool:
    """Whether the arguments are of these types. Whole numbers for floats are noted and taken."""
    if message.tags == tags:
        return True
    expected = tags if len(tags) <= 4 else f"{len(tags)} times f"
    reading.fault(f"{printable(message.address)} not of type {expected}", message.tags)
    return len(message.tags) == len(tags) and set(message.tags) <= set("if")
