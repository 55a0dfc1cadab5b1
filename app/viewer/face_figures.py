"""A face model as the viewer shows it: in the world like the free head, or over the picture.

Pure arithmetic. What is given here has left and right as in the picture: whoever shows a mirrored
figure mirrors the vertices.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.data import BfmCoefficients, Coefficients, FlameCoefficients
from engine.geometry import (
    IDENTITY_ROTATION,
    Array,
    matrix_from_quaternion,
    quaternion_from_euler,
    turn_between,
)
from models.heads.bfm import METRES, BfmHead
from models.heads.flame import FlameHead

Points = NDArray[np.floating]

EYES = slice(3, 5)  # of FLAME's joints
ONLY_THE_EYES = 0.99  # share of skin weight above which a vertex belongs to an eyeball
BFM_CENTER = np.array([0.0, -0.02])  # where the middle of its front stands; metres from the eyes
BFM_FRONT = 0.045  # metres from between the eyes to the tip of the nose
BFM_PIVOT = np.array([0.0, -0.10, -0.09])  # metres: what a head turns about


class FaceFigure(Protocol):
    """One face model's mesh.

    name:  for people.
    faces: (F, 3), counter-clockwise seen from outside.
    eyes:  (V, 4): unit direction from the eyeball's centre at rest; the last is 1 on an eyeball.
    radius: metres, root mean square distance of the vertices from their middle.
    """

    name: str
    faces: NDArray[np.int32]
    eyes: NDArray[np.float32]
    radius: float

    def in_world(
        self, coefficients: Coefficients, head_rotation: Array, gaze: Array
    ) -> NDArray[Any]:
        """(V, 3) metres, origin about between the eyes, turned by head_rotation (xyzw)."""

    def in_picture(
        self, coefficients: Coefficients, frame_from_crop: Array, gaze: Array
    ) -> NDArray[Any]:
        """(V, 3) pixels of the frame, x right, y down; z likewise, smaller is nearer."""


class FlameFigure:
    """FLAME. Half of a head's turn bends the neck, the other half moves its foot."""

    name = "FLAME"

    def __init__(self, head: FlameHead) -> None:
        self._head = head
        self.faces = head.faces
        self.eyes = _eyeballs(head)
        self.radius = _radius(head.template)

    def in_world(
        self, coefficients: Coefficients, head_rotation: Array, gaze: Array
    ) -> NDArray[Any]:
        assert isinstance(coefficients, FlameCoefficients)
        half = 0.5 * turn_between(IDENTITY_ROTATION, head_rotation)
        posed = replace(coefficients, rotation=half, neck=half)
        rest = replace(posed, rotation=np.zeros(3), neck=np.zeros(3), expression=np.zeros(100))
        between_eyes = self._head.joints(rest)[EYES].mean(axis=0)
        vertices = self._head.vertices(posed, eyes=_eye_turns(gaze), eyelids="before")
        placed: NDArray[Any] = vertices - between_eyes.astype(np.float32)
        return placed

    def in_picture(
        self, coefficients: Coefficients, frame_from_crop: Array, gaze: Array
    ) -> NDArray[Any]:
        assert isinstance(coefficients, FlameCoefficients)
        vertices = self._head.vertices(coefficients, eyes=_eye_turns(gaze), eyelids="before")
        return _carried(self._head.project(vertices, coefficients), frame_from_crop)


class BfmFigure:
    """The Basel Face Model: a mask of the face, without eyeballs."""

    name = "BFM"

    def __init__(self, head: BfmHead) -> None:
        self._head = head
        self.faces = head.faces
        self.eyes = np.zeros((len(head.mean), 4), np.float32)
        self.radius = _radius(head.mean) * METRES
        low, high = head.mean.min(axis=0) * METRES, head.mean.max(axis=0) * METRES
        middle = (low[:2] + high[:2]) / 2 - BFM_CENTER
        self._origin = np.array([*middle, high[2] - BFM_FRONT], np.float32)

    def in_world(
        self, coefficients: Coefficients, head_rotation: Array, gaze: Array
    ) -> NDArray[Any]:
        assert isinstance(coefficients, BfmCoefficients)
        at_rest = self._head.vertices(coefficients) * np.float32(METRES) - self._origin
        turn = matrix_from_quaternion(head_rotation)
        turned: NDArray[Any] = (at_rest - BFM_PIVOT) @ turn.T + BFM_PIVOT
        return turned

    def in_picture(
        self, coefficients: Coefficients, frame_from_crop: Array, gaze: Array
    ) -> NDArray[Any]:
        assert isinstance(coefficients, BfmCoefficients)
        vertices = self._head.vertices(coefficients)
        return _carried(self._head.project(vertices, coefficients), frame_from_crop)


def open_figure(coefficients: Coefficients, folder: Path) -> FaceFigure:
    """The mesh of these coefficients' model, from a models folder. Raises ModelError."""
    if isinstance(coefficients, FlameCoefficients):
        return FlameFigure(FlameHead.load(folder))
    return BfmFigure(BfmHead.load(folder, precision=np.float32))


def _carried(crop_points: Points, frame_from_crop: Array) -> NDArray[Any]:
    """From pixels of the crop to pixels of the frame; depth grows as the sides do."""
    carried = np.empty_like(crop_points)
    linear, offset = frame_from_crop[:, :2], frame_from_crop[:, 2]
    carried[:, :2] = crop_points[:, :2] @ linear.T + offset
    growth = linear[0, 0] * linear[1, 1] - linear[0, 1] * linear[1, 0]
    carried[:, 2] = crop_points[:, 2] * math.sqrt(abs(growth))
    return carried


def _radius(vertices: Points) -> float:
    offsets = vertices - vertices.mean(axis=0)
    return float(np.sqrt((offsets**2).sum(axis=1).mean()))


def _eyeballs(head: FlameHead) -> NDArray[np.float32]:
    eyes = np.zeros((len(head.template), 4), np.float32)
    centers = head.rest_joints[EYES]
    for center, share in zip(centers, head.skin_weights[:, EYES].T, strict=True):
        ball = np.flatnonzero(share > ONLY_THE_EYES)
        ray = head.template[ball] - center
        eyes[ball, :3] = ray / np.maximum(np.linalg.norm(ray, axis=1, keepdims=True), 1e-9)
        eyes[ball, 3] = 1.0
    return eyes


def _eye_turns(gaze: Array) -> NDArray[np.float64]:
    """(2, 3) axis times radians from yaw (+ the person's left) and pitch (+ down)."""
    return np.stack(
        [
            turn_between(IDENTITY_ROTATION, quaternion_from_euler(pitch, yaw, 0.0))
            for yaw, pitch in gaze
        ]
    )
