"""FLAME (Li, Bolkart, Black, Li, Romero: Learning a model of facial shape and expression, 2017).

Coefficients to vertices, joints and landmarks, in numpy, to a millionth of a metre as upstream's
code gives them. Axes as in engine/geometry.py: metres, +X the person's left, +Y up, +Z out of the
face. Five joints: root (the whole head), neck, jaw, left eye, right eye.

Arrays lie coordinate by coordinate inside, (3, V), so that each step is a few long runs. What only
the identity decides is kept while `shape` stays the same.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.data import FlameCoefficients
from engine.errors import ModelError
from models.heads.flame_files import (
    EXPRESSIONS,
    JOINTS,
    LAST_CONTOUR_YAW,
    SHAPES,
    FlameModel,
    read_flame,
)

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int32]

CROP_SIZE = 224  # pixels a side of what SMIRK, DECA and EMOCA look at

EyelidOrder = Literal["before", "after"]


class FlameHead:
    """One FLAME model, ready to be posed.

    template: (V, 3) m; faces: (F, 3); skin_weights: (V, 5); rest_joints: (5, 3) m of the template;
    eyelids: (2, V, 3) m, what closing the left and the right one adds; None if not installed.
    """

    def __init__(self, model: FlameModel) -> None:
        eyelids = model.eyelids
        self.template: Floats = np.asarray(model.template, np.float32)
        self.faces: Integers = np.ascontiguousarray(model.faces, np.int32)
        self.eyelids: Floats | None = None if eyelids is None else np.asarray(eyelids, np.float32)
        self.skin_weights: Floats = np.asarray(model.skin_weights, np.float32)
        self.parents = model.parents
        self.landmark_points = model.landmarks
        self.mediapipe_points = model.mediapipe
        self._template = _by_coordinate(self.template)
        self._shapes = _rows_of(model.shape_basis)
        self._expressions = _rows_of(model.expression_basis)
        self._poses = _rows_of(model.pose_basis)
        self._eyelids = None if eyelids is None else np.stack([_by_coordinate(e) for e in eyelids])
        self._skin = np.ascontiguousarray(self.skin_weights.T)
        # Joints are linear in the coefficients, too: no vertex is needed to find them.
        regressor = np.asarray(model.joint_regressor, np.float64)
        self.rest_joints: Doubles = regressor @ model.template
        self._shape_joints = _joints_of(regressor, model.shape_basis)
        self._expression_joints = _joints_of(regressor, model.expression_basis)
        self._identity = self._template
        self._identity_joints = self.rest_joints
        self._identity_shape: Doubles = np.zeros(SHAPES)

    @classmethod
    def load(cls, folder: Path) -> FlameHead:
        """From a models folder, as `read_flame` finds it there. Raises ModelError."""
        return cls(read_flame(folder))

    @property
    def shape_basis(self) -> Floats:
        """(V, 3, 300) m; a view."""
        return self._shapes.reshape(SHAPES, 3, -1).transpose(2, 1, 0)

    @property
    def expression_basis(self) -> Floats:
        """(V, 3, 100) m; a view."""
        return self._expressions.reshape(EXPRESSIONS, 3, -1).transpose(2, 1, 0)

    @property
    def pose_basis(self) -> Floats:
        """(V, 3, 36) m for a difference of 1 from the identity rotation; a view."""
        return self._poses.reshape(9 * (JOINTS - 1), 3, -1).transpose(2, 1, 0)

    def vertices(
        self,
        coefficients: FlameCoefficients,
        *,
        eyes: NDArray[np.floating] | None = None,
        eyelids: EyelidOrder = "after",
    ) -> Floats:
        """(V, 3) m.

        eyes: (2, 3) axis times radians of the left and the right eyeball; None looks ahead.
        eyelids: "after" skinning, in the world's axes, as SMIRK does it; "before", so that they
        turn with the head, as it looks right. A model without eyelids leaves them out.
        """
        shaped = self._shaped(coefficients)
        turns = _joint_turns(coefficients, eyes)
        self._add_poses(shaped, turns)
        lids = self._lid_offsets(coefficients.eyelids)
        if lids is not None and eyelids == "before":
            shaped += lids
        skinned = self._skinned(shaped, self._joint_transforms(coefficients, turns))
        if lids is not None and eyelids == "after":
            skinned += lids
        return np.ascontiguousarray(skinned.T)

    def joints(
        self, coefficients: FlameCoefficients, *, eyes: NDArray[np.floating] | None = None
    ) -> Doubles:
        """(5, 3) m: where root, neck, jaw, left eye and right eye are in this pose."""
        rest = self._rest_joints(coefficients)
        chain = self._joint_transforms(coefficients, _joint_turns(coefficients, eyes))
        posed: Doubles = np.einsum("jxy,jy->jx", chain[:, :, :3], rest) + chain[:, :, 3]
        return posed

    def landmarks(self, vertices: NDArray[np.floating], coefficients: FlameCoefficients) -> Floats:
        """(68, 3) of posed vertices: the contour as it is seen at the head's yaw, then the others.

        Raises ModelError where no embedding of them is installed.
        """
        if self.landmark_points is None:
            raise ModelError(
                "no landmarks of FLAME: flame_landmarks.npz is not installed; expected it beside "
                "flame.npz. Run: mien models add flame, with landmark_embedding.npy"
            )
        contour = self.landmark_points.contours[contour_row(coefficients)]
        return np.concatenate(
            [
                contour.on(vertices, self.faces),
                self.landmark_points.others.on(vertices, self.faces),
            ]
        )

    def mediapipe_landmarks(self, vertices: NDArray[np.floating]) -> Floats:
        """(M, 3) of posed vertices, in the order of `mediapipe_points.mesh_indices`.

        Raises ModelError where no embedding of them is installed.
        """
        if self.mediapipe_points is None:
            raise ModelError(
                "no MediaPipe landmarks of FLAME: flame_mediapipe.npz is not installed; expected "
                "it beside flame.npz. Run: mien models add flame, with "
                "mediapipe_landmark_embedding.npz"
            )
        return self.mediapipe_points.points.on(vertices, self.faces)

    def project(self, points: NDArray[np.floating], coefficients: FlameCoefficients) -> Doubles:
        """(N, 3) from points (N, 3) m: pixels of the regressor's crop, x right, y down; z likewise,
        smaller is nearer. Weak perspective: size does not fall with distance.
        """
        scale, right, up = coefficients.camera
        half = CROP_SIZE / 2
        moved = (points + np.array([right, up, 0.0])) * (scale * half)
        pixels: Doubles = moved * np.array([1.0, -1.0, -1.0]) + np.array([half, half, 0.0])
        return pixels

    # --- steps --------------------------------------------------------------------------------

    def _shaped(self, coefficients: FlameCoefficients) -> Floats:
        """(3, V), an array of its own: identity and expression."""
        shape = coefficients.shape
        if not np.array_equal(shape, self._identity_shape):
            self._identity = self._template + _blend(shape, self._shapes)
            self._identity_joints = self.rest_joints + self._shape_joints @ shape
            self._identity_shape = shape.copy()
        return self._identity + _blend(coefficients.expression, self._expressions)

    def _rest_joints(self, coefficients: FlameCoefficients) -> Doubles:
        identity = (
            self._identity_joints
            if np.array_equal(coefficients.shape, self._identity_shape)
            else self.rest_joints + self._shape_joints @ coefficients.shape
        )
        return identity + self._expression_joints @ coefficients.expression

    def _add_poses(self, shaped: Floats, turns: Doubles) -> None:
        """What bending a joint does beside skinning; the root has no part in it."""
        for joint in range(1, JOINTS):
            change = turns[joint] - np.eye(3)
            if np.abs(change).max() > 1e-7:
                rows = self._poses[9 * (joint - 1) : 9 * joint]
                shaped += (change.ravel().astype(np.float32) @ rows).reshape(3, -1)

    def _joint_transforms(self, coefficients: FlameCoefficients, turns: Doubles) -> Doubles:
        """(5, 3, 4): posed from rest, of each joint."""
        rest = self._rest_joints(coefficients)
        chain = np.empty((JOINTS, 4, 4))
        for joint in range(JOINTS):
            local = np.eye(4)
            local[:3, :3] = turns[joint]
            if joint == 0:
                local[:3, 3] = rest[0]
                chain[0] = local
            else:
                parent = self.parents[joint]
                local[:3, 3] = rest[joint] - rest[parent]
                chain[joint] = chain[parent] @ local
        transforms = chain[:, :3].copy()
        transforms[:, :, 3] -= np.einsum("jxy,jy->jx", chain[:, :3, :3], rest)
        return transforms

    def _skinned(self, posed: Floats, transforms: Doubles) -> Floats:
        blended = (transforms.reshape(JOINTS, 12).T.astype(np.float32) @ self._skin).reshape(
            3, 4, -1
        )
        skinned = blended[:, 3]
        for axis in range(3):
            skinned += blended[:, axis] * posed[axis]
        return skinned

    def _lid_offsets(self, closed: Doubles) -> Floats | None:
        if self._eyelids is None or not closed.any():
            return None
        left, right = closed.astype(np.float32)
        lids: Floats = left * self._eyelids[0] + right * self._eyelids[1]
        return lids


def contour_row(coefficients: FlameCoefficients) -> int:
    """Which contour is seen: 0…39 by degrees of yaw to the person's left, 40…78 to the right."""
    turn = rotation_matrix(coefficients.rotation) @ rotation_matrix(coefficients.neck)
    yaw = math.degrees(math.atan2(-turn[2, 0], math.hypot(turn[0, 0], turn[1, 0])))
    row = round(min(yaw, LAST_CONTOUR_YAW))
    if row >= 0:
        return row
    return LAST_CONTOUR_YAW - row if row >= -LAST_CONTOUR_YAW else 2 * LAST_CONTOUR_YAW


