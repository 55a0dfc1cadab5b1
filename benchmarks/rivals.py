"""The filters other trackers ship, with their own parameters, for `benchmarks.smoothing`.

Each is a function: samples (T, N) and their timestamps (T,) -> filtered samples (T, N). Sources:
the programs' repositories, read November 2026; the one-euro filter itself is Casiez, Roussel and
Vogel, CHI 2012, doi:10.1145/2207676.2208639.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from engine.geometry import Array

Filter = Callable[[Array, Array], Array]

LID_GAP = 0.05
"""An eye's opening in sizes of the face: MediaPipe filters landmarks in faces, not weights."""


def one_euro(
    min_cutoff: float, beta: float, d_cutoff: float, *, rate: float | None = None
) -> Filter:
    """rate: Hz that the program takes for granted; None: true timestamps."""

    def share(cutoff: Array | float, dt: float) -> Array | float:
        r = 2.0 * math.pi * cutoff * dt
        return r / (r + 1.0)

    def filtered(samples: Array, timestamps: Array) -> Array:
        result = samples.copy()
        speed = np.zeros(samples.shape[1])
        for i in range(1, len(samples)):
            dt = 1.0 / rate if rate else timestamps[i] - timestamps[i - 1]
            change = (samples[i] - samples[i - 1]) / dt
            speed = speed + share(d_cutoff, dt) * (change - speed)
            gain = share(min_cutoff + beta * np.abs(speed), dt)
            result[i] = result[i - 1] + gain * (samples[i] - result[i - 1])
        return result

    return filtered


def exponential(kept: float) -> Filter:
    """Keeps this share of the old value at each frame, whatever the rate."""

    def filtered(samples: Array, timestamps: Array) -> Array:
        result = samples.copy()
        for i in range(1, len(samples)):
            result[i] = kept * result[i - 1] + (1.0 - kept) * samples[i]
        return result

    return filtered


def mean_of(count: int) -> Filter:
    """Of the newest frames."""

    def filtered(samples: Array, timestamps: Array) -> Array:
        return np.array(
            [samples[max(0, i + 1 - count) : i + 1].mean(0) for i in range(len(samples))]
        )

    return filtered


RIVALS: dict[str, Filter] = {
    "raw": lambda samples, timestamps: samples,
    "OpenSeeFace": exponential(0.2),
    "FoxyFace/Babble": one_euro(3.0, 0.9, 1.0),
    "VRCFaceTracking": one_euro(1.0, 0.5, 0.1, rate=10.0),
    "MediaPipe": one_euro(0.05, 80.0 * LID_GAP, 1.0),
    "mean of 5": mean_of(5),
    "best one-euro": one_euro(0.3, 4.0, 8.0),
}
