"""Pictures enlarged about a face, which lead MediaPipe's own landmarker to a small one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.geometry import Array

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Centre and larger side of a face, pixels of the picture."""

    x: float
    y: float
    size: float

    @classmethod
    def around(cls, landmarks: Array) -> Self:
        """The box of (N, 3) landmarks."""
        low, high = landmarks[:, :2].min(0), landmarks[:, :2].max(0)
        centre = (low + high) / 2
        return cls(float(centre[0]), float(centre[1]), float((high - low).max()))


def enlarged(image: Image, box: FaceBox, zoom: float) -> Image:
    """The picture, of the same size, enlarged about the face, which stays in its place."""
    height, width = image.shape[:2]
    matrix = np.array(
        [[zoom, 0.0, box.x * (1.0 - zoom)], [0.0, zoom, box.y * (1.0 - zoom)]], dtype=np.float64
    )
    return np.asarray(
        cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
