"""MediaPipe's blendshape network on a session: landmarks to scores of expressions."""

from __future__ import annotations

import numpy as np

from engine.blendshapes import BLENDSHAPES
from engine.geometry import Array
from engine.runtime import Session

NAMES: tuple[str, ...] = ("_neutral", *sorted(set(BLENDSHAPES) - {"tongueOut"}))
"""Of the scores, in the network's order: the alphabet's."""

# The landmarks that the network takes (face_blendshapes_graph.cc).
# fmt: off
POINTS = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65,
    66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136,
    144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172,
    173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283,
    284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324,
    332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385,
    386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472,
    473, 474, 475, 476, 477,
)
# fmt: on


class BlendshapeNetwork:
    """Landmarks in, scores out. The session stays its opener's."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._points = np.array(POINTS)

    def scores(self, landmarks: Array) -> Array:
        """(52,) 0..1 in the order of NAMES, from (478, ≥ 2) landmarks in pixels."""
        points = landmarks[self._points, :2].astype(np.float32)
        (scores,) = self._session.run(points[None])
        return np.asarray(scores[0], np.float64)
