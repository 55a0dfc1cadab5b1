"""The Basel Face Model (Paysan et al., 2009) with the expressions of 3DDFA, as ExpNet drives it.

Coefficients to vertices, in the model's own axes (+X the person's left, +Y up, +Z out of the face)
and units: micrometres. The camera is FacePoseNet's: focal length 2880 pixels before a crop of
224; its distances are millimetres.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data import BfmCoefficients
from models.heads.arrays import Expected, read_arrays

Doubles = NDArray[np.float64]
Integers = NDArray[np.int32]

SHAPES, EXPRESSIONS = 99, 29
METRES = 1e-6  # of one of the model's units
MILLIMETRES = 1e-3
FOCAL_LENGTH = 2880.0  # pixels
MODEL_SIZE, CROP_SIZE = 224, 227  # pixels a side: of the camera's picture, of the regressor's crop
REMEDY = "Run: mien models add bfm, with BaselFaceModel_mod.mat"

_MODEL = (
    Expected("shape_mean", ("V", 3)),
    Expected("shape_basis", ("V", 3, SHAPES)),
    Expected("expression_mean", ("V", 3)),
    Expected("expression_basis", ("V", 3, EXPRESSIONS)),
    Expected("faces", ("F", 3), whole=True, below="V"),
)


class BfmHead:
    """V vertices, F triangles. What only the identity decides is kept while it stays the same.

    mean: (V, 3), of shape and expression together; expression_mean (V, 3): what the expression has
    in it, which no coefficient takes away; shape_basis (V, 3, 99), expression_basis
    (V, 3, 29): for a coefficient of 1, a standard deviation. precision: of all arithmetic;
    float32 is enough to be looked at and takes half the time.
    """

    def __init__(
        self,
        *,
        shape_mean: NDArray[np.floating],
        expression_mean: NDArray[np.floating],
        shape_basis: NDArray[np.floating],
        expression_basis: NDArray[np.floating],
        faces: NDArray[np.integer],
        precision: type[np.float64] | type[np.float32] = np.float64,
    ) -> None:
        self.faces: Integers = np.ascontiguousarray(faces, np.int32)
        self.mean: NDArray[Any] = (shape_mean + expression_mean).astype(precision)
        self.expression_mean: NDArray[Any] = expression_mean.astype(precision)
        self._shapes = _rows_of(shape_basis, precision)
        self._expressions = _rows_of(expression_basis, precision)
        self._precision = precision
        self._identity = self.mean
        self._identity_shape: Doubles = np.zeros(SHAPES)

    @classmethod
    def load(
        cls, folder: Path, *, precision: type[np.float64] | type[np.float32] = np.float64
    ) -> BfmHead:
        """bfm.npz of a models folder. Raises ModelError if it is missing or another file."""
        shape_mean, shape_basis, expression_mean, expression_basis, faces = read_arrays(
            folder / "bfm.npz", _MODEL, remedy=REMEDY
        )
        return cls(
            shape_mean=shape_mean,
            expression_mean=expression_mean,
            shape_basis=shape_basis,
            expression_basis=expression_basis,
            faces=faces,
            precision=precision,
        )

    @property
    def expression_basis(self) -> NDArray[Any]:
        """(V, 3, 29); a view."""
        return self._expressions.reshape(EXPRESSIONS, -1, 3).transpose(1, 2, 0)

    def vertices(self, coefficients: BfmCoefficients) -> NDArray[Any]:
        """(V, 3) micrometres, the head at rest: identity and expression."""
        if not np.array_equal(coefficients.shape, self._identity_shape):
            self._identity = self.mean + _blend(coefficients.shape, self._shapes)
            self._identity_shape = coefficients.shape.copy()
        expressed: NDArray[Any] = self._identity + _blend(
            coefficients.expression, self._expressions
        )
        return expressed

    def displayed(
        self, vertices: NDArray[np.floating], coefficients: BfmCoefficients
    ) -> NDArray[Any]:
        """(V, 3) as upstream writes them to files: turned, and moved by the bare translation."""
        turn, translation = pose(coefficients)
        turned: NDArray[Any] = vertices @ turn.T.astype(vertices.dtype)
        return turned + translation.astype(vertices.dtype)

    def project(self, points: NDArray[np.floating], coefficients: BfmCoefficients) -> Doubles:
        """(N, 3) from points (N, 3) micrometres: pixels of the regressor's crop, x right, y down.

        z is the distance along the line of sight, in pixels at the head's own distance; smaller is
        nearer.
        """
        turn, translation = pose(coefficients)
        seen = points @ (turn.T * MILLIMETRES) + translation
        distance = np.maximum(-seen[:, 2], 1e-6)  # the camera looks along -Z
        scale = FOCAL_LENGTH * CROP_SIZE / MODEL_SIZE
        projected = np.empty_like(seen)
        projected[:, 0] = CROP_SIZE / 2 + scale * seen[:, 0] / distance
        projected[:, 1] = CROP_SIZE / 2 - scale * seen[:, 1] / distance
        projected[:, 2] = scale * (distance / max(-float(translation[2]), 1e-6) - 1.0)
        return projected


def pose(coefficients: BfmCoefficients) -> tuple[Doubles, Doubles]:
    """(3, 3) rotation and (3,) translation, camera_from_head: FacePoseNet's X is mirrored."""
    x, y, z = (float(c) for c in coefficients.rotation)
    return (
        _rotation_matrix(x, -y, -z),
        coefficients.translation * np.array([-1.0, 1.0, 1.0]),
    )


def _rotation_matrix(x: float, y: float, z: float) -> Doubles:
    angle = math.sqrt(x * x + y * y + z * z)
    if angle < 1e-12:
        return np.eye(3)
    across = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]]) / angle
    return np.eye(3) + math.sin(angle) * across + (1.0 - math.cos(angle)) * (across @ across)


def _blend(weights: Doubles, rows: NDArray[Any]) -> NDArray[Any]:
    used = int(np.flatnonzero(weights)[-1]) + 1 if weights.any() else 0
    return np.asarray(weights[:used].astype(rows.dtype) @ rows[:used]).reshape(-1, 3)


def _rows_of(basis: NDArray[np.floating], precision: type[np.floating[Any]]) -> NDArray[Any]:
    """(K, 3 V) from (V, 3, K): one row a coefficient."""
    rows = np.ascontiguousarray(basis.astype(precision).transpose(2, 0, 1))
    return rows.reshape(basis.shape[2], -1)
