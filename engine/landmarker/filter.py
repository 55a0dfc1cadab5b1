"""The one-euro filter with which MediaPipe steadies the landmarks of one followed face.

Casiez et al., 1€ Filter, 2012, on pixels; the speed is measured in sizes of the face a second, so
that it is the same near and far. Our smoother, on landmarks that have not gone
through this, is as steady, and less late (benchmarks/smoothing.py --video).
"""

from __future__ import annotations

import math

import numpy as np

from engine.geometry import Array

MIN_CUTOFF = 0.05  # Hz, of a landmark at rest
BETA = 80.0  # Hz more for each face size a second
DERIVATIVE_CUTOFF = 1.0  # Hz
LEAST_STEP = 0.001  # s; some cameras repeat a timestamp


class LandmarkFilter:
    """(N, 3) landmarks in, steadier ones out."""

    def __init__(self) -> None:
        self._timestamp = -math.inf
        self._raw: Array | None = None

    def restart(self) -> None:
        """The next landmarks are of another face, or of the same one elsewhere."""
        self._raw = None

    def update(self, landmarks: Array, timestamp: float) -> Array:
        """The landmarks of a picture taken at `timestamp` seconds, steadied."""
        if self._raw is None:
            self._speed = np.zeros_like(landmarks)
            self._value = landmarks
        else:
            elapsed = max(timestamp - self._timestamp, LEAST_STEP)
            size = float(np.ptp(landmarks[:, 0]) + np.ptp(landmarks[:, 1])) / 2
            speed = (landmarks - self._raw) / (max(size, 1e-6) * elapsed)
            self._speed = self._speed + _share(DERIVATIVE_CUTOFF, elapsed) * (speed - self._speed)
            follow = _share(MIN_CUTOFF + BETA * np.abs(self._speed), elapsed)
            self._value = self._value + follow * (landmarks - self._value)
        self._raw, self._timestamp = landmarks, timestamp
        return self._value


def _share(cutoff: Array | float, elapsed: float) -> Array | float:
    """Of a new sample in the mean, for a low pass with that cutoff in Hz."""
    return cutoff / (cutoff + 1.0 / (2.0 * math.pi * elapsed))
