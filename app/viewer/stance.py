"""How far the figure moves with the person's place before the camera. Pure."""

from __future__ import annotations

import math

import numpy as np

from engine.data import FaceState
from engine.geometry import Array

SETTLING = 6.0  # seconds in which a new place becomes the middle
LEAVING = 0.5  # seconds in which a lost face's figure goes back to the middle
LONGEST_STEP = 0.1  # seconds between two states that are believed; a file may start over
REACH = np.array([0.05, 0.03, 0.08])  # metres: the figure never leaves the window


class Stance:
    """Leaning is shown, standing elsewhere is not: the middle follows the person slowly."""

    def __init__(self) -> None:
        self._middle: Array | None = None
        self._offset: Array = np.zeros(3)
        self._timestamp = 0.0

    def update(self, state: FaceState) -> Array:
        """(3,) metres by which the figure is moved; each within ±REACH."""
        seconds = min(LONGEST_STEP, max(0.0, state.timestamp - self._timestamp))
        self._timestamp = state.timestamp
        if state.confidence <= 0:
            self._middle = None
            self._offset = self._offset * math.exp(-seconds / LEAVING)
            return self._offset
        if self._middle is None:  # a face that comes back goes on from where the figure is
            self._middle = state.head_position - self._offset
        self._middle = self._middle + (state.head_position - self._middle) * (
            1.0 - math.exp(-seconds / SETTLING)
        )
        # tanh: small moves are shown as they are, large ones come to rest at the limit
        self._offset = REACH * np.tanh((state.head_position - self._middle) / REACH)
        return self._offset
