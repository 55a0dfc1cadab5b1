"""The 52 ARKit blendshapes: names, order, sides.

Apple defines names, not numbers. Inside mien the order is Live Link Face's (the packet's order);
foreign orders are mapped by name, never by index.
"""

from __future__ import annotations

from collections.abc import Iterable

BLENDSHAPES: tuple[str, ...] = (
    "eyeBlinkLeft",
    "eyeLookDownLeft",
    "eyeLookInLeft",
    "eyeLookOutLeft",
    "eyeLookUpLeft",
    "eyeSquintLeft",
    "eyeWideLeft",
    "eyeBlinkRight",
    "eyeLookDownRight",
    "eyeLookInRight",
    "eyeLookOutRight",
    "eyeLookUpRight",
    "eyeSquintRight",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawRight",
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthLeft",
    "mouthRight",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "noseSneerLeft",
    "noseSneerRight",
    "tongueOut",
)

INDEX: dict[str, int] = {name: i for i, name in enumerate(BLENDSHAPES)}


def pascal_case(name: str) -> str:
    """`jawOpen` -> `JawOpen`: the spelling of VMC PerfectSync, Live Link Face and VTube Studio."""
    return name[0].upper() + name[1:]


def other_side(name: str) -> str:
    """The same blendshape on the other side of the face; an unpaired name gives itself."""
    if name.endswith("Left"):
        return name.removesuffix("Left") + "Right"
    if name.endswith("Right"):
        return name.removesuffix("Right") + "Left"
    return name


MIRRORED: tuple[int, ...] = tuple(INDEX[other_side(name)] for name in BLENDSHAPES)
"""`weights[MIRRORED]` are the weights of the mirrored face. Its own inverse."""


def check_named_once(names: Iterable[str]) -> None:
    """Raises ValueError with the first of these channels that is there a second time."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"channels name {name} twice; expected each once")
        seen.add(name)
