"""A FLAME model as it lies on disk, in five files of a models folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from models.heads.arrays import Expected, read_arrays
from models.heads.surface_points import SurfacePoints

JOINTS = 5
SHAPES, EXPRESSIONS = 300, 100
LAST_CONTOUR_YAW = 39  # degrees for which there is a contour of its own, to either side
REMEDY = "Run: mien models add flame, with the file from https://flame.is.tue.mpg.de"

_MODEL = (
    Expected("template", ("V", 3)),
    Expected("faces", ("F", 3), whole=True, below="V"),
    Expected("shape_basis", ("V", 3, SHAPES)),
    Expected("expression_basis", ("V", 3, EXPRESSIONS)),
    Expected("pose_basis", ("V", 3, 9 * (JOINTS - 1))),
    Expected("joint_regressor", (JOINTS, "V")),
    Expected("skin_weights", ("V", JOINTS)),
)
_PARENTS = (Expected("parents", (JOINTS,), whole=True),)
_EYELIDS = (Expected("left", ("V", 3)), Expected("right", ("V", 3)))
_CONTOURS = 2 * LAST_CONTOUR_YAW + 1
_LANDMARKS = (
    Expected("static_faces", (51,), whole=True, below="F"),
    Expected("static_barycentric", (51, 3)),
    Expected("dynamic_faces", (_CONTOURS, 17), whole=True, below="F"),
    Expected("dynamic_barycentric", (_CONTOURS, 17, 3)),
)
_MEDIAPIPE = (
    Expected("faces", ("M",), whole=True, below="F"),
    Expected("barycentric", ("M", 3)),
    Expected("mesh_indices", ("M",), whole=True, below=478),
)


@dataclass(frozen=True, slots=True, eq=False)
class FlameLandmarks:
    """The 68 of a picture: 17 on the contour, which depend on the head's yaw, and 51 others."""

    contours: tuple[SurfacePoints, ...]  # by row, as `contour_row` counts them
    others: SurfacePoints


@dataclass(frozen=True, slots=True, eq=False)
class MediaPipeLandmarks:
    """Some of MediaPipe's points: mesh_indices (M,) tells which of the 478 each is."""

    points: SurfacePoints
    mesh_indices: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FlameModel:
    """V vertices, F triangles; lengths in metres, bases for a coefficient of 1.

    parents: of the joints root, neck, jaw, left eye, right eye; the root's own is not read.
    eyelids: what closing the left and the right one adds. None where a file is not installed.
    """

    template: NDArray[np.floating]  # (V, 3)
    faces: NDArray[np.integer]  # (F, 3)
    shape_basis: NDArray[np.floating]  # (V, 3, 300)
    expression_basis: NDArray[np.floating]  # (V, 3, 100)
    pose_basis: NDArray[np.floating]  # (V, 3, 36)
    joint_regressor: NDArray[np.floating]  # (5, V)
    parents: tuple[int, ...]  # (5,)
    skin_weights: NDArray[np.floating]  # (V, 5)
    eyelids: NDArray[np.floating] | None = None  # (2, V, 3)
    landmarks: FlameLandmarks | None = None
    mediapipe: MediaPipeLandmarks | None = None


def read_flame(folder: Path) -> FlameModel:
    """flame.npz of a models folder, with flame_eyelids, _landmarks, _mediapipe where they are.

    Raises ModelError if the model is missing, or a file is not what it should be.
    """
    path = folder / "flame.npz"
    template, faces, shape_basis, expression_basis, pose_basis, regressor, skin = read_arrays(
        path, _MODEL, remedy=REMEDY
    )
    sizes = {"V": len(template), "F": len(faces)}
    return FlameModel(
        template=template,
        faces=faces,
        shape_basis=shape_basis,
        expression_basis=expression_basis,
        pose_basis=pose_basis,
        joint_regressor=regressor,
        parents=_read_parents(path),
        skin_weights=skin,
        eyelids=_read_eyelids(folder / "flame_eyelids.npz", sizes),
        landmarks=_read_landmarks(folder / "flame_landmarks.npz", sizes),
        mediapipe=_read_mediapipe(folder / "flame_mediapipe.npz", sizes),
    )


def _read_parents(path: Path) -> tuple[int, ...]:
    (parents,) = read_arrays(path, _PARENTS, remedy=REMEDY)
    found = tuple(int(parent) for parent in parents)
    if any(not 0 <= found[j] < j for j in range(1, JOINTS)):
        raise ModelError(
            f"wrong face model {path}: parents are {found}; expected {JOINTS}, each before its "
            f"child. {REMEDY}"
        )
    return found


def _read_eyelids(path: Path, sizes: dict[str, int]) -> NDArray[np.floating] | None:
    if not path.exists():
        return None
    left, right = read_arrays(path, _EYELIDS, remedy=REMEDY, sizes=sizes)
    return np.stack([left, right])


def _read_landmarks(path: Path, sizes: dict[str, int]) -> FlameLandmarks | None:
    if not path.exists():
        return None
    static, static_shares, dynamic, dynamic_shares = read_arrays(
        path, _LANDMARKS, remedy=REMEDY, sizes=sizes
    )
    return FlameLandmarks(
        contours=tuple(
            SurfacePoints(row, shares.astype(np.float32))
            for row, shares in zip(dynamic, dynamic_shares, strict=True)
        ),
        others=SurfacePoints(static, static_shares.astype(np.float32)),
    )


def _read_mediapipe(path: Path, sizes: dict[str, int]) -> MediaPipeLandmarks | None:
    if not path.exists():
        return None
    faces, shares, indices = read_arrays(path, _MEDIAPIPE, remedy=REMEDY, sizes=sizes)
    return MediaPipeLandmarks(
        SurfacePoints(faces, shares.astype(np.float32)), indices.astype(np.int64)
    )
