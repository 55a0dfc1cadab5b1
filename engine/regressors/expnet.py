"""ExpNet with ShapeNet and FacePoseNet (Chang et al., FG 2018): numbers of the Basel Face Model."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.data import BfmCoefficients
from engine.geometry import Array
from engine.regressors import Regression
from engine.regressors.crops import (
    BROWS_TO_CHIN,
    CropBox,
    box_of_larger_side,
    from_edge_to_edge,
    with_whole_corners,
)
from engine.regressors.network import CropNetwork
from engine.runtime import Session
from engine.runtime.cropping import CropRule

CROP = CropRule(
    input="image", size=227, channels="bgr", scale=1.0, truncate=False, interpolation="cubic"
)
MARGIN = 1.5  # a quarter of the face's box on every side
SIZES = (("expression", 29), ("shape", 99), ("pose", 6))
EVERY_PICTURE: tuple[str, ...] = ("expression", "pose")
IDENTITY: tuple[str, ...] = ("shape",)  # of a network of its own


class ExpNetRegressor(CropNetwork):
    """A crop to BFM's numbers. One session, or one for EVERY_PICTURE and one for IDENTITY."""

    name: Literal["expnet"] = "expnet"

    def __init__(self, *sessions: Session) -> None:
        """Takes the sessions over; raises ModelError if they are of another network."""
        super().__init__(self.name, sessions, CROP, SIZES)

    def box(self, landmarks: Array) -> CropBox:
        """See `Regressor.box`."""
        return with_whole_corners(self.unrounded_box(landmarks))

    def unrounded_box(self, landmarks: Array) -> CropBox:
        """A square around brows to chin, which is what detectors of faces give."""
        return box_of_larger_side(landmarks[BROWS_TO_CHIN], MARGIN)

    def regress(
        self, image: NDArray[np.uint8], box: CropBox, shape: Array | None = None
    ) -> Regression:
        """See `Regressor.regress`."""
        matrix = from_edge_to_edge(box, CROP.size)
        names = EVERY_PICTURE if shape is not None else EVERY_PICTURE + IDENTITY
        expression, pose, *identity = self.run(image, matrix, names)
        coefficients = BfmCoefficients(
            shape=identity[0] if shape is None else shape,
            expression=expression,
            rotation=pose[:3],
            translation=pose[3:],
        )
        return Regression(coefficients, matrix)
