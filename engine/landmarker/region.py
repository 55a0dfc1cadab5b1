"""The part of a picture that a face network looks at: a rectangle turned with the face.

Its rules are those of MediaPipe's face landmarker, whose networks were trained on such crops.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.geometry import Array

MARGIN = 1.5  # the region's side to the face's
EYE_CORNERS = (33, 263)  # the outer ones of the person's right and left eye: they lie level


@dataclass(frozen=True, slots=True)
class FaceRegion:
    """Centre and sides in pixels of the picture; rotation in radians, clockwise as one sees it."""

    x: float
    y: float
    width: float
    height: float
    rotation: float

    def image_from_crop(self, size: int) -> Array:
        """(2, 3) pixels of the picture from pixels of a square crop of that size."""
        cos, sin = math.cos(self.rotation), math.sin(self.rotation)
        x, y = self.width / size, self.height / size
        half = size / 2
        return np.array(
            [
                [cos * x, -sin * y, self.x + (sin * y - cos * x) * half],
                [sin * x, cos * y, self.y - (sin * x + cos * y) * half],
            ]
        )

    def points_from_crop(self, points: Array, aspect: float) -> Array:
        """(N, 3) pixels of the picture from shares 0..1 of the crop; smaller z is nearer.

        aspect: the picture's width to its height. z is on the scale of x, as MediaPipe has it: it
        measures the turned region in shares of the picture, where x and y count differently.
        """
        cos, sin = math.cos(self.rotation), math.sin(self.rotation)
        across = (points[:, 0] - 0.5) * self.width
        down = (points[:, 1] - 0.5) * self.height
        depth = points[:, 2] * (self.width * math.hypot(cos, sin * aspect))
        return np.stack(
            [self.x + cos * across - sin * down, self.y + sin * across + cos * down, depth], axis=1
        )


def region_around(landmarks: Array) -> FaceRegion:
    """The region for the next picture: square, level with the eyes."""
    x, y = landmarks[:, 0], landmarks[:, 1]
    left, right, top, bottom = float(x.min()), float(x.max()), float(y.min()), float(y.max())
    side = MARGIN * max(right - left, bottom - top)
    start, end = EYE_CORNERS
    rotation = math.atan2(y[end] - y[start], x[end] - x[start])
    return FaceRegion((left + right) / 2, (top + bottom) / 2, side, side, rotation)
