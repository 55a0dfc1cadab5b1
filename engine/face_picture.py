"""How a face looked when the landmarker saw it last, to tell whether it is worth another look."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.geometry import Array
from engine.regressors.crops import BROWS_TO_CHIN, CropBox, box_of_mean_side

CELLS = 48  # a side: an eye is about ten wide
PIXELS = 4  # along each side of a cell are enough
PATCH = 4  # cells a side: what changes about the size of an eye …
CHANGE = 10.0  # … by so many grey levels is a change


class FacePicture:
    """The face from brows to chin, small, in green. A blink, a glance, a word changes it."""

    def __init__(self) -> None:
        self._box: CropBox | None = None
        self._shape: tuple[int, ...] = ()
        self._cells: NDArray[np.float32] = np.zeros((CELLS, CELLS), np.float32)

    def remember(self, image: NDArray[np.uint8], landmarks: Array) -> None:
        """This (H, W, 3) picture shows the face, and there its landmarks (478, 3) are."""
        self._shape = image.shape
        self._box = box_of_mean_side(landmarks[BROWS_TO_CHIN], margin=1.0)
        self._cells = _cells(image, self._box)

    def forget(self) -> None:
        """There is no face: any picture may show one."""
        self._box = None

    def changed(self, image: NDArray[np.uint8]) -> bool:
        """Whether it looks otherwise now at that place, or the picture has another size."""
        if self._box is None or image.shape != self._shape:
            return True
        difference = cv2.absdiff(_cells(image, self._box), self._cells)
        return bool(cv2.blur(difference, (PATCH, PATCH)).max() > CHANGE)


def _cells(image: NDArray[np.uint8], box: CropBox) -> NDArray[np.float32]:
    """(CELLS, CELLS) mean levels of the box, as far as it lies within the picture."""
    height, width = image.shape[:2]
    left, top = max(int(box.x - box.size / 2), 0), max(int(box.y - box.size / 2), 0)
    right, bottom = min(int(box.x + box.size / 2), width), min(int(box.y + box.size / 2), height)
    if left >= right or top >= bottom:
        return np.zeros((CELLS, CELLS), np.float32)
    stride = max(int(box.size) // (CELLS * PIXELS), 1)
    green = np.ascontiguousarray(image[top:bottom:stride, left:right:stride, 1])
    cells = cv2.resize(green, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return np.asarray(cells, np.float32)
