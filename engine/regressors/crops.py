"""Which part of the picture a regressor sees.

Upstream's rules. They round sizes or corners to whole pixels, which makes a moving face's crop jump
and every output with it: so a face that is followed has its box as it was before the rounding.

Whole numbers are the centres of pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from engine.geometry import Array

# MediaPipe's mesh at iBUG's 68 landmarks (contour, brows, nose, eyes, mouth), as published in many
# places; the order does not matter here.
BROWS_TO_CHIN = np.array(
    [
        *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
        *(71, 63, 105, 66, 107, 336, 296, 334, 293, 301),
        *(168, 197, 5, 4, 75, 97, 2, 326, 305),
        *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
        *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
        *(78, 82, 13, 312, 308, 317, 14, 87),
    ]
)


@dataclass(frozen=True, slots=True)
class CropBox:
    """A square of the picture: its centre and its side, pixels."""

    x: float
    y: float
    size: float


def box_of_mean_side(points: Array, margin: float) -> CropBox:
    """Around points (N, 2 or 3); side: the mean of their width and height, times `margin`."""
    x, y, width, height = _extent(points)
    return CropBox(x, y, (width + height) / 2 * margin)


def box_of_larger_side(points: Array, margin: float) -> CropBox:
    """Around points (N, 2 or 3); side: the larger of their width and height, times `margin`."""
    x, y, width, height = _extent(points)
    return CropBox(x, y, max(width, height) * margin)


def with_whole_side(box: CropBox) -> CropBox:
    """As SMIRK, DECA and EMOCA round: the side down, about the same centre."""
    return replace(box, size=float(int(box.size)))


def with_whole_corners(box: CropBox) -> CropBox:
    """As ExpNet rounds: corners up; the side is the larger of what width and height became."""
    half = box.size / 2
    left, top = math.ceil(box.x - half), math.ceil(box.y - half)
    side = max(math.ceil(box.x + half) - left, math.ceil(box.y + half) - top)
    return CropBox(left + side / 2, top + side / 2, float(side))


def from_corner_to_corner(box: CropBox, pixels: int) -> Array:
    """(2, 3) image_from_crop of a crop of `pixels` a side whose outermost pixels' centres lie on
    the box' corners (as skimage's similarity transform is used by SMIRK, DECA and EMOCA)."""
    scale = box.size / (pixels - 1)
    return _scaled(scale, box.x - box.size / 2, box.y - box.size / 2)


def from_edge_to_edge(box: CropBox, pixels: int) -> Array:
    """(2, 3) image_from_crop of a crop of `pixels` a side whose outermost pixels fill the box to
    its edges (as OpenCV's resize does; ExpNet)."""
    scale = box.size / pixels
    to_centre = (scale - 1) / 2  # of the first pixel, from the centre of the box' own first pixel
    return _scaled(scale, box.x - box.size / 2 + to_centre, box.y - box.size / 2 + to_centre)


def _extent(points: Array) -> tuple[float, float, float, float]:
    """Centre x, y, width, height."""
    left, top = points[:, :2].min(axis=0).tolist()
    right, bottom = points[:, :2].max(axis=0).tolist()
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def _scaled(scale: float, left: float, top: float) -> Array:
    return np.array([[scale, 0.0, left], [0.0, scale, top]])
