"""A person's own shape, estimated over the first seconds and kept from then on.

Identity does not change while somebody speaks; what a regressor makes of it from picture to picture
does. So it is averaged once, and then neither the network nor the head has to compute it again.
"""

from __future__ import annotations

import math

import numpy as np

from engine.geometry import Array

SECONDS = 3.0  # of a face in view


class Identity:
    """The mean of the shapes seen while a face is new."""

    def __init__(self) -> None:
        self._known: Array | None = None
        self._mean = np.zeros(1)
        self._count = 0
        self._first = math.inf  # timestamp

    @property
    def known(self) -> Array | None:
        """The person's shape once it is certain enough, the same array every time."""
        return self._known

    def update(self, shape: Array, timestamp: float) -> Array:
        """The mean including this one."""
        self._first = min(self._first, timestamp)
        self._count += 1
        last = shape if self._count == 1 else self._mean
        self._mean = last + (shape - last) / self._count
        if timestamp - self._first >= SECONDS:
            self._known = self._mean
        return self._mean

    def forget(self) -> None:
        """Another person may come."""
        self._known, self._count, self._first = None, 0, math.inf
