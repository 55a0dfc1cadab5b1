"""Finds faces that are too small for MediaPipe's detector, which sees the picture at 128 pixels.

A face narrower than about an eighth of the picture (160 of 1280 pixels: a person 1.5 m from the
camera) is never found, though its landmarks are good down to a third of that once it is followed.
So while there is no face the parts of the picture are searched by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.geometry import Array
from engine.landmarker import Landmarker

TILE = 2 / 3  # of the picture's shorter side; neighbours overlap by half
NARROWEST = 48  # pixels of a picture that may hold a face worth searching for


class SmallFaceSearch:
    """Looks through the parts of pictures in which no face was found.

    All parts when the face has just been lost or the first picture comes; then one part a picture,
    so that an empty chair costs little.
    """

    def __init__(self, landmarker: Landmarker) -> None:
        """The landmarker stays its opener's."""
        self._landmarker = landmarker
        self._next: int | None = None  # the part to look at; None: all of them

    def rest(self) -> None:
        """A face is there; the next search begins with the whole picture."""
        self._next = None

    def find(self, image: NDArray[np.uint8]) -> Array | None:
        """The landmarks (478, 3) of a face in one of the parts, pixels of the picture; or None."""
        if min(image.shape[:2]) < NARROWEST:  # a strip has parts without number
            return None
        parts = list(tiles(image.shape[1], image.shape[0]))
        if self._next is None:
            chosen, self._next = parts, 0
        else:
            chosen, self._next = [parts[self._next % len(parts)]], self._next + 1
        for x, y, side in chosen:
            part = np.ascontiguousarray(image[y : y + side, x : x + side])
            detection = self._landmarker.search(part)
            if detection is not None:
                return np.asarray(detection.landmarks + np.array([x, y, 0.0]))
        return None


def tiles(width: int, height: int) -> Iterator[tuple[int, int, int]]:
    """Left, top and side of the overlapping squares that cover a picture; at least one."""
    side = max(1, round(TILE * min(width, height)))
    for y in _starts(height, side):
        for x in _starts(width, side):
            yield x, y, side


def _starts(length: int, side: int) -> list[int]:
    count = int(np.ceil((length - side) / (side / 2))) + 1
    return [round(start) for start in np.linspace(0, length - side, count).tolist()]
