"""The curve file: every number that the head was given, one row a frame of the clip."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.geometry import Array, quaternion_from_euler

CURVES = Path(__file__).parents[2] / "models" / "assets" / "demo_curves.csv"
RATE = 30.0  # frames a second

GAZE = ("gazeLeftYaw", "gazeLeftPitch", "gazeRightYaw", "gazeRightPitch")
HEAD = ("headPitch", "headYaw", "headRoll")
LEAN = ("leanX", "leanY", "leanZ")
DECIMALS = 4  # 0.006°, 0.1 mm


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """F frames. Signs and axes as in engine/geometry.py.

    weights: (F, 52) 0..1 in BLENDSHAPES order.
    gaze:    (F, 2, 2) radians; rows left, right eye; columns yaw, pitch; relative to the head.
    head:    (F, 3) radians: pitch, yaw, roll.
    lean:    (F, 3) metres by which the whole figure is moved.
    """

    weights: Array
    gaze: Array
    head: Array
    lean: Array

    @property
    def frame_count(self) -> int:
        return len(self.weights)

    def head_rotation(self, frame: int) -> Array:
        """Quaternion xyzw."""
        return quaternion_from_euler(*self.head[frame])


def write_curves(path: Path, curves: Curves) -> None:
    """Weights that stay 0 all the time are left out."""
    used = np.flatnonzero(curves.weights.any(axis=0))
    columns = ["seconds", *(BLENDSHAPES[i] for i in used), *GAZE, *HEAD, *LEAN]
    numbers = np.column_stack(
        [
            np.arange(curves.frame_count) / RATE,
            curves.weights[:, used],
            curves.gaze.reshape(-1, 4),
            curves.head,
            curves.lean,
        ]
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(columns)
        for row in numbers:
            rows.writerow(f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".") for value in row)


def read_curves(path: Path = CURVES) -> Curves:
    with path.open(newline="", encoding="utf-8") as file:
        columns, *rows = csv.reader(file)
    numbers = np.array(rows, np.float64)
    place = {name: i for i, name in enumerate(columns)}
    weights = np.zeros((len(numbers), len(BLENDSHAPES)))
    for name in place.keys() & INDEX.keys():
        weights[:, INDEX[name]] = numbers[:, place[name]]

    def several(names: tuple[str, ...]) -> Array:
        return numbers[:, [place[name] for name in names]]

    return Curves(weights, several(GAZE).reshape(-1, 2, 2), several(HEAD), several(LEAN))
