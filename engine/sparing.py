"""Which pictures are worth a look when the processor is wanted elsewhere.

A face that looks as it did when it was seen last is seen again only now and then. One that moves is
seen at once and in every picture, until what was saved up is used: then in about every second one.
So a blink, a glance or a word comes through whole, and over any few seconds the looks stay within
their budget. Pictures that would not be looked at need not even be decoded: after a while of rest
every second one is enough to see that something moves.
"""

from __future__ import annotations

import math

from engine.data import FaceState, Frame
from engine.face_picture import FacePicture

LOOKS = 15.0  # a second, on average: half of a usual camera's pictures
SAVED = 30.0  # looks at the most: two seconds of a face that moves after a while of rest
STILL = 0.2  # s after which a face that looks the same is seen again
SPARE = 2.0  # looks that must be left for all pictures to be worth decoding
REST = 0.5  # s without movement after which fewer pictures are needed


class Sparing:
    """Ask for every picture, tell what each look has shown. Timestamps must not go back.

    rate: pictures a second that are worth decoding from now on.
    """

    def __init__(self, most: float) -> None:
        """most: pictures a second, of a face that moves."""
        self._most = most
        self.rate = most
        self._picture = FacePicture()
        self._saved = SAVED
        self._asked = math.inf
        self._looked = self._moved = -math.inf

    def worth(self, frame: Frame) -> bool:
        """Whether to look at this picture; counts as a look if so."""
        elapsed = max(0.0, frame.timestamp - self._asked)
        self._saved = min(SAVED, self._saved + LOOKS * elapsed)
        self._asked = frame.timestamp
        moves = self._picture.changed(frame.image)
        if moves:
            self._moved = frame.timestamp
        wanted = moves or frame.timestamp - self._looked >= STILL
        looks = wanted and self._saved >= 1.0
        if looks:
            self._saved -= 1.0
            self._looked = frame.timestamp
        rests = frame.timestamp - self._moved >= REST
        self.rate = min(self._most, LOOKS) if rests or self._saved < SPARE else self._most
        return looks

    def seen(self, frame: Frame, state: FaceState) -> None:
        """What there was in the picture that was looked at."""
        if state.landmarks is None:
            self._picture.forget()
        else:
            self._picture.remember(frame.image, state.landmarks)
