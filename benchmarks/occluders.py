"""Things that are painted before a mouth: hands of the face's own skin, flat and round, and others.

A round hand is what a camera would see: its fingers are darker towards their edges, it lies a
little in its own shadow, and it has the grain of the cheek's skin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.geometry import Array

Image = NDArray[np.uint8]
Point = tuple[float, float]

CHEEK = 50  # landmark
GRAIN = 0.09  # of the face's width to each side of it: so much skin is looked at
EDGE = 0.55  # how dark a finger is where it turns away
SHADOW = 0.12  # how much darker a hand is at its wrist than at its tips


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a thing is, in pixels.

    at:    its middle.
    arm:   the direction that it comes from, of length 1.
    width: the face's.
    color: of the cheek, (3,) BGR.
    grain: (h, w, 3) how the cheek's skin differs from that.
    """

    at: Point
    arm: Point
    width: float
    color: Array
    grain: Array


def place(image: Image, landmarks: Array, at: Point, arm: Point, width: float) -> Place:
    """At that point, with the skin of the face whose landmarks are given in pixels."""
    edge = (image.shape[1] - 1, image.shape[0] - 1)
    column, row = np.clip(landmarks[CHEEK, :2], 0, edge).astype(int)
    reach = max(round(GRAIN * width), 2)
    skin = image[max(row - reach, 0) : row + reach, max(column - reach, 0) : column + reach]
    smooth = cv2.GaussianBlur(skin, (0, 0), 0.15 * reach)
    grain = skin.astype(np.float64) - smooth
    return Place(at, arm, width, image[row, column].astype(np.float64), grain)


def nothing(image: Image, where: Place) -> None:
    """The free mouth."""


def hand(image: Image, where: Place) -> None:
    """Four fingers with dark edges."""
    for start, end in _fingers(where):
        _line(image, start, end, 0.145 * where.width, 0.6 * where.color)
    for start, end in _fingers(where):
        _line(image, start, end, 0.12 * where.width, where.color)


def palm(image: Image, where: Place) -> None:
    """A whole hand, fingers closed."""
    _palm(image, where, where.color)


def round_hand(image: Image, where: Place) -> None:
    """Four fingers as a camera sees them."""
    for start, end in _fingers(where):
        shape = np.zeros(image.shape[:2], np.uint8)
        _line(shape, start, end, 0.145 * where.width, np.full(1, 255.0))
        _skin(image, where, shape, 0.0725 * where.width)


def round_palm(image: Image, where: Place) -> None:
    """A whole hand as a camera sees it."""
    shape = np.zeros(image.shape[:2], np.uint8)
    _line(shape, where.at, _far(where, 3.0), 0.34 * where.width, np.full(1, 255.0))
    cv2.circle(shape, _pixel(where.at), round(0.32 * where.width), 255, -1)
    _skin(image, where, shape, 0.12 * where.width)
    for start, end in _fingers(where, length=0.35):
        shape = np.zeros(image.shape[:2], np.uint8)
        _line(shape, start, end, 0.16 * where.width, np.full(1, 255.0))
        _skin(image, where, shape, 0.08 * where.width)


def glove(image: Image, where: Place) -> None:
    """A hand in dark wool."""
    _palm(image, where, np.array([60.0, 40.0, 30.0]))


def cup(image: Image, where: Place) -> None:
    """White china."""
    _box(image, where, 0.5, 0.6, (240, 235, 235))


def telephone(image: Image, where: Place) -> None:
    """Dark glass, held upright."""
    _box(image, where, 0.42, 0.85, (25, 22, 20))


def microphone(image: Image, where: Place) -> None:
    """A black ball on a stick."""
    black = np.array([28.0, 25.0, 25.0])
    _line(image, where.at, _far(where, 1.1), 0.12 * where.width, black)
    cv2.circle(image, _pixel(where.at), round(0.2 * where.width), black.tolist(), -1)


Thing = Callable[[Image, Place], None]
THINGS: dict[str, Thing] = {
    thing.__name__.replace("_", "-"): thing
    for thing in (
        nothing, hand, palm, round_hand, round_palm, glove, cup, telephone, microphone,
    )
}  # fmt: skip


def _fingers(where: Place, length: float = 1.7) -> list[tuple[Point, Point]]:
    """Tip and root of each of the four."""
    result = []
    (x, y), (ax, ay), width = where.at, where.arm, where.width
    for finger in range(4):
        aside, tip = 0.155 * (finger - 1.5) * width, (0.4 - 0.05 * abs(finger - 1.5)) * width
        start = (x - ay * aside - ax * tip, y + ax * aside - ay * tip)
        root = length * width
        result.append((start, (start[0] + ax * root, start[1] + ay * root)))
    return result


def _palm(image: Image, where: Place, color: Array) -> None:
    _line(image, where.at, _far(where, 3.0), 0.34 * where.width, color)
    cv2.circle(image, _pixel(where.at), round(0.32 * where.width), color.tolist(), -1)
    for thickness, share in ((0.16, 0.8), (0.14, 1.0)):
        for start, end in _fingers(where):
            _line(image, start, end, thickness * where.width, share * color)


def _skin(image: Image, where: Place, shape: Image, radius: float) -> None:
    """The shape with that skin, as round at its edges as a cylinder of this radius."""
    x, y, wide, high = cv2.boundingRect(shape)
    if not wide or not high:
        return
    part = np.s_[y : y + high, x : x + wide]
    depth = cv2.distanceTransform(cv2.copyMakeBorder(shape, 1, 1, 1, 1, cv2.BORDER_REPLICATE), 2, 5)
    turned = 1.0 - np.minimum(depth[1:-1, 1:-1][part] / radius, 1.0)
    light = EDGE + (1.0 - EDGE) * np.sqrt(1.0 - turned**2)
    rows, columns = np.mgrid[y : y + high, x : x + wide]
    along = (columns - where.at[0]) * where.arm[0] + (rows - where.at[1]) * where.arm[1]
    light *= 1.0 - SHADOW * np.clip(along / where.width + 0.4, 0.0, 1.0)
    tall, broad = where.grain.shape[:2]
    grain = np.pad(where.grain, ((0, tall), (0, broad), (0, 0)), "symmetric")
    grain = grain[
        (rows - round(where.at[1])) % (2 * tall), (columns - round(where.at[0])) % (2 * broad)
    ]
    painted = np.clip(light[:, :, None] * where.color + grain, 0.0, 255.0)
    share = cv2.GaussianBlur(shape[part].astype(np.float64) / 255.0, (0, 0), 0.7)[:, :, None]
    image[part] = np.rint(share * painted + (1.0 - share) * image[part]).astype(np.uint8)


def _far(where: Place, widths: float) -> Point:
    reach = widths * where.width
    return where.at[0] + reach * where.arm[0], where.at[1] + reach * where.arm[1]


def _line(image: Image, start: Point, end: Point, thickness: float, color: Array) -> None:
    cv2.line(image, _pixel(start), _pixel(end), color.tolist(), max(round(thickness), 1))


def _box(image: Image, where: Place, wide: float, high: float, color: Sequence[int]) -> None:
    (x, y), half = where.at, where.width / 2
    low, top = (x - wide * half, y - high * half), (x + wide * half, y + high * half)
    cv2.rectangle(image, _pixel(low), _pixel(top), color, -1)


def _pixel(point: Point) -> tuple[int, int]:
    return round(point[0]), round(point[1])
