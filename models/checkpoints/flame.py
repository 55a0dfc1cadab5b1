"""FLAME's files: the model's pickle, landmark embeddings, SMIRK's eyelids. To plain arrays.

The pickle is one of Python 2 with chumpy's and scipy's objects in it; neither is needed to read it.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from models.checkpoints.inert import PLAIN_NAMES, Instance, Names
from models.checkpoints.npy import read_npy, read_npz
from models.checkpoints.pickled import unpickle
from models.checkpoints.pickled_arrays import NUMPY_NAMES, array_from, is_array
from models.checkpoints.torch_file import is_tensor, tensor_array

JOINTS = 5
SHAPES, EXPRESSIONS = 300, 100
MAX_VERTICES = 100_000
LARGEST = 10.0  # m; of a vertex and of what a coefficient of 1 moves it by
EVEN = 1e-3  # how far weights that make one whole may miss it

_NAMES = Names(PLAIN_NAMES | NUMPY_NAMES, packages=("chumpy", "scipy.sparse"))
_CHUMPY_ARRAY = ("chumpy.ch.Ch", "chumpy.Ch")
_CHUMPY_SELECT = ("chumpy.reordering.Select",)
MODEL_KEYS = (
    *("v_template", "shapedirs", "posedirs", "weights", "J_regressor"),
    *("f", "kintree_table"),
)

Arrays = dict[str, NDArray[Any]]


def read_model_pickle(file: BinaryIO) -> dict[object, object]:
    """The dictionary in the pickle, its arrays still inert. Raises ModelError."""
    value = unpickle(file, _NAMES)
    if not isinstance(value, dict):
        raise ModelError("its pickle holds no dictionary")
    return value


def is_flame_model(values: dict[object, object]) -> bool:
    """Whether the pickle is of FLAME's kind (SMPL's and MANO's have the same keys)."""
    return {"v_template", "shapedirs"} <= values.keys()


def flame_arrays(values: dict[object, object]) -> Arrays:
    """flame.npz out of the pickle. Raises ModelError if it is another model, or implausible."""
    for key in MODEL_KEYS:
        if key not in values:
            raise ModelError(f"it has no {key!r}; expected {', '.join(MODEL_KEYS)}")
    template, shapes, poses, skin, regressor, faces, tree = (
        dense(values[key]) for key in MODEL_KEYS
    )
    count = len(template) if template.ndim == 2 else 0
    if tree.shape != (2, JOINTS) or tree.dtype.kind not in "iu":
        raise ModelError(
            f"it is a model with {tree.shape[-1] if tree.ndim else 0} joints; expected FLAME's "
            f"{JOINTS} (SMPL's and MANO's files have the same keys)"
        )
    for name, array, shape in (
        ("v_template", template, (count, 3)),
        ("shapedirs", shapes, (count, 3, SHAPES + EXPRESSIONS)),
        ("posedirs", poses, (count, 3, 9 * (JOINTS - 1))),
        ("weights", skin, (count, JOINTS)),
        ("J_regressor", regressor, (JOINTS, count)),
        ("f", faces, (len(faces) if faces.ndim else 0, 3)),
    ):
        if array.shape != shape or not 0 < len(array) <= 4 * MAX_VERTICES:
            raise ModelError(f"its {name} has shape {array.shape}; expected {shape}")
        if name != "f":
            _check_lengths(array, name)
    for name, array in (("weights", skin), ("J_regressor", regressor)):
        if np.abs(array.sum(1) - 1.0).max() > EVEN:
            raise ModelError(f"the rows of its {name} do not add up to 1")
    _check_indices(faces, count, "f")
    parents = tree[0].astype(np.int64)
    if any(not 0 <= int(parents[joint]) < joint for joint in range(1, JOINTS)):
        raise ModelError(f"its joints' parents are {parents.tolist()}; expected [-1, 0, 1, 1, 1]")
    return {
        "template": template.astype(np.float64),
        "faces": faces.astype(np.int32),
        "shape_basis": shapes[:, :, :SHAPES].astype(np.float32),
        "expression_basis": shapes[:, :, SHAPES:].astype(np.float32),
        "pose_basis": poses.astype(np.float32),
        "joint_regressor": regressor.astype(np.float64),
        "parents": np.array([-1, *parents[1:]], np.int64),
        "skin_weights": skin.astype(np.float64),
    }


def landmark_arrays(value: object) -> Arrays:
    """flame_landmarks.npz out of landmark_embedding.npy. Raises ModelError."""
    if not isinstance(value, dict):
        raise ModelError("it holds no dictionary")
    arrays: Arrays = {}
    for name, key, shape in (
        ("static_faces", "static_lmk_faces_idx", (51,)),
        ("static_barycentric", "static_lmk_bary_coords", (51, 3)),
        ("dynamic_faces", "dynamic_lmk_faces_idx", (79, 17)),
        ("dynamic_barycentric", "dynamic_lmk_bary_coords", (79, 17, 3)),
        ("full_faces", "full_lmk_faces_idx", (68,)),
        ("full_barycentric", "full_lmk_bary_coords", (68, 3)),
    ):
        if key not in value:
            raise ModelError(f"it has no {key!r}; expected SMIRK's or DECA's landmark_embedding")
        stored = value[key]
        array = tensor_array(stored) if is_tensor(stored) else array_from(stored)
        arrays[name] = _points(array.squeeze(0) if array.shape[:1] == (1,) else array, key, shape)
    return arrays


