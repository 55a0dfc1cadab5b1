"""Whether something is before the mouth: a microphone, a cup, a gloved hand.

The landmark network puts a mouth onto whatever it sees there, and is sure of it. But skin and lips
have colours, which talking, smiling and screaming do not change. So each landmark about the mouth
remembers its own colour, in the light that lies on the rest of the face, and how much that varies.
When many of them have another colour at once, that is not the face. A bare hand can have the very
colour of the face and be missed.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.geometry import Array

CELLS = 64  # over the face's width: landmarks are seen no finer
PIXELS = 2  # along each side of a cell are enough
MARGIN = 0.03  # of the face's width around those landmarks
DARK = 8.0  # levels that are added: relations of dark colours tell little
LEAST, SHARE = 2.0, 0.09  # levels, of the colour itself: so far off is still the same …
SPREAD = 4.0  # … and so much of the usual difference more
HIDDEN, SEEN = 0.25, 0.12  # share of landmarks that differ: from there on, until there
MEMORY = 1.5  # s
PATIENCE = 10.0  # s; what stays there longer becomes the face: it may be a lamp or a beard
EXPERIENCE = 1.0  # s before anything is judged
FORGET = 1.0  # s without a face, after which another person may come
ELSEWHERE = 0.5  # of its width; a face that moves so far between two pictures is another one

# fmt: off
AROUND = (  # skin from the nose to the chin, then the lips but for their inner edges
    2, 18, 32, 43, 57, 60, 83, 92, 106, 140, 164, 165, 167, 170, 171, 175, 182, 186, 194, 199,
    200, 201, 202, 204, 206, 208, 211, 216, 262, 273, 287, 313, 322, 335, 369, 391, 393, 396, 406,
    410, 418, 421, 424, 426, 428, 431, 97, 98, 99, 141, 326, 328, 370,
    11, 12, 15, 16, 72, 38, 302, 268, 85, 86, 315, 316, 0, 17, 37, 267, 84, 314, 39, 269, 181, 405,
)
ABOVE = (  # skin of the forehead, the nose and the cheeks
    1, 4, 5, 6, 8, 9, 36, 47, 50, 51, 66, 69, 100, 101, 104, 107, 108, 117, 118, 119, 126, 129, 142,
    151, 168, 195, 197, 198, 205, 217, 236, 266, 277, 280, 281, 296, 299, 329, 330, 333, 336, 337,
    346, 347, 348, 355, 358, 371, 399, 411, 420, 425, 437, 456,
)
# fmt: on
_PLACES = np.array([*AROUND, *ABOVE])


class MouthSight:
    """Looks at one face. Timestamps in seconds must not go back."""

    def __init__(self) -> None:
        self._around = np.zeros((0, 3))  # (N, 3) colours as they are remembered
        self._above = np.zeros((0, 3))
        self._spread = np.zeros(0)
        self._timestamp = -math.inf
        self._began = -math.inf
        self._middle: Array = np.zeros(2)
        self._hidden = False
        self._free = -math.inf  # when the mouth was last seen

    def update(self, image: NDArray[np.uint8], landmarks: Array, timestamp: float) -> bool:
        """Whether the mouth is hidden in this (H, W, 3) picture; landmarks: (478, 3) pixels."""
        points = landmarks[:468, :2]
        middle, width = points.mean(axis=0), max(float(np.ptp(points[:, 0])), 1.0)
        colours = _colours(image, points, width)
        around, above = colours[: len(AROUND)], colours[len(AROUND) :]
        elapsed = timestamp - self._timestamp
        moved = math.hypot(*(middle - self._middle).tolist())
        self._timestamp, self._middle = timestamp, middle
        if elapsed > FORGET or moved > ELSEWHERE * width:
            self._around, self._above = around, above
            self._spread = np.zeros(len(around))
            self._began, self._hidden, self._free = timestamp, False, timestamp
            return False
        around = around / np.median(above / self._above, axis=0)  # as in the light of before
        difference = np.abs(around - self._around).max(axis=1)
        usual = LEAST + SHARE * self._around.max(axis=1) + SPREAD * self._spread
        differing = float((difference > usual).mean())
        if timestamp - self._began > EXPERIENCE:
            self._hidden = differing > (SEEN if self._hidden else HIDDEN)
        if self._hidden:
            if timestamp - self._free > PATIENCE:
                self._timestamp = -math.inf  # the next picture is the first
            return True
        self._free = timestamp
        share = 1.0 - math.exp(-elapsed / MEMORY)
        self._around = self._around + share * (around - self._around)
        self._above = self._above + share * (above - self._above)
        self._spread = self._spread + share * (difference - self._spread)
        return False


def _colours(image: NDArray[np.uint8], points: Array, width: float) -> Array:
    """(N, 3) of AROUND and ABOVE; a point outside the picture has the colour of its edge."""
    points = points[_PLACES]
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    margin = MARGIN * width
    left, right = _within(left - margin, right + margin, image.shape[1])
    top, bottom = _within(top - margin, bottom + margin, image.shape[0])
    stride = max(int(width) // (CELLS * PIXELS), 1)
    part = np.ascontiguousarray(image[top:bottom:stride, left:right:stride])
    scale = min(CELLS / width, 1.0)
    size = (max(int((right - left) * scale), 1), max(int((bottom - top) * scale), 1))
    cells = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    x = (points[:, :1] - left) * (size[0] / (right - left)) - 0.5
    y = (points[:, 1:] - top) * (size[1] / (bottom - top)) - 0.5
    maps = x.astype(np.float32), y.astype(np.float32)
    sampled = cv2.remap(cells, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled.reshape(-1, 3), np.float64) + DARK


def _within(low: float, high: float, size: int) -> tuple[int, int]:
    """The whole pixels of a stretch that lie in the picture, two at least."""
    start = min(max(int(low), 0), size - 2)
    return start, min(max(int(high), start + 2), size)
