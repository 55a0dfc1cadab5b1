"""What a face model's numbers do to its vertices, and what ARKit's 52 actions do to them.

A displacement is linear in a picture's numbers: the expression's coefficients, of FLAME the turn
of the jaw, of SMIRK two eyelids. Opening the jaw is really a rotation; here it runs along the chord
to FULL_JAW, at most half a millimetre beside the arc, as the action does. How a turned jaw turns
the lips' own expression with it is left out on purpose: actions are not turned either. Lengths are
in the model's own unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import FlameCoefficients
from engine.errors import ModelError
from models.heads.bfm import METRES, BfmHead
from models.heads.correspondence import (
    FLAME_VERTICES,
    carried_actions,
    flame_correspondence,
)
from models.heads.flame import FlameHead, rotation_matrix
from models.heads.free import load_free_head
from models.heads.registration import register

Array = NDArray[np.float64]
Integers = NDArray[np.integer]

JAW_JOINT = 2
FULL_JAW = math.radians(20.7)  # by which the free head's jawOpen turns its jaw
SMALL_TURN = 1e-4  # rad, for a derivative


@dataclass(frozen=True, slots=True, eq=False)
class CarriedActions:
    """offsets: (52, V, 3) of BLENDSHAPES; weights: (V,) how much a vertex counts: its area if its
    place on the free head is sure, else less, down to 0."""

    offsets: Array
    weights: Array


@dataclass(frozen=True, slots=True, eq=False)
class FaceMotion:
    """N numbers move V vertices.

    offsets: (V, 3, N): the displacement that each number makes at 1.
    constant: (V, 3): what is there at numbers of 0.
    units:   (N,): what has the same number here is measured in the same unit.
    sure:    (52,) whether an action is just one of the numbers.
    actions: the 52, some of them the model's own.
    """

    offsets: Array
    constant: Array
    units: Integers
    sure: NDArray[np.bool_]
    actions: CarriedActions


def carried(head: FlameHead | BfmHead) -> CarriedActions:
    """Of FLAME's own mesh at once; any other one is registered, which takes some seconds.

    Raises ModelError if it resembles no face.
    """
    free = load_free_head().subdivided()
    rest = neutral(head)
    if len(rest) == FLAME_VERTICES and isinstance(head, FlameHead):
        correspondence = flame_correspondence()
    else:
        metres = METRES if isinstance(head, BfmHead) else 1.0
        correspondence = register(free, rest * metres, head.faces)
    weights = correspondence.trust * vertex_areas(rest, head.faces)
    if not weights.any():
        raise ModelError(
            f"no weights from this face model: none of its {len(rest)} vertices fits a face; "
            "expected a neutral one that looks along +Z. Add the official file: mien models add"
        )
    return CarriedActions(carried_actions(free, correspondence, rest), weights)


def neutral(head: FlameHead | BfmHead) -> Array:
    """(V, 3)"""
    if isinstance(head, FlameHead):
        return head.template.astype(np.float64)
    return np.asarray(head.mean - head.expression_mean, np.float64)


def bfm_motion(head: BfmHead, actions: CarriedActions) -> FaceMotion:
    """The numbers are the expression's 29 coefficients."""
    basis = head.expression_basis.astype(np.float64)
    constant = head.expression_mean.astype(np.float64)
    one_unit = np.zeros(basis.shape[2], np.int64)
    return FaceMotion(basis, constant, one_unit, np.zeros(len(BLENDSHAPES), bool), actions)


def flame_motion(
    head: FlameHead, actions: CarriedActions, expressions: int, *, eyelids: bool
) -> FaceMotion:
    """Numbers as `flame_numbers` gives them.

    What FLAME moves by its jaw, and SMIRK by its eyelids if they are installed, takes the place of
    the carried action: jawOpen is FULL_JAW, jawLeft and jawRight the turn that comes nearest.
    """
    offsets = actions.offsets.copy()
    jaw = _jaw_offsets(head)
    offsets[INDEX["jawOpen"]] = FULL_JAW * jaw[:, :, 0]
    sideways = jaw[:, :, 1]
    counted = actions.weights[:, None] * sideways
    aside = offsets[INDEX["jawLeft"]] - offsets[INDEX["jawRight"]]
    turn = 0.5 * float((counted * aside).sum()) / max(float((counted * sideways).sum()), 1e-12)
    offsets[INDEX["jawLeft"]], offsets[INDEX["jawRight"]] = turn * sideways, -turn * sideways
    sure = np.zeros(len(BLENDSHAPES), bool)
    sure[[INDEX["jawOpen"], INDEX["jawLeft"], INDEX["jawRight"]]] = True
    blinks = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
    if head.eyelids is not None:
        offsets[blinks] = head.eyelids
    parts = [head.expression_basis[:, :, :expressions].astype(np.float64), jaw]
    if eyelids:
        parts.append(offsets[blinks].transpose(1, 2, 0))
        sure[blinks] = True
    together = np.concatenate(parts, axis=2)
    return FaceMotion(
        together,
        np.zeros(together.shape[:2]),
        np.repeat(np.arange(len(parts)), [part.shape[2] for part in parts]),
        sure,
        CarriedActions(offsets, actions.weights),
    )


def flame_numbers(coefficients: FlameCoefficients, expressions: int, *, eyelids: bool) -> Array:
    """(expressions + 3 [+ 2],)"""
    parts = [coefficients.expression[:expressions], coefficients.jaw]
    if eyelids:
        parts.append(coefficients.eyelids)
    return np.concatenate(parts)


def vertex_areas(vertices: Array, faces: Integers) -> Array:
    """(V,): a third of each face round a vertex."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    thirds = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    areas = np.bincount(faces.ravel(), np.repeat(thirds, 3), len(vertices))
    return np.asarray(areas, np.float64)


def _jaw_offsets(head: FlameHead) -> Array:
    """(V, 3, 3): per radian about x (along the chord to FULL_JAW), y and z: skinning about the
    jaw's joint, and FLAME's pose correctives."""
    ray = head.template - head.rest_joints[JAW_JOINT]
    first = 9 * (JAW_JOINT - 1)
    corrective = head.pose_basis[:, :, first : first + 9]
    offsets = np.empty((len(ray), 3, 3))
    for axis, angle in enumerate((FULL_JAW, SMALL_TURN, SMALL_TURN)):
        change = rotation_matrix(angle * np.eye(3)[axis]) - np.eye(3)
        skinned = head.skin_weights[:, JAW_JOINT, None] * (ray @ change.T)
        offsets[:, :, axis] = (skinned + corrective @ change.ravel()) / angle
    return offsets
