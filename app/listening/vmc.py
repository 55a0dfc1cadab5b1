"""VMC protocol: a VRM avatar's bones and expressions. https://protocol.vmc.info/english

The head's rotation is that of the chain of bones above it, as far as they are in the same datagram.
Bone positions are the avatar's, not the head's place before a camera: they are not shown.
"""

from __future__ import annotations

import re
from functools import reduce

import numpy as np

from app.listening.reading import LEFT_GAZE, RIGHT_GAZE, Reading, ReadingBuilder, printable
from app.network.osc_packet import OscMessage, read_packet
from engine.blendshapes import BLENDSHAPES, INDEX, pascal_case
from engine.geometry import (
    Array,
    euler_from_quaternion,
    matrix_from_quaternion,
    quaternion_from_matrix,
)

_TYPES = {  # of the first arguments; more are allowed
    "/VMC/Ext/OK": "i(ii(i)?)?",
    "/VMC/Ext/T": "f",
    "/VMC/Ext/Bone/Pos": "sfffffff",
    "/VMC/Ext/Blend/Val": "sf",
    "/VMC/Ext/Blend/Apply": "",
}
_PASSED_OVER = (  # known, and nothing about a face
    *("/VMC/Ext/Root/", "/VMC/Ext/Cam", "/VMC/Ext/Hmd/", "/VMC/Ext/Con/", "/VMC/Ext/Tra/"),
    *("/VMC/Ext/Light", "/VMC/Ext/VRM", "/VMC/Ext/Remote", "/VMC/Ext/Opt", "/VMC/Ext/Setting/"),
    *("/VMC/Ext/Rcv", "/VMC/Ext/Set/", "/VMC/Ext/Key", "/VMC/Ext/Midi/", "/VMC/Thru/"),
)
_CHAIN = ("Hips", "Spine", "Chest", "UpperChest", "Neck", "Head")
_EYES = {"LeftEye": LEFT_GAZE, "RightEye": RIGHT_GAZE}
_LIMBS = (
    *("Shoulder", "UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot", "Toes"),
    *(
        f"{finger}{bone}"
        for finger in ("Thumb", "Index", "Middle", "Ring", "Little")
        for bone in ("Metacarpal", "Proximal", "Intermediate", "Distal")
    ),
)
_BONES = frozenset(
    (*_CHAIN, *_EYES, "Jaw", *(side + limb for side in ("Left", "Right") for limb in _LIMBS))
)
_PRESETS = frozenset(
    "A I U E O Blink Blink_L Blink_R LookUp LookDown LookLeft LookRight Neutral Joy Angry Sorrow "
    "Fun Surprised aa ih ou ee oh blink blinkLeft blinkRight lookUp lookDown lookLeft lookRight "
    "neutral happy angry sad relaxed surprised".split()
)
_SHAPES = {pascal_case(name): name for name in BLENDSHAPES} | {name: name for name in INDEX}


def decode(datagram: bytes) -> Reading:
    """What a packet says about a face."""
    packet = read_packet(datagram)
    reading = ReadingBuilder()
    for fault in packet.faults:
        reading.fault(fault.what, fault.example)
    chain: dict[str, Array] = {}
    for message in packet.messages:
        types = _TYPES.get(message.address)
        if types is None:
            if not message.address.startswith(_PASSED_OVER):
                reading.not_understood(message.address)
        elif not re.match(types, message.tags):
            reading.fault(
                f"{message.address} not of type {types or 'nothing'}", message.tags or "nothing"
            )
        else:
            _take(message, reading, chain)
    if "Head" in chain:
        matrices = [matrix_from_quaternion(chain[bone]) for bone in _CHAIN if bone in chain]
        reading.take_head(quaternion_from_matrix(reduce(np.matmul, matrices)))
    return reading.build()


def _take(message: OscMessage, reading: ReadingBuilder, chain: dict[str, Array]) -> None:
    match message.address, message.arguments:
        case "/VMC/Ext/OK", (_, _, _, int(tracked), *_) if message.tags.startswith("iiii"):
            reading.tracked = bool(tracked)
        case "/VMC/Ext/T", (float(seconds), *_):
            reading.take_extra("time", seconds)
        case "/VMC/Ext/Blend/Val", (str(name), float(weight), *_):
            if name in _SHAPES:
                reading.take(_SHAPES[name], weight)
            else:
                reading.take_extra(name, weight)
                if name not in _PRESETS:
                    reading.not_understood(f"expression {name}")
        case "/VMC/Ext/Bone/Pos", (str(bone), *_):
            _take_bone(bone, message.numbers[3:7], reading, chain)


def _take_bone(
    bone: str, xyzw: tuple[float, ...], reading: ReadingBuilder, chain: dict[str, Array]
) -> None:
    if bone not in _BONES:
        reading.not_understood(f"bone {bone}")
        return
    rotation = reading.unit_quaternion(f"bone {printable(bone)}", xyzw)
    if rotation is None:
        return
    # Unity is left-handed, +X the avatar's right: x is mirrored, so y and z change sign.
    rotation = rotation * np.array([1.0, -1.0, -1.0, 1.0])
    if bone in _EYES:
        pitch, yaw, _ = euler_from_quaternion(rotation)
        reading.take_all(_EYES[bone], (yaw, pitch))
    elif bone in _CHAIN:
        chain[bone] = rotation
