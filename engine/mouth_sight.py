"""Whether something is before the mouth: a microphone, a cup, a glove, a bare hand.

The landmark network puts a mouth onto whatever it sees there, and is sure of it. But what is about
a mouth looks much the same while one talks, smiles or screams. So that is remembered, and when it
looks unlike that, it is not the face: not even if it has the face's own colour, for a hand has no
lips where they were, and light turns to shade elsewhere on it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.geometry import Array
from engine.mouth_look import MouthLook, look_at_mouth

HIDDEN, SEEN = 0.5, 0.6  # likeness: hidden below that, until above this
LIPS = 0.04  # of MouthLook.lips: there are some. Hands have 0 to 0.02, most faces 0.08 to 0.7
MEMORY = 1.5  # s
PATIENCE = 10.0  # s; what looks so for longer becomes the face: it may be a beard …
LONG_PATIENCE = 60.0  # … but if the face had lips and it has none, it is hardly one
EXPERIENCE = 1.0  # s before anything is judged
FORGET = 1.0  # s without a face, after which another person may come
ELSEWHERE = 0.5  # of its width; a face that moves so far between two pictures is another one


class MouthSight:
    """Looks at one face. Timestamps in seconds must not go back."""

    def __init__(self) -> None:
        self._face: MouthLook | None = None
        self._before: MouthLook | None = None  # the face until something else became it
        self._timestamp = -math.inf
        self._began = -math.inf
        self._middle: Array = np.zeros(2)
        self._hidden = False
        self._free = -math.inf  # when the mouth was last seen
        self._lips = 0.0  # of late

    def update(self, image: NDArray[np.uint8], landmarks: Array, timestamp: float) -> bool:
        """Whether the mouth is hidden in this (H, W, 3) picture; landmarks: (478, 3) pixels."""
        points = landmarks[:468, :2]
        look = look_at_mouth(image, points)
        middle, width = points.mean(axis=0), max(float(np.ptp(points[:, 0])), 1.0)
        elapsed = timestamp - self._timestamp
        moved = math.hypot(*(middle - self._middle).tolist())
        self._timestamp, self._middle = timestamp, middle
        if self._face is None or elapsed > FORGET or moved > ELSEWHERE * width:
            self._before = None
            self._begin(look, timestamp)
            return False
        share = 1.0 - math.exp(-elapsed / MEMORY)
        self._lips += share * (look.lips - self._lips)
        if timestamp - self._began > EXPERIENCE:
            self._hidden = look.likeness(self._face) < (SEEN if self._hidden else HIDDEN)
        if self._hidden and self._before and look.likeness(self._before) > SEEN:
            self._face, self._before, self._hidden = self._before, None, False
        if not self._hidden:
            self._free, self._face = timestamp, self._face.towards(look, share)
        elif timestamp - self._free > self._patience(self._face):
            self._before = self._face
            self._begin(look, timestamp)
        return self._hidden

    def _begin(self, look: MouthLook, timestamp: float) -> None:
        self._face, self._hidden, self._lips = look, False, look.lips
        self._began = self._free = timestamp

    def _patience(self, face: MouthLook) -> float:
        """Seconds until what is before the mouth becomes the face: of two, that which has lips."""
        if (self._lips > LIPS) is (face.lips > LIPS):
            return PATIENCE
        return EXPERIENCE if self._lips > LIPS else LONG_PATIENCE
