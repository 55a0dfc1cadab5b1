"""What key frames ask of a motion: finite numbers, times that grow, rotations without a jump."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.geometry import IDENTITY_ROTATION

Floats = NDArray[np.float64]


def finite(values: Floats) -> Floats:
    """The values; 0 where one is not finite, which no importer takes."""
    return np.where(np.isfinite(values), values, 0.0)


class TakeTime:
    """Seconds since the first state, growing from state to state.

    As float32, the only kind of number that glTF has for times; it tells 0.25 ms apart after an
    hour. A clock that stood still or went back still gives a time of its own, the next larger.
    """

    def __init__(self) -> None:
        self._start: float | None = None
        self._last: np.float32 | None = None

    def update(self, timestamp: float) -> np.float32:
        if self._start is None:
            self._start = timestamp
        seconds = np.float32(timestamp - self._start)
        if self._last is None:
            seconds = np.float32(0.0)
        elif not (np.isfinite(seconds) and seconds > self._last):
            seconds = np.nextafter(self._last, np.float32(np.inf))
        self._last = seconds
        return seconds


class Turn:
    """A rotation over time: unit quaternions xyzw, each the nearer of q and -q to the last."""

    def __init__(self) -> None:
        self._last: Floats = IDENTITY_ROTATION

    def update(self, rotation: Floats) -> Floats:
        length = float(np.sqrt(rotation @ rotation))
        if np.isfinite(length) and length > 1e-6:
            unit = rotation / length
            self._last = -unit if unit @ self._last < 0.0 else unit
        return self._last
