"""How much each of several signals jitters while nothing moves, learned from the signals alone.

Two things are followed for each signal, both as quantiles, which a wild sample cannot drag along:

The zigzag: how far the signal bends one way and at once back again. Noise does that in three of
four samples, a movement seldom and, from picture to picture, by little.

The deviation: how far a sample lies from where it was expected. It sees slow noise whole, of which
the zigzag sees a part, but unforeseen motion as well; so it stays within bounds that the zigzag
sets.
"""

from __future__ import annotations

import math

import numpy as np

from engine.geometry import Array

# Found with the filter's own numbers (`engine/filters.py`).
ZIGZAG_RATE = 12.0  # per second, of the logarithm of the scale
ZIGZAG_BEYOND = 0.4  # of the samples go further than the scale
ZIGZAG_PER_LEVEL = 0.34  # the scale, in zigzags
BEND_MEMORY = 0.19  # s that the widest bend lately is remembered …
BENDS_PER_SCALE = 0.5  # … of which the scale is at most so much: what is not seen is not noise

DEVIATION_RATE = 1.2
DEVIATION_BEYOND = 0.1
DEVIATION_PER_LEVEL = 2.1

LOWEST, HIGHEST = 0.25, 2.4  # the level, in scales of the zigzag
LONGEST_STEP = 0.1  # s; a gap tells nothing about the noise
START = 13.0  # floors: the level before anything is known, that of a fair webcam


class NoiseLevel:
    """The learned scale of N signals' noise: about its standard deviation."""

    def __init__(self, floor: Array, start: float = START) -> None:
        """floor: (N,) the least level, in each signal's unit; less jitter is not worth a delay.
        start: floors that the level is before anything is known.
        """
        self._floor = floor
        self._level = start * floor
        self._zigzag = start * floor
        self._widest = start * floor / BENDS_PER_SCALE
        self._change = np.zeros_like(floor)
        self._bend = np.zeros_like(floor)

    @property
    def level(self) -> Array:
        """(N,)"""
        return self._level

    def update(self, deviation: Array, change: Array, still: Array, elapsed: float) -> Array:
        """The level after one more sample; all arrays (N,).

        deviation: the sample's distance from where it was expected.
        change:    its distance from the sample before.
        still:     1 still … 0 surely moving.
        elapsed:   seconds since the sample before.
        """
        bend, back = change - self._change, -self._bend
        self._change, self._bend = change, bend
        telling = (bend != 0.0) | (back != 0.0)  # perfect silence is not yet any noise
        step = min(elapsed, LONGEST_STEP)

        size = np.abs(bend)
        zigzag = np.where(bend * back > 0.0, np.minimum(size, np.abs(back)), 0.0)
        push = (zigzag > ZIGZAG_PER_LEVEL * self._zigzag) - ZIGZAG_BEYOND
        scale = self._zigzag * np.exp((ZIGZAG_RATE * step) * telling * push)
        fading = np.where(telling, math.exp(-step / BEND_MEMORY), 1.0)
        self._widest = np.maximum(size, self._widest * fading)
        scale = np.minimum(scale, BENDS_PER_SCALE * self._widest)
        self._zigzag = scale = np.maximum(scale, 0.5 * self._floor)

        push = (np.abs(deviation) > DEVIATION_PER_LEVEL * self._level) - DEVIATION_BEYOND
        level = self._level * np.exp((DEVIATION_RATE * step) * telling * still * push)
        level = np.minimum(np.maximum(level, LOWEST * scale), HIGHEST * scale)
        self._level = np.maximum(level, self._floor)
        return self._level
