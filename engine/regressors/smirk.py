"""SMIRK (Retsinas et al., CVPR 2024): expression, jaw, eyelids, head and camera of FLAME."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.data import FlameCoefficients
from engine.geometry import Array
from engine.regressors import Regression
from engine.regressors.crops import (
    CropBox,
    box_of_mean_side,
    from_corner_to_corner,
    with_whole_side,
)
from engine.regressors.network import CropNetwork
from engine.runtime import Session
from engine.runtime.cropping import CropRule

CROP = CropRule(input="image", size=224, channels="rgb", scale=1 / 255, truncate=True)
MARGIN = 1.4  # of its demos; training took 1.2 to 1.8
SIZES = (("pose", 3), ("cam", 3), ("shape", 300), ("expression", 50), ("eyelids", 2), ("jaw", 3))
EVERY_PICTURE: tuple[str, ...] = ("pose", "cam", "expression", "eyelids", "jaw")
IDENTITY: tuple[str, ...] = ("shape",)  # of a network of its own


class SmirkRegressor(CropNetwork):
    """A crop to FLAME's numbers. One session, or one for EVERY_PICTURE and one for IDENTITY."""

    name: Literal["smirk"] = "smirk"

    def __init__(self, *sessions: Session) -> None:
        """Takes the sessions over; raises ModelError if they are of another network."""
        super().__init__(self.name, sessions, CROP, SIZES)

    def box(self, landmarks: Array) -> CropBox:
        """See `Regressor.box`."""
        return with_whole_side(self.unrounded_box(landmarks))

    def unrounded_box(self, landmarks: Array) -> CropBox:
        """Around all 478 landmarks."""
        return box_of_mean_side(landmarks, MARGIN)

    def regress(
        self, image: NDArray[np.uint8], box: CropBox, shape: Array | None = None
    ) -> Regression:
        """See `Regressor.regress`."""
        matrix = from_corner_to_corner(box, CROP.size)
        names = EVERY_PICTURE if shape is not None else EVERY_PICTURE + IDENTITY
        rotation, camera, expression, eyelids, jaw, *identity = self.run(image, matrix, names)
        coefficients = FlameCoefficients(
            shape=identity[0] if shape is None else shape,
            expression=np.pad(expression, (0, 50)),
            rotation=rotation,
            neck=np.zeros(3),
            jaw=jaw,
            eyelids=eyelids,
            camera=camera,
        )
        return Regression(coefficients, matrix)
