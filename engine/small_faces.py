"""Finds faces that are too small for MediaPipe's detector, which sees the picture at 128 pixels.

A face narrower than about an eighth of the picture (160 of 1280 pixels: a person 1.5 m from the
camera) is never found, though its landmarks are good down to a third of that once it is followed.
So while there is no face the parts of the picture are searched by themselves, and the landmarker is
led to what was found: it sees the picture enlarged about the face, then less and less so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.data import Frame
from engine.landmarker import Detection, FaceLandmarker

Image = NDArray[np.uint8]

TILE = 2 / 3  # of the picture's shorter side; neighbours overlap by half
LARGE = 0.3  # of the shorter side: a face of this size is certainly found
ZOOM_STEP = 1.12  # the landmarker loses a face that shrinks by 1.2 between two pictures


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Centre and larger side of a face, pixels of the picture."""

    x: float
    y: float
    size: float


class SmallFaceSearch:
    """Looks through the parts of pictures in which no face was found.

    All parts when the face has just been lost or the first picture comes; then one part a picture,
    so that an empty chair costs little.
    """

    def __init__(self, model: Path) -> None:
        self._model = model
        self._landmarker: FaceLandmarker | None = None  # 0.1 s to load: only when it is needed
        self._next: int | None = None  # the part to look at; None: all of them

    def rest(self) -> None:
        """A face is there; the next search begins with the whole picture."""
        self._next = None

    def find(self, image: Image) -> FaceBox | None:
        """A face in one of the parts, or None."""
        if self._landmarker is None:
            self._landmarker = FaceLandmarker(self._model, follow=False)
        parts = list(tiles(image.shape[1], image.shape[0]))
        if self._next is None:
            chosen, self._next = parts, 0
        else:
            chosen, self._next = [parts[self._next % len(parts)]], self._next + 1
        for x, y, side in chosen:
            part = np.ascontiguousarray(image[y : y + side, x : x + side])
            detection = self._landmarker.detect(part, 0.0)
            if detection is not None:
                low, high = detection.landmarks[:, :2].min(0), detection.landmarks[:, :2].max(0)
                centre = (low + high) / 2 + (x, y)
                return FaceBox(float(centre[0]), float(centre[1]), float((high - low).max()))
        return None

    def close(self) -> None:
        """Release the network. May be called twice."""
        if self._landmarker is not None:
            self._landmarker.close()


def tiles(width: int, height: int) -> Iterator[tuple[int, int, int]]:
    """Left, top and side of the overlapping squares that cover a picture; at least one."""
    side = max(1, round(TILE * min(width, height)))
    for y in _starts(height, side):
        for x in _starts(width, side):
            yield x, y, side


def _starts(length: int, side: int) -> list[int]:
    count = int(np.ceil((length - side) / (side / 2))) + 1
    return [round(start) for start in np.linspace(0, length - side, count).tolist()]


def follow_from(landmarker: FaceLandmarker, frame: Frame, box: FaceBox) -> Detection | None:
    """Lead a following landmarker to a face that it did not find; the detection in this frame."""
    zoom = LARGE * min(frame.image.shape[:2]) / max(box.size, 1.0)
    while zoom > 1.0:
        if landmarker.detect(enlarged(frame.image, box, zoom), frame.timestamp) is None:
            return None
        zoom /= ZOOM_STEP
    return landmarker.detect(frame.image, frame.timestamp)


def enlarged(image: Image, box: FaceBox, zoom: float) -> Image:
    """The picture, of the same size, enlarged about the face, which stays in its place."""
    height, width = image.shape[:2]
    matrix = np.array(
        [[zoom, 0.0, box.x * (1.0 - zoom)], [0.0, zoom, box.y * (1.0 - zoom)]], dtype=np.float64
    )
    return np.asarray(
        cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
