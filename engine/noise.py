"""How much each of several signals jitters while nothing moves, learned from the signals alone.

Three things are followed for each signal, the scales as quantiles, which a wild sample cannot drag
along:

The zigzag: how far the signal goes one way and at once back again. Noise does that in more than
half of its samples, whatever its colour, a moving face seldom: even 4 Hz at 30 frames a second
turns in a quarter of them. So the share of zigzags tells whether there is anything to learn.

The deviation: how far a sample lies from the filtered signal. It sees slow noise whole, of which
the zigzag sees a part, but motion as well; so it rests while there is motion and stays within
bounds that the zigzag sets.
"""

from __future__ import annotations

import math

import numpy as np

from engine.geometry import Array

SHARE_MEMORY = 0.3  # s
MOVING_SHARE, NOISY_SHARE = 0.33, 0.5  # share of zigzags: nothing is learned, all is learned

ZIGZAG_RATE = 2.2  # per second, of the logarithm of the scale
ZIGZAG_BEYOND = 0.4  # of the samples go further than the scale
ZIGZAG_PER_LEVEL = 0.545  # of Gaussian white noise
SURPRISE = 6.0  # a zigzag so many scales wide means that the scale is far too small …
SURPRISE_RATE = 3.0  # … and the scale grows by so much faster

DEVIATION_RATE = 5.0
DEVIATION_BEYOND = 0.1
DEVIATION_PER_LEVEL = 1.72  # of Gaussian white noise about a value that moves a little itself

LOWEST, HIGHEST = 0.5, 3.0  # the level, in levels that the zigzag alone would give
LONGEST_STEP = 0.1  # s; a gap tells nothing about the noise
START = 20.0  # floors: the level before anything is known, that of a poor webcam


class NoiseLevel:
    """The learned standard deviation of N signals' noise."""

    def __init__(self, floor: Array, start: float = START) -> None:
        """floor: (N,) the least level, in each signal's unit; less jitter is not worth a delay.
        start: floors that the level is before anything is known.
        """
        self._floor = floor
        self._level = start * floor
        self._zigzag = start * floor
        self._zigzag_share = np.full_like(floor, NOISY_SHARE)
        self._back = np.zeros_like(floor)  # the newest change, taken back

    def update(self, deviation: Array, change: Array, motion: Array, elapsed: float) -> Array:
        """The level after one more sample; all arrays (N,).

        deviation: the sample's distance from the filtered signal; slow motion's part is taken out.
        change:    its distance from the sample before.
        motion:    0 still … 1 surely moving.
        elapsed:   seconds since the sample before.
        """
        step = min(elapsed, LONGEST_STEP)
        zigzag = np.maximum(np.minimum(change, self._back), -np.maximum(change, self._back))
        telling = (change != 0.0) | (self._back != 0.0)  # perfect silence is not yet any noise
        self._back = -change

        memory = (1.0 - math.exp(-step / SHARE_MEMORY)) * telling
        self._zigzag_share += memory * ((zigzag > 0.0) - self._zigzag_share)
        belief = (self._zigzag_share - MOVING_SHARE) * (step / (NOISY_SHARE - MOVING_SHARE))
        belief = np.minimum(np.maximum(belief, 0.0), step) * telling

        zigzag /= ZIGZAG_PER_LEVEL
        push = (zigzag > self._zigzag) - ZIGZAG_BEYOND
        push += SURPRISE_RATE * (zigzag > SURPRISE * self._zigzag)
        self._zigzag = np.maximum(
            self._zigzag * np.exp(ZIGZAG_RATE * belief * push), 0.5 * self._floor
        )

        push = (np.abs(deviation) > DEVIATION_PER_LEVEL * self._level) - DEVIATION_BEYOND
        level = self._level * np.exp(DEVIATION_RATE * belief * (1.0 - motion) * push)
        level = np.minimum(np.maximum(level, LOWEST * self._zigzag), HIGHEST * self._zigzag)
        self._level = np.maximum(level, self._floor)
        return self._level
