"""The room behind the actor, out of focus: a wall, a window's light on it, a shelf, a plant."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SCALE = 600  # the rectangles below are for a picture of this height
WALL_TOP, WALL_BOTTOM = (203, 196, 184), (176, 167, 154)  # RGB
FURNITURE = (  # x, y from the picture's middle, half width, half height, RGB, blur in pixels
    (-330, -150, 110, 9, (120, 88, 62), 7),  # shelf and books
    (-385, -195, 10, 36, (150, 74, 58), 6),
    (-362, -200, 9, 41, (64, 92, 110), 6),
    (-341, -192, 9, 33, (196, 168, 110), 6),
    (-318, -197, 11, 38, (72, 78, 66), 6),
    (-262, -186, 22, 27, (214, 206, 192), 7),
    (330, 190, 60, 70, (150, 100, 72), 9),  # pot
)
LEAVES = (  # x, y, half length, half width, degrees, RGB
    (310, 60, 95, 20, 75, (74, 104, 66)),
    (350, 40, 105, 18, 105, (88, 120, 74)),
    (378, 85, 90, 20, 130, (66, 94, 60)),
    (285, 95, 75, 16, 48, (96, 126, 80)),
)
WINDOW = np.array([[-60, -330], [150, -330], [250, 140], [40, 140]])  # light on the wall
WINDOW_LIGHT = 26.0


def room(size: tuple[int, int]) -> NDArray[np.uint8]:
    """(H, W, 3) RGB."""
    width, height = size
    scale = height / SCALE
    middle = np.array([width / 2, height / 2])
    share = np.linspace(0.0, 1.0, height)[:, None, None]
    wall = (1 - share) * np.array(WALL_TOP, np.float32) + share * np.array(WALL_BOTTOM, np.float32)
    image = np.repeat(wall, width, axis=1).astype(np.float32)

    light = np.zeros((height, width), np.float32)
    corners = np.rint(middle + scale * WINDOW).astype(np.int32)
    cv2.fillPoly(light, [corners], 1.0)
    image += WINDOW_LIGHT * _blurred(light, 34 * scale)[..., None]

    for x, y, half_width, half_height, color, blur in FURNITURE:
        mask = np.zeros((height, width), np.float32)
        low = np.rint(middle + scale * np.array([x - half_width, y - half_height])).astype(int)
        high = np.rint(middle + scale * np.array([x + half_width, y + half_height])).astype(int)
        cv2.rectangle(mask, low.tolist(), high.tolist(), 1.0, cv2.FILLED)
        image = _painted(image, _blurred(mask, blur * scale), color)
    for x, y, length, breadth, angle, color in LEAVES:
        mask = np.zeros((height, width), np.float32)
        place = np.rint(middle + scale * np.array([x, y])).astype(int)
        axes = np.rint(scale * np.array([length, breadth])).astype(int)
        cv2.ellipse(mask, place.tolist(), axes.tolist(), angle, 0, 360, 1.0, cv2.FILLED)
        image = _painted(image, _blurred(mask, 8 * scale), color)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _blurred(mask: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return cv2.GaussianBlur(mask, (0, 0), sigma).astype(np.float32)


def _painted(
    image: NDArray[np.float32], mask: NDArray[np.float32], color: tuple[int, int, int]
) -> NDArray[np.float32]:
    share = mask[..., None]
    return np.asarray(image * (1 - share) + share * np.array(color, np.float32), np.float32)
