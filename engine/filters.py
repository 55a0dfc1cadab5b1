"""A filter for many noisy signals at once, called once per sample with that sample's timestamp.

It takes deviations, the distance from each filtered value to its new sample, and answers with the
step that the value is to take. So it filters numbers and rotations alike: the deviation of a
rotation is a small turn, and no seam of any angle comes into it.

At rest a value is the mean of a short past. Evidence of motion, measured in the signal's own noise,
lets it follow: a sample too far away to be noise opens the gate at once, a lean to one side that
lasts shortens the mean. While there is motion the gate opens easily; after it the mean starts
afresh, of one sample, two, three …, so that the value is steady again as soon as can be. A value
that follows stays a third of the noise short of its sample, which is as likely as not beyond.
"""

from __future__ import annotations

import math

import numpy as np

from engine.geometry import Array
from engine.noise import START, NoiseLevel

# Found by a search over benchmarks/smoothing.py. Distances are in noise levels, times in seconds.
MEMORY = 0.39  # of the mean at rest
JUMP = 5.0  # one sample so far away is motion
MOTION_MEMORY = 0.27
MOVING_OPEN = 2.2  # a gate opens over this distance …
CALMING = 9.5  # … which begins so much later when the motion is long past
LEAN_MEMORY = 0.28
LEAN_LIMIT = 2.05  # no single sample leans more than this
LEAN = 0.54  # a lean from which on the mean gets shorter …
LEAN_GAIN, LEAN_MOST = 2.8, 0.5  # … by so much of a sample each level more, and no further
SHORT = 0.33  # of a level that a moving value stays short of its sample: noise carries it beyond


class FilterBank:
    """N signals. Each learns its own noise, and each has its own caution."""

    def __init__(
        self, floor: Array, caution: Array, fastest_fall: Array, start: float = START
    ) -> None:
        """Arrays (N,).

        floor:        the least noise that is taken to be there, in each signal's unit.
        caution:      1 balanced; more is steadier, less is quicker.
        fastest_fall: how fast the value may fall, in units per second; may be infinite.
        start:        floors of noise that are taken for granted before anything is known.
        """
        self._noise = NoiseLevel(floor, start)
        self._caution = caution
        self._least_gain_rate = -1.0 / (MEMORY * caution)
        self._fall = -fastest_fall
        self._unit = np.zeros_like(floor)  # the noise level, with caution
        self._size = len(floor)
        self._timestamp = -math.inf
        self.restart(self._timestamp)

    def restart(self, timestamp: float) -> None:
        """The values are the samples of `timestamp` themselves. The noise stays learned."""
        self._left = np.zeros(self._size)  # from the value to the newest sample
        self._gain = np.ones(self._size)
        self._motion = np.zeros(self._size)
        self._lean = np.zeros(self._size)
        self._timestamp = timestamp

    @property
    def gain(self) -> Array:
        """(N,) the newest sample's share of each value: 1 it alone; less: a longer mean."""
        return self._gain

    def update(self, deviation: Array, timestamp: float) -> Array:
        """The steps (N,) towards the samples of `timestamp`, which lie `deviation` (N,) away.

        A repeated or older timestamp gives no step.
        """
        elapsed = timestamp - self._timestamp
        if elapsed <= 0.0:  # some camera drivers repeat a timestamp
            return np.zeros(self._size)
        self._timestamp = timestamp
        unit = self._unit
        about = deviation - unit * np.minimum(np.maximum(self._lean, -1.0), 1.0)
        level = self._noise.update(about, deviation - self._left, self._motion, elapsed)
        unit = self._unit = level * self._caution
        distance = deviation / unit

        opened = self._gate(np.abs(distance), elapsed)
        leaning = self._leaning(distance, opened, elapsed)
        settling = self._gain / (1.0 + self._gain)  # 1, 1/2, 1/3 …
        resting = -np.expm1(elapsed * self._least_gain_rate)
        self._gain = np.maximum(np.maximum(settling, resting), np.maximum(opened, leaning))

        step = self._gain * deviation
        short = (SHORT * opened) * unit
        step -= np.minimum(np.maximum(step, -short), short)
        step = np.maximum(step, elapsed * self._fall)
        self._left = deviation - step
        return step

    def _gate(self, distance: Array, elapsed: float) -> Array:
        """0 shut … 1 open."""
        self._motion *= math.exp(-elapsed / MOTION_MEMORY)
        moving = (distance - CALMING * (1.0 - self._motion)) * (self._motion / MOVING_OPEN)
        opened = np.minimum(np.maximum(moving, distance > JUMP), 1.0)
        self._motion = np.maximum(self._motion, opened)
        return opened

    def _leaning(self, distance: Array, opened: Array, elapsed: float) -> Array:
        """The gain that a lasting lean asks for; where the gate opens the lean is forgotten."""
        share = 1.0 - math.exp(-elapsed / LEAN_MEMORY)
        limited = np.minimum(np.maximum(distance, -LEAN_LIMIT), LEAN_LIMIT)
        self._lean += share * (limited - self._lean)
        leaning = np.minimum((np.abs(self._lean) - LEAN) * LEAN_GAIN, LEAN_MOST)
        self._lean *= 1.0 - opened
        return leaning