def rotation_matrix(turn: NDArray[np.floating]) -> Doubles:
    """(3, 3) of an axis times radians, with upstream's tiny offset that keeps 0 defined."""
    angle = float(np.linalg.norm(np.asarray(turn, np.float64) + 1e-8))
    x, y, z = (float(c) / angle for c in turn)
    across = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turned: Doubles = math.sin(angle) * across + (1.0 - math.cos(angle)) * (across @ across)
    return turned + np.eye(3)


def _joint_turns(coefficients: FlameCoefficients, eyes: NDArray[np.floating] | None) -> Doubles:
    """(5, 3, 3)"""
    turns = (coefficients.rotation, coefficients.neck, coefficients.jaw)
    left, right = (np.zeros(3), np.zeros(3)) if eyes is None else eyes
    return np.stack([rotation_matrix(turn) for turn in (*turns, left, right)])


def _blend(weights: Doubles, rows: Floats) -> Floats:
    """(3, V): the sum of the basis' rows; zeros at the end cost nothing."""
    used = int(np.flatnonzero(weights)[-1]) + 1 if weights.any() else 0
    return (weights[:used].astype(np.float32) @ rows[:used]).reshape(3, -1)


def _by_coordinate(points: NDArray[np.floating]) -> Floats:
    """(3, V) from (V, 3)."""
    return np.ascontiguousarray(np.asarray(points, np.float32).T)


def _rows_of(basis: NDArray[np.floating]) -> Floats:
    """(K, 3 V) from (V, 3, K): one row a coefficient."""
    vertices, _, columns = basis.shape
    rows = np.ascontiguousarray(np.asarray(basis, np.float32).transpose(2, 1, 0))
    return rows.reshape(columns, 3 * vertices)


def _joints_of(regressor: Doubles, basis: NDArray[np.floating]) -> Doubles:
    """(5, 3, K): how the joints move with each coefficient."""
    vertices, _, columns = basis.shape
    moved = regressor @ basis.reshape(vertices, 3 * columns)
    return np.asarray(moved, np.float64).reshape(JOINTS, 3, columns)