def mediapipe_arrays(file: BinaryIO) -> Arrays:
    """flame_mediapipe.npz out of mediapipe_landmark_embedding.npz. Raises ModelError."""
    stored = read_npz(file)
    arrays: Arrays = {}
    for name, key, shape in (
        ("faces", "lmk_face_idx", (105,)),
        ("barycentric", "lmk_b_coords", (105, 3)),
        ("mesh_indices", "landmark_indices", (105,)),
    ):
        if key not in stored:
            raise ModelError(f"it has no {key!r}; expected mediapipe_landmark_embedding.npz")
        arrays[name] = _points(stored[key], key, shape)
    return arrays


def eyelid_array(file: BinaryIO) -> NDArray[np.float64]:
    """What closing one eye moves, (V, 3), of l_eyelid.npy or r_eyelid.npy. Raises ModelError."""
    array = read_npy(file)
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.shape[1] != 3:
        raise ModelError("it holds no offsets of vertices; expected the shape (V, 3)")
    _check_lengths(array, "offsets")
    return array.astype(np.float64)


def dense(value: object) -> NDArray[Any]:
    """The plain array that a node of the pickle stands for. Raises ModelError."""
    if is_array(value) or not isinstance(value, Instance):
        return array_from(value)
    state = value.state
    if not isinstance(state, dict):
        raise ModelError(f"its pickle has a damaged {value.kind}")
    if value.kind in _CHUMPY_ARRAY and "x" in state:
        return dense(state["x"])
    if value.kind in _CHUMPY_SELECT and {"a", "idxs", "preferred_shape"} <= state.keys():
        return _selected(state)
    if value.kind.startswith("scipy.sparse.") and value.kind.endswith(
        (".csc_matrix", "csr_matrix")
    ):
        return _filled(state, by_columns=value.kind.endswith("csc_matrix"))
    raise ModelError(f"its pickle holds {value.kind!r:.80} where an array is expected")


def _selected(state: dict[object, object]) -> NDArray[Any]:
    """chumpy's view of some numbers of another array."""
    indices, shape = array_from(state["idxs"]), state["preferred_shape"]
    source = dense(state["a"]).ravel()
    if not isinstance(shape, tuple) or indices.dtype.kind not in "iu":
        raise ModelError("its pickle has a damaged selection")
    _check_indices(indices, len(source), "selection")
    try:
        return np.asarray(source[indices].reshape(shape))
    except (ValueError, TypeError) as error:
        raise ModelError("its pickle has a selection of another shape") from error


def _filled(state: dict[object, object], *, by_columns: bool) -> NDArray[np.float64]:
    """scipy's compressed matrix, filled with its zeros."""
    shape = state.get("_shape", state.get("shape"))
    match shape:
        case (int() as rows, int() as columns) if 0 < rows * columns <= 10 * MAX_VERTICES:
            pass
        case _:
            raise ModelError(f"its sparse matrix claims the shape {shape!s:.40}")
    starts, places, numbers = (array_from(state.get(k)) for k in ("indptr", "indices", "data"))
    lines, width = (columns, rows) if by_columns else (rows, columns)
    if starts.shape != (lines + 1,) or places.ndim != 1 or places.shape != numbers.shape:
        raise ModelError("its sparse matrix is damaged")
    _check_indices(starts, len(places) + 1, "sparse matrix")
    _check_indices(places, width, "sparse matrix")
    _check_lengths(numbers, "sparse matrix")
    ends = starts.astype(np.int64)
    counts = ends[1:] - ends[:-1]
    if counts.min() < 0 or counts.sum() != len(places):
        raise ModelError("its sparse matrix is damaged")
    matrix = np.zeros((lines, width))
    np.add.at(matrix, (np.repeat(np.arange(lines), counts), places), numbers)
    return matrix.T.copy() if by_columns else matrix


def _points(array: NDArray[Any], key: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """Triangles' numbers, or shares of their corners."""
    whole = len(shape) == 1 or shape[-1] != 3
    if array.shape != shape:
        raise ModelError(f"its {key} has shape {array.shape}; expected {shape}")
    if whole:
        _check_indices(array, MAX_VERTICES, key)
        return array.astype(np.int32)
    _check_lengths(array, key)
    if np.abs(array.sum(-1) - 1.0).max() > EVEN:
        raise ModelError(f"its {key} are no barycentric coordinates: they do not add up to 1")
    return array.astype(np.float64)


def _check_lengths(array: NDArray[Any], name: str) -> None:
    if array.dtype.kind != "f":
        raise ModelError(f"its {name} holds {array.dtype}; expected decimal numbers")
    if not np.isfinite(array).all() or np.abs(array).max(initial=0.0) > LARGEST:
        raise ModelError(f"its {name} holds values beyond {LARGEST:g}; expected a face in metres")


def _check_indices(indices: NDArray[Any], count: int, name: str) -> None:
    if indices.dtype.kind not in "iu":
        raise ModelError(f"its {name} holds {indices.dtype}; expected whole numbers")
    if indices.size and not 0 <= int(indices.min()) <= int(indices.max()) < count:
        raise ModelError(f"its {name} holds numbers outside of 0 to {count - 1}")
