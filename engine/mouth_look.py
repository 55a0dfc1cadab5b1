"""How a face looks about its mouth: where it is brighter, where redder, where light turns to shade.

Each landmark there has a colour, and a slope: where to its surroundings grow brighter. Talking,
smiling and screaming stretch skin and lips, but the landmarks go with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.geometry import Array

CELLS = 64  # over the face's width: landmarks are seen no finer
PIXELS = 2  # along each side of a cell are enough
STEP = 2.0 / CELLS  # of the face's width to each side: over so much a slope is taken
MARGIN = 0.02  # of the face's width around what is looked at
DARK = 8.0  # levels that are added: relations of dark colours tell little
PLAIN = 0.01  # of redness or brightness: a mouth that varies less has none to be compared

# fmt: off
SKIN = (  # from the nose to the chin
    2, 18, 32, 43, 57, 60, 83, 92, 106, 140, 164, 165, 167, 170, 171, 175, 182, 186, 194, 199,
    200, 201, 202, 204, 206, 208, 211, 216, 262, 273, 287, 313, 322, 335, 369, 391, 393, 396, 406,
    410, 418, 421, 424, 426, 428, 431, 97, 98, 99, 141, 326, 328, 370,
)
LIPS = (  # but for their inner edges
    11, 12, 15, 16, 72, 38, 302, 268, 85, 86, 315, 316, 0, 17, 37, 267, 84, 314, 39, 269, 181, 405,
)
# fmt: on
EYES = (33, 263)  # their outer corners: the person's right, left
_PLACES = np.array([*SKIN, *LIPS])


@dataclass(frozen=True, slots=True, eq=False)
class MouthLook:
    """Of SKIN and LIPS, whatever the light's strength and colour.

    bright: (N,) logarithm, about 0.
    red:    (N,) likewise, of red against green.
    slopes: (N, 2) how much brighter it grows across the face and down, of the mean brightness.
    """

    bright: Array
    red: Array
    slopes: Array

    @property
    def lips(self) -> float:
        """How much redder the lips are than the skin about them; near 0 where none are seen."""
        return float(np.median(self.red[len(SKIN) :]) - np.median(self.red[: len(SKIN)]))

    def likeness(self, known: MouthLook) -> float:
        """-1 to 1: the mean of three.

        How alike the slopes' directions are, where it is brighter, and where it is redder.
        """
        dot = (self.slopes * known.slopes).sum(axis=1)
        lengths = np.linalg.norm(self.slopes, axis=1) * np.linalg.norm(known.slopes, axis=1)
        slopes = float(np.median(dot / np.maximum(lengths, 1e-9)))
        return (slopes + _alike(self.bright, known.bright) + _alike(self.red, known.red)) / 3.0

    def towards(self, other: MouthLook, share: float) -> MouthLook:
        """A share 0 … 1 of the way."""
        return MouthLook(
            self.bright + share * (other.bright - self.bright),
            self.red + share * (other.red - self.red),
            self.slopes + share * (other.slopes - self.slopes),
        )


def look_at_mouth(image: NDArray[np.uint8], landmarks: Array) -> MouthLook:
    """In a (H, W, 3) BGR picture, which goes on beyond its edge as there.

    landmarks: (468, 2) pixels.
    """
    width = max(float(np.ptp(landmarks[:, 0])), 1.0)
    places = landmarks[_PLACES]
    across = landmarks[EYES[1]] - landmarks[EYES[0]]
    across = across * (STEP * width / max(float(np.hypot(*across)), 1.0))
    down = np.array([-across[1], across[0]])
    steps = [places + across, places - across, places + down, places - down]
    levels = _levels(image, np.concatenate([places, *steps]), width) + DARK
    at, beside = levels[: len(places)], levels[len(places) :].mean(axis=1).reshape(4, -1)
    bright, red = np.log(at).mean(axis=1), np.log(at[:, 2] / at[:, 1])
    slopes = np.stack([beside[0] - beside[1], beside[2] - beside[3]], axis=1) / at.mean()
    return MouthLook(bright - bright.mean(), red - red.mean(), slopes)


def _alike(seen: Array, known: Array) -> float:
    """Their correlation; what is known to be the same everywhere is as it was."""
    size = float(known @ known)
    if size < len(known) * PLAIN**2:
        return 1.0
    return float(seen @ known) / max(math.sqrt(size * float(seen @ seen)), 1e-9)


def _levels(image: NDArray[np.uint8], points: Array, width: float) -> Array:
    """(N, 3) levels at these points, no finer than cells."""
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
    return np.asarray(sampled.reshape(-1, 3), np.float64)


def _within(low: float, high: float, size: int) -> tuple[int, int]:
    """The whole pixels of a stretch that lie in the picture, two at least."""
    start = min(max(int(low), 0), size - 2)
    return start, min(max(int(high), start + 2), size)
