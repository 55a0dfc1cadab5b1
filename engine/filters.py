"""Filters for noisy signals, called once per sample with that sample's own timestamp."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.geometry import Array, rotation_angle, slerp


@dataclass(frozen=True, slots=True)
class OneEuroSettings:
    """Casiez, Roussel, Vogel, CHI 2012, doi:10.1145/2207676.2208639 (same parameter names).

    min_cutoff: Hz, > 0. Lower is steadier at rest.
    beta:       Hz per unit/s, >= 0. Higher lags less in motion.
    d_cutoff:   Hz, > 0. Smooths the speed estimate itself; higher notices a start of motion sooner.
    """

    min_cutoff: float
    beta: float
    d_cutoff: float = 1.0

    def __post_init__(self) -> None:
        if self.min_cutoff <= 0.0 or self.beta < 0.0 or self.d_cutoff <= 0.0:
            raise ValueError(f"out of range: {self}")


def smoothing_factor(cutoff_hz: float, dt: float) -> float:
    """Share of the new sample, in (0, 1), in a first-order low-pass over `dt` seconds."""
    r = 2.0 * math.pi * cutoff_hz * dt
    return r / (r + 1.0)


class OneEuroFilter:
    """Low-pass filter that holds slow signals still and lets fast ones through.

    Works on N channels at once; each has its own cutoff, min_cutoff + beta * |speed|.
    """

    def __init__(self, settings: OneEuroSettings) -> None:
        self._settings = settings
        self._last: tuple[Array, Array, float] | None = None  # value, speed, timestamp

    def reset(self) -> None:
        """Forget the past; the next sample passes unchanged."""
        self._last = None

    def update(self, x: Array, timestamp: float) -> Array:
        """Filter one sample of shape (N,). A repeated or older timestamp changes nothing."""
        if self._last is None:
            self._last = x, np.zeros_like(x), timestamp
            return x
        value, speed, before = self._last
        dt = timestamp - before
        if dt <= 0.0:  # some camera drivers repeat a timestamp
            return value
        settings = self._settings
        speed = speed + smoothing_factor(settings.d_cutoff, dt) * ((x - value) / dt - speed)
        r = (2.0 * math.pi * dt) * (settings.min_cutoff + settings.beta * np.abs(speed))
        value = value + r / (r + 1.0) * (x - value)
        self._last = value, speed, timestamp
        return value


class RotationOneEuroFilter:
    """The same on rotations: the step is a slerp, the speed an angle. Indifferent to q and -q."""

    def __init__(self, settings: OneEuroSettings) -> None:
        self._settings = settings
        self._last: tuple[Array, float, float] | None = None  # rotation, rad/s, timestamp

    def reset(self) -> None:
        """Forget the past; the next sample passes unchanged."""
        self._last = None

    def update(self, rotation: Array, timestamp: float) -> Array:
        """Filter one unit quaternion xyzw. A repeated or older timestamp changes nothing."""
        if self._last is None:
            self._last = rotation, 0.0, timestamp
            return rotation
        value, speed, before = self._last
        dt = timestamp - before
        if dt <= 0.0:
            return value
        settings = self._settings
        step = rotation_angle(value, rotation)
        speed += smoothing_factor(settings.d_cutoff, dt) * (step / dt - speed)
        cutoff_hz = settings.min_cutoff + settings.beta * speed
        value = slerp(value, rotation, smoothing_factor(cutoff_hz, dt))
        self._last = value, speed, timestamp
        return value
