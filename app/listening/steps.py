"""What a person is asked to do, and the movements that could be taken for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

WEIGHT = 0.25
"""A blendshape that changes as much has moved."""

_TURN = math.radians(10.0)
_GLANCE = math.radians(8.0)


@dataclass(frozen=True, slots=True)
class Movement:
    """One that could be meant: the mean change of channels from rest, in units of `amount`.

    amount: with a sign; what counts as moved.
    label:  for people: "to the left".
    """

    channels: tuple[str, ...]
    amount: float
    label: str

    def size(self, changes: Mapping[str, float]) -> float:
        """1 is just enough."""
        return sum(changes.get(c, 0.0) for c in self.channels) / len(self.channels) / self.amount


@dataclass(frozen=True, slots=True)
class Step:
    """movements: as it should be; then its opposite, if there is one; then others."""

    name: str
    instruction: str
    movements: tuple[Movement, ...]
    has_opposite: bool = True


def _turn(name: str, instruction: str, axis: str, forward: str, backward: str) -> Step:
    head = f"head {axis}"
    others = {
        "pitch": ("down", "up"),
        "yaw": ("to the left", "to the right"),
        "roll": ("tilted to the right", "tilted to the left"),
    }
    del others[axis]
    return Step(
        name,
        instruction,
        (
            Movement((head,), _TURN, forward),
            Movement((head,), -_TURN, backward),
            *(
                Movement((f"head {other}",), sign * _TURN, f"the head {label}")
                for other, labels in others.items()
                for sign, label in zip((1.0, -1.0), labels, strict=True)
            ),
        ),
    )


def _side(name: str, instruction: str, shape: str, rival: str) -> Step:
    return Step(
        name,
        instruction,
        (Movement((shape,), WEIGHT, shape), Movement((rival,), WEIGHT, rival)),
    )


_YAWS, _PITCHES = (
    tuple(f"{side} eye {axis}" for side in ("left", "right")) for axis in ("yaw", "pitch")
)

STEPS: tuple[Step, ...] = (
    _turn("yaw", "turn your head to your left", "yaw", "a turn to the left", "a turn to the right"),
    _turn("pitch", "look down: lower your chin", "pitch", "down", "up"),
    _turn(
        "roll",
        "tilt your head to your right shoulder",
        "roll",
        "a tilt to the right shoulder",
        "a tilt to the left shoulder",
    ),
    Step(
        "gaze",
        "keep your head still and look to your left with your eyes",
        (
            Movement(_YAWS, _GLANCE, "eyes to the left"),
            Movement(_YAWS, -_GLANCE, "eyes to the right"),
            Movement(_PITCHES, _GLANCE, "eyes down"),
            Movement(_PITCHES, -_GLANCE, "eyes up"),
        ),
    ),
    _side("blink", "close your left eye, keep the right one open", "eyeBlinkLeft", "eyeBlinkRight"),
    _side(
        "smile", "smile with the right corner of your mouth", "mouthSmileRight", "mouthSmileLeft"
    ),
    Step("jaw", "open your mouth", (Movement(("jawOpen",), WEIGHT, "jawOpen"),), False),
)
