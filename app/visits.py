"""A demo booth: visitors come and go. Each is a stranger to the next, and nobody is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from engine.chain import Chain
from engine.data import FaceState
from engine.geometry import Array
from engine.idle import Idling

GONE = 3.0  # s without a face after which a visitor has left

# How far one and the same person gets between two pictures; beyond that somebody took their place.
STEP, SPEED, REACH = 0.5, 8.0, 1.5  # widths of the face; widths a second; widths at the most
GROWTH, GROWTH_RATE, MOST_GROWTH = 0.25, 1.5, 0.5  # of the face's size, likewise, in e-folds


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where a face is. middle: (2,), width: both in widths of the picture."""

    timestamp: float
    middle: Array
    width: float

    @classmethod
    def of(cls, landmarks: Array, picture_width: int, timestamp: float) -> Self:
        points = landmarks[:, :2] / picture_width  # whose resolution may change
        low, high = points.min(axis=0), points.max(axis=0)
        return cls(timestamp, (low + high) / 2, max(float(high[0] - low[0]), 0.001))

    def may_become(self, other: _Place) -> bool:
        """Whether the face there can be the same person's."""
        seconds = other.timestamp - self.timestamp
        distance = float(np.linalg.norm(other.middle - self.middle)) / max(self.width, other.width)
        growth = abs(math.log(other.width / self.width))
        return distance <= min(STEP + SPEED * seconds, REACH) and growth <= min(
            GROWTH + GROWTH_RATE * seconds, MOST_GROWTH
        )


class Visits:
    """Forgets each visitor, and lets the head idle while nobody is there.

    A visitor has left when no face was seen for a while, or when the next one stands where they
    cannot have got to: in a queue nobody waits till the place is empty.

    count: of visitors so far.
    """

    def __init__(self, chain: Chain) -> None:
        self.count = 0
        self._chain = chain
        self._stranger = chain.calibration  # what is known of somebody who has just come
        self._visitor: _Place | None = None  # where somebody was seen last; None: nobody is there
        self._idling = Idling()

    def update(self, state: FaceState) -> FaceState:
        """The state to show: always a living face. Timestamps must not go back."""
        now = state.timestamp
        if self._visitor is not None and now - self._visitor.timestamp > GONE:
            self._bid_farewell()
        if state.landmarks is not None:
            place = _Place.of(state.landmarks, state.image_size[0], now)
            if self._visitor is not None and not self._visitor.may_become(place):
                self._bid_farewell()
            self.count += self._visitor is None
            self._visitor = place
        shown = self._idling.update(state)
        return replace(shown, tracked=True) if self._idling.share > 0.0 else shown

    def _bid_farewell(self) -> None:
        self._visitor = None
        self._chain.forget(self._stranger)
