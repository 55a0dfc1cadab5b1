"""The Basel Face Model with 3DDFA's expressions, as ExpNet's authors hand it out, to arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from models.checkpoints.mat import read_mat

SHAPES, EXPRESSIONS = 99, 29
LARGEST = 1e9  # of any number in it: a kilometre in micrometres
VARIABLE = "BFM"
KEYS = ("shapeMU", "shapePC", "shapeEV", "expMU", "expPC", "expEV", "faces")
TEXTURE_KEYS = ("texMU", "texPC", "texEV")

Arrays = dict[str, NDArray[Any]]


def bfm_arrays(data: bytes) -> Arrays:
    """bfm.npz out of BaselFaceModel_mod.mat. Raises ModelError."""
    variables = read_mat(data)
    model = variables.get(VARIABLE)
    if not isinstance(model, dict):
        raise ModelError(
            f"it holds {', '.join(map(repr, variables)) or 'nothing'}; expected a struct 'BFM' as "
            "in BaselFaceModel_mod.mat (the Basel model of 2009 itself has no expressions)"
        )
    shape_mean, shape_basis = _basis(model, "shape", SHAPES)
    expression_mean, expression_basis = _basis(model, "exp", EXPRESSIONS)
    count = len(shape_mean)
    if len(expression_mean) != count:
        raise ModelError(f"expMU has {len(expression_mean)} vertices, shapeMU {count}")
    faces = _field(model, "faces")
    if faces.ndim != 2 or faces.shape[1] != 3 or not np.array_equal(faces, np.rint(faces)):
        raise ModelError(f"its faces are {faces.dtype} of shape {faces.shape}; expected (F, 3)")
    if not 1 <= int(faces.min()) <= int(faces.max()) <= count:
        raise ModelError(f"its faces name vertices outside of 1 to {count}")
    arrays: Arrays = {
        "shape_mean": shape_mean,
        "shape_basis": shape_basis,
        "expression_mean": expression_mean,
        "expression_basis": expression_basis,
        "faces": faces.astype(np.int32) - 1,
    }
    if all(model.get(key) is not None for key in TEXTURE_KEYS):
        mean, basis = _basis(model, "tex", SHAPES)
        if len(mean) == count:
            arrays |= {"texture_mean": mean, "texture_basis": basis}
    return arrays


def _basis(
    model: dict[str, Any], prefix: str, size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (V, 3) and directions (V, 3, size), which are scaled for coefficients of deviation 1."""
    mean, directions, deviations = (_field(model, prefix + end) for end in ("MU", "PC", "EV"))
    if directions.shape != (mean.size, size) or deviations.size != size or mean.size % 3:
        raise ModelError(
            f"its {prefix}MU, {prefix}PC, {prefix}EV have the shapes {mean.shape}, "
            f"{directions.shape}, {deviations.shape}; expected (3·V), (3·V, {size}), ({size})"
        )
    scaled = directions * deviations.ravel().astype(np.float64)
    return mean.reshape(-1, 3).astype(np.float64), scaled.reshape(-1, 3, size).astype(np.float64)


def _field(model: dict[str, Any], key: str) -> NDArray[Any]:
    array = model.get(key)
    if not isinstance(array, np.ndarray) or array.size == 0:
        raise ModelError(f"its struct has no numbers {key!r}; expected {', '.join(KEYS)}")
    if array.dtype.kind == "f" and not np.abs(array).max() < LARGEST:  # also if it is no number
        raise ModelError(f"its {key} holds values beyond {LARGEST:g}; expected micrometres")
    return array
