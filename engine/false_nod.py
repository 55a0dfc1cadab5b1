"""The nod that an expression feigns, taken out of the head's pose.

MediaPipe's landmark network turns the whole face with its expression: who smiles seems to look
down, who opens the mouth or raises the brows to look up. It is no matter of the points that the
pose is fitted to, nor of their depth: forehead, eyes and nose by themselves nod as much. So what
is feigned is told from the expression's weights. Degrees of pitch at a weight of 1, least squares
beside the head's turns:

                                                        smile   jaw   brows
    nine rendered people, in many poses, truth known     +3.1  -1.9    -1.7
    ten clips of people, beside OpenSeeFace's pose       +1.8  -2.8    -4.1
    nine of them, beside optical flow's                  +1.1  -2.0    -3.9
    taken here                                           +2.5  -2.0    -2.0

benchmarks/false_nod.py measures what taking it out brings.
"""

from __future__ import annotations

import math
from types import MappingProxyType

import numpy as np

from engine.blendshapes import INDEX
from engine.geometry import Array

FALSE_NOD = MappingProxyType(
    {
        "mouthSmileLeft": 1.25,
        "mouthSmileRight": 1.25,
        "jawOpen": -2.0,
        "browInnerUp": -2.0 / 3.0,
        "browOuterUpLeft": -2.0 / 3.0,
        "browOuterUpRight": -2.0 / 3.0,
    }
)
"""Degrees of pitch, + down, at a weight of 1."""

FACE_CENTRE: Array = np.array([0.0, -0.3, 3.7])
"""Of the points that MediaPipe fits its canonical face to, centimetres in head space: they are seen
where they are, so the head turns about them."""


def without_false_nod(camera_from_head: Array, weights: Array) -> Array:
    """(4, 4) MediaPipe's pose without what the expression feigns.

    camera_from_head: (4, 4), centimetres, rotation times scale. weights: (52,) 0..1.
    """
    feigned = sum(degrees * float(weights[INDEX[name]]) for name, degrees in FALSE_NOD.items())
    cos, sin = math.cos(math.radians(feigned)), math.sin(math.radians(feigned))
    seen = camera_from_head[:3, :3]
    pose = camera_from_head.copy()
    pose[:3, :3] = seen @ np.array([[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]])
    pose[:3, 3] += (seen - pose[:3, :3]) @ FACE_CENTRE
    return pose
