"""DECA (Feng et al., SIGGRAPH 2021) and EMOCA (Daněček et al., CVPR 2022): FLAME's numbers.

EMOCA is DECA with an expression network of its own; crop and outputs are DECA's. Neither sees
lids or gaze: `eyelids` stay 0, and whoever needs lids takes them from the landmarker.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.data import FlameCoefficients
from engine.geometry import Array
from engine.regressors import Regression
from engine.regressors.crops import (
    BROWS_TO_CHIN,
    CropBox,
    box_of_mean_side,
    from_corner_to_corner,
    with_whole_side,
)
from engine.regressors.network import CropNetwork
from engine.runtime import Session
from engine.runtime.cropping import CropRule

CROP = CropRule(input="image", size=224, channels="rgb", scale=1 / 255, truncate=False)
MARGIN = 1.1 * 1.25  # of a box of landmarks, and of the crop
SIZES = (("shape", 100), ("expression", 50), ("pose", 6), ("cam", 3))
_READ = ("shape", "expression", "pose", "cam")  # texture and light are not looked at


class DecaRegressor(CropNetwork):
    """A crop to FLAME's numbers, without eyelids."""

    def __init__(self, name: Literal["deca", "emoca"], session: Session) -> None:
        """Takes the session over; raises ModelError if it is of another network."""
        super().__init__(name, [session], CROP, SIZES)

    def box(self, landmarks: Array) -> CropBox:
        """See `Regressor.box`."""
        return with_whole_side(self.unrounded_box(landmarks))

    def unrounded_box(self, landmarks: Array) -> CropBox:
        """Around brows to chin: upstream's landmarks are iBUG's 68."""
        return box_of_mean_side(landmarks[BROWS_TO_CHIN], MARGIN)

    def regress(
        self, image: NDArray[np.uint8], box: CropBox, shape: Array | None = None
    ) -> Regression:
        """See `Regressor.regress`. The identity costs nothing here."""
        matrix = from_corner_to_corner(box, CROP.size)
        seen_shape, expression, pose, camera = self.run(image, matrix, _READ)
        coefficients = FlameCoefficients(
            shape=np.pad(seen_shape, (0, 200)) if shape is None else shape,
            expression=np.pad(expression, (0, 50)),
            rotation=pose[:3],
            neck=np.zeros(3),
            jaw=pose[3:],
            eyelids=np.zeros(2),
            camera=camera,
        )
        return Regression(coefficients, matrix)
