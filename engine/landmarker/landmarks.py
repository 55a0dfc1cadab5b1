"""MediaPipe's landmark network on a session: a face's region to 478 points of the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.geometry import Array
from engine.landmarker.crop import cropped, network_input
from engine.landmarker.region import FaceRegion
from engine.runtime import Session

SIZE = 256


@dataclass(frozen=True, slots=True, eq=False)
class FaceLandmarks:
    """What the network sees in a region.

    points:     (478, 3) pixels of the picture; z on the scale of x, smaller is nearer.
    presence:   0..1, that the region holds a face.
    tongue_out: 0..1.
    """

    points: Array
    presence: float
    tongue_out: float


class LandmarkNetwork:
    """A region of a picture in, landmarks out. The session stays its opener's."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def landmarks(self, image: NDArray[np.uint8], region: FaceRegion) -> FaceLandmarks:
        """The landmarks in a region of a (H, W, 3) BGR picture."""
        crop = cropped(image, region.image_from_crop(SIZE), SIZE, cv2.BORDER_REPLICATE)
        outputs = self._session.run(network_input(crop, 0.0, 1.0))
        return seen_landmarks(*outputs, region=region, aspect=image.shape[1] / image.shape[0])


def seen_landmarks(
    points: NDArray[np.float32],
    presence: NDArray[np.float32],
    tongue_out: NDArray[np.float32],
    *,
    region: FaceRegion,
    aspect: float,
) -> FaceLandmarks:
    """From the outputs (1, 1434), (1, 1), (1, 1). aspect: the picture's width to height."""
    shares = points.reshape(-1, 3).astype(np.float64) / SIZE
    return FaceLandmarks(
        points=region.points_from_crop(shares, aspect),
        presence=1.0 / (1.0 + math.exp(-min(max(float(presence[0, 0]), -100.0), 100.0))),
        tongue_out=float(tongue_out[0, 0]),
    )
