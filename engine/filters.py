"""A filter for many noisy signals at once, called once per sample with that sample's timestamp.

It takes deviations, the distance from each filtered value to its new sample, and answers with the
step that the value is to take. So it filters numbers and rotations alike: the deviation of a
rotation is a small turn, and no seam of any angle comes into it.

Three explanations of every signal compete: it rests, and all else is noise; it moves, with a speed
that changes; it has leapt, and nothing but its newest sample is known. Rest and movement are each
followed by a Kalman filter, in the signal's own noise. The better one foresaw the newest samples,
the more it is believed, and the value is the mean of what they say, as each is believed: an
interacting multiple model (Blom and Bar-Shalom 1988, doi:10.1109/9.1299), whose samples may be
outliers (Student's t). So a small movement is found, too: not from one sample, but from a few that
agree.
"""

from __future__ import annotations

import math

import numpy as np

from engine.geometry import Array
from engine.noise import START, NoiseLevel

# Found by a search over benchmarks/smoothing.py and its movements. Distances are in noise levels,
# times in seconds.
# Of three: rest, movement, leap.
_STAYS: Array = np.array([[30.0], [0.55], [0.55]])  # how long each lasts
_FOLLOWS: Array = np.array([[0.067], [0.003], [0.93]])  # how often each comes after another
SHORT = 0.9  # that a leap stays short of its sample: noise as likely as not carried it beyond
_LIKELIHOOD_OF_LEAP = 0.062  # of any sample

WANDERING = 0.2  # variance a second of what rests
UNREST = 80000.0  # variance a second of the speed of what moves …
SPEED_MEMORY = 0.12  # … which slows down by itself
FIRST_SPEED = 250.0  # variance of the speed of what begins to move
FREEDOM = 7.0  # degrees of freedom of the noise; 7 makes the exponent of its density 4

_LEAST_BELIEF = 1e-9
_LEAST_SPREAD = 1e-6


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
        self._wandering = WANDERING / (caution * caution)
        self._fall = -fastest_fall
        self._size = len(floor)
        self.restart(-math.inf)

    def restart(self, timestamp: float) -> None:
        """The values are the samples of `timestamp` themselves. The noise stays learned."""
        self._timestamp = timestamp
        self._unit = self._noise.level * self._caution
        self._left = np.zeros(self._size)  # from the value to the newest sample
        # What each explanation says, in units from the value: belief, mean and its variance; of
        # movement also the speed a second, its variance, and its covariance with the mean.
        self._belief = np.repeat(_FOLLOWS, self._size, axis=1)
        self._mean = np.zeros((3, self._size))
        self._spread = np.ones((3, self._size))
        self._speed = np.zeros(self._size)
        self._speed_spread = np.full(self._size, FIRST_SPEED)
        self._shared = np.zeros(self._size)

    @property
    def gain(self) -> Array:
        """(N,) the variance of each value in that of a sample: 1 it hangs on the newest alone."""
        return np.asarray((self._belief * self._spread).sum(axis=0), np.float64)

    def update(self, deviation: Array, timestamp: float) -> Array:
        """The steps (N,) towards the samples of `timestamp`, which lie `deviation` (N,) away.

        A repeated or older timestamp gives no step.
        """
        elapsed = timestamp - self._timestamp
        if elapsed <= 0.0:  # some camera drivers repeat a timestamp
            return np.zeros(self._size)
        self._timestamp = timestamp
        self._mix(elapsed)
        self._predict(elapsed)
        self._learn_noise(deviation, elapsed)
        self._measure(deviation / self._unit)

        step: Array = (self._belief * self._mean).sum(axis=0) * self._unit
        # Not beyond the two newest samples: a value stays in the range of its samples.
        step = np.maximum(step, np.minimum(np.minimum(deviation, self._left), 0.0))
        step = np.minimum(step, np.maximum(np.maximum(deviation, self._left), 0.0))
        step = np.maximum(step, elapsed * self._fall)
        self._left = deviation - step
        self._mean -= step / self._unit
        return step

    def _mix(self, elapsed: float) -> None:
        """Each explanation takes over from the others, as far as the signal may have changed."""
        belief, mean, speed = self._belief, self._mean, self._speed
        staying = belief * np.exp(-elapsed / _STAYS)
        leaving = belief - staying
        belief = staying + _FOLLOWS * leaving.sum(axis=0)
        moments = np.stack((mean, self._spread + mean * mean))
        moments = staying * moments + _FOLLOWS * (leaving * moments).sum(axis=1, keepdims=True)
        moments /= belief
        # A speed is had by what moved before; of all else it is anybody's guess.
        moved = (staying[1] + _FOLLOWS[1] * leaving[1]) / belief[1]
        shared = moved * (self._shared + mean[1] * speed)
        squared = moved * (self._speed_spread + speed * speed) + (1.0 - moved) * FIRST_SPEED
        self._belief, self._mean, self._speed = belief, moments[0], moved * speed
        self._spread = np.maximum(moments[1] - self._mean * self._mean, _LEAST_SPREAD)
        self._shared = shared - self._mean[1] * self._speed
        self._speed_spread = squared - self._speed * self._speed

    def _predict(self, elapsed: float) -> None:
        slower = math.exp(-elapsed / SPEED_MEMORY)
        unrest = UNREST * elapsed
        shared, speed_spread = self._shared, self._speed_spread
        carried = shared + elapsed * speed_spread
        self._mean[1] += elapsed * self._speed
        self._spread[1] += elapsed * (shared + carried) + unrest * elapsed**2 / 3.0
        self._spread[0] += self._wandering * elapsed
        self._speed = slower * self._speed
        self._shared = slower * carried + 0.5 * unrest * elapsed
        self._speed_spread = slower**2 * speed_spread + unrest

    def _learn_noise(self, deviation: Array, elapsed: float) -> None:
        unexpected = deviation - self._unit * (self._belief * self._mean).sum(axis=0)
        change = deviation - self._left
        level = self._noise.update(unexpected, change, self._belief[0], elapsed)
        before, self._unit = self._unit, level * self._caution
        ratio = before / self._unit
        self._mean *= ratio
        self._speed *= ratio

    def _measure(self, sample: Array) -> None:
        """sample: units from the value."""
        away = sample - self._mean[:2]
        expected = self._spread[:2] + 1.0  # the sample's variance
        squared = away * away / expected
        density = (1.0 + squared / FREEDOM) ** -2
        self._belief[:2] *= density * density / np.sqrt(expected)
        self._belief[2] *= _LIKELIHOOD_OF_LEAP
        belief = self._belief / self._belief.sum(axis=0)
        self._belief = np.maximum(belief, _LEAST_BELIEF)

        trust = (FREEDOM + 1.0) / (FREEDOM + np.maximum(squared, 1.0)) / expected
        gain, speed_gain = trust * self._spread[:2], trust[1] * self._shared
        self._mean[:2] += gain * away
        self._mean[2] = sample - np.minimum(np.maximum(sample, -SHORT), SHORT)
        self._spread[:2] *= 1.0 - gain
        self._spread[2] = 1.0
        self._speed = self._speed + speed_gain * away[1]
        self._speed_spread = np.maximum(self._speed_spread - speed_gain * self._shared, 0.0)
        self._shared = self._shared * (1.0 - gain[1])
