"""Where a head is, from its landmarks: MediaPipe's canonical face fitted to them.

The camera is taken to have a vertical field of view of 63°. The landmarks are placed in front of
it, the fit of the canonical face (weighted orthogonal Procrustes: Akca, Generalized Procrustes
analysis and its applications in photogrammetry, 2003, 2.4) says how much too small they are there,
and so how far away they belong.
"""

from __future__ import annotations

import math

import numpy as np

from engine.geometry import Array
from models.checkpoints.face_geometry import CanonicalFace

FIELD_OF_VIEW = math.radians(63.0)


class PoseFit:
    """Fits the canonical face to landmarks."""

    def __init__(self, face: CanonicalFace) -> None:
        self._used = np.flatnonzero(face.weights)
        self._count = len(face.points)
        weights = face.weights[self._used]
        self._shares = weights / weights.sum()
        points = face.points[self._used]
        self._centre = self._shares @ points
        centred = points - self._centre
        self._weighted = centred * self._shares[:, None]  # its sum is 0: points need no centring
        self._spread = float(np.sum(self._weighted * centred))

    def camera_from_head(self, landmarks: Array, image_size: tuple[int, int]) -> Array:
        """(4, 4), centimetres, rotation times scale: the canonical face's, as it is seen.

        landmarks: (≥ 468, 3) pixels, z on the scale of x. image_size: (W, H).
        """
        width, height = image_size
        pixel = 2.0 * math.tan(FIELD_OF_VIEW / 2) / height  # at 1 cm from the camera
        depth = landmarks[: self._count, 2].mean() * pixel
        seen = landmarks[self._used] * pixel
        seen[:, 0] -= width / 2 * pixel
        seen[:, 1] = height / 2 * pixel - seen[:, 1]

        scale = self._scale(seen * (1.0, 1.0, -1.0))
        scale *= self._scale(_unprojected(seen, depth, scale))
        return self._fit(_unprojected(seen, depth, scale))

    def _scale(self, points: Array) -> float:
        """How much larger than the canonical face the points are."""
        covariance = self._covariance(points)
        along = np.linalg.svd(covariance, compute_uv=False)
        if _determinant(covariance) < 0.0:  # a mirrored face is none
            along[2] *= -1.0
        return float(along.sum()) / self._spread

    def _fit(self, points: Array) -> Array:
        """Rotation, scale and place of the canonical face among the points."""
        covariance = self._covariance(points)
        left, along, right = np.linalg.svd(covariance)
        if _determinant(covariance) < 0.0:
            left[:, 2] *= -1.0
            along[2] *= -1.0
        scaled = left @ right * (float(along.sum()) / self._spread)
        transform = np.eye(4)
        transform[:3, :3] = scaled
        transform[:3, 3] = self._shares @ points - scaled @ self._centre
        return transform

    def _covariance(self, points: Array) -> Array:
        """(3, 3) of the points with the canonical face's, both about their centres."""
        return np.asarray(points.T @ self._weighted)


def _determinant(m: Array) -> float:
    (a, b, c), (d, e, f), (g, h, i) = m.tolist()
    return float(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g))


def _unprojected(seen: Array, depth: float, scale: float) -> Array:
    """Points of a picture 1 cm before the camera at the distance where they have that scale."""
    away = (seen[:, 2] - depth + 1.0) / scale
    return np.stack([seen[:, 0] * away, seen[:, 1] * away, -away], axis=1)
