"""Face models made of numbers: FLAME's and BFM's schema, nobody's face, the same in every run.

They are the models for which upstream's code gave tests/data/face_models (README there).
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

ROWS, COLUMNS = 21, 19
VERTICES = ROWS * COLUMNS
TRIANGLES = 2 * (ROWS - 1) * (COLUMNS - 1)
PARENTS = (-1, 0, 1, 1, 1)


def uniform(name: str, shape: tuple[int, ...]) -> Doubles:
    """0..1, a pure function of name and shape: PCG64's raw stream is promised to stay."""
    raw = np.random.PCG64(zlib.crc32(name.encode())).random_raw(int(np.prod(shape)))
    return np.asarray((raw >> np.uint64(11)) * 2.0**-53).reshape(shape)


def centred(name: str, shape: tuple[int, ...]) -> Doubles:
    """Mean 0, variance 1."""
    return np.asarray((2.0 * uniform(name, shape) - 1.0) * np.sqrt(3.0))


def flame_arrays() -> dict[str, NDArray[np.generic]]:
    """flame.npz: a bent sheet of 399 vertices with random bases."""
    theta = np.linspace(0.15 * np.pi, 0.85 * np.pi, ROWS)[:, None]
    phi = np.linspace(-0.8 * np.pi, 0.8 * np.pi, COLUMNS)[None, :]
    sheet = np.stack(
        [
            0.08 * np.sin(theta) * np.sin(phi),
            0.12 * np.cos(theta) * np.ones_like(phi),
            0.10 * np.sin(theta) * np.cos(phi),
        ],
        axis=-1,
    ).reshape(VERTICES, 3)
    grid = np.arange(VERTICES).reshape(ROWS, COLUMNS)
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]
    triangles = [np.stack(corners, axis=-1).reshape(-1, 3) for corners in ((a, c, b), (b, c, d))]
    decay = 1.0 / (1.0 + np.concatenate([np.arange(300), np.arange(100)]))
    basis = 0.004 * centred("flame/shapedirs", (VERTICES, 3, 400)) * decay
    regressor = uniform("flame/J_regressor", (5, VERTICES))
    regressor = np.where(regressor > 0.95, regressor, 0.0)
    skin = uniform("flame/weights", (VERTICES, 5)) ** 4
    return {
        "template": sheet + 0.002 * centred("flame/v_template", (VERTICES, 3)),
        "faces": np.concatenate(triangles).astype(np.int32),
        "shape_basis": basis[..., :300],
        "expression_basis": basis[..., 300:],
        "pose_basis": 0.002 * centred("flame/posedirs", (VERTICES, 3, 36)),
        "joint_regressor": regressor / regressor.sum(axis=1, keepdims=True),
        "parents": np.array(PARENTS, np.int64),
        "skin_weights": skin / skin.sum(axis=1, keepdims=True),
    }


def flame_eyelid_arrays() -> dict[str, NDArray[np.generic]]:
    return {
        name: 0.009
        * centred(f"flame/{letter}_eyelid", (VERTICES, 3))
        * (uniform(f"flame/{letter}_mask", (VERTICES, 1)) > 0.9)
        for name, letter in (("left", "l"), ("right", "r"))
    }


def flame_landmark_arrays() -> dict[str, NDArray[np.generic]]:
    full, shares = _triangles("flame/full_idx", (1, 68)), _shares("flame/full_bary", (1, 68))
    return {
        "static_faces": full[0, 17:],
        "static_barycentric": shares[0, 17:],
        "dynamic_faces": _triangles("flame/dyn_idx", (79, 17)),
        "dynamic_barycentric": _shares("flame/dyn_bary", (79, 17)),
    }


def flame_mediapipe_arrays() -> dict[str, NDArray[np.generic]]:
    return {
        "faces": _triangles("flame/mp_idx", (105,)),
        "barycentric": _shares("flame/mp_bary", (105,)),
        "mesh_indices": np.arange(105),
    }


def bfm_arrays(vertices: int = 300) -> dict[str, NDArray[np.generic]]:
    """bfm.npz: a cloud of points in micrometres."""
    count = 3 * vertices

    def basis(name: str, columns: int, largest: float) -> Doubles:
        deviations = largest / (1.0 + np.arange(columns))
        return (0.01 * centred(name, (count, columns)) * deviations).reshape(vertices, 3, columns)

    return {
        "shape_mean": 8e4 * centred("bfm/shapeMU", (count,)).reshape(vertices, 3),
        "shape_basis": basis("bfm/shapePC", 99, 5e5),
        "expression_mean": 1e3 * centred("bfm/expMU", (count,)).reshape(vertices, 3),
        "expression_basis": basis("bfm/expPC", 29, 3e5),
        "faces": np.floor(vertices * uniform("bfm/faces", (500, 3))).astype(np.int32),
    }


def write_flame(folder: Path) -> Path:
    """A models folder with all of FLAME's files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, arrays in (
        ("flame", flame_arrays()),
        ("flame_eyelids", flame_eyelid_arrays()),
        ("flame_landmarks", flame_landmark_arrays()),
        ("flame_mediapipe", flame_mediapipe_arrays()),
    ):
        np.savez(folder / f"{name}.npz", **arrays)  # type: ignore[arg-type]
    return folder


def write_bfm(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "bfm.npz", **bfm_arrays())  # type: ignore[arg-type]
    return folder


def _triangles(name: str, shape: tuple[int, ...]) -> NDArray[np.int64]:
    return np.floor(uniform(name, shape) * TRIANGLES).astype(np.int64)


def _shares(name: str, shape: tuple[int, ...]) -> Doubles:
    shares = uniform(name, (*shape, 3)) + 0.05
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))
