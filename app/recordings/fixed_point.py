"""Many numbers as text at once.

A face has 1434 coordinates; formatting them one by one takes Python twice as long as all the rest
of a row. Here the parts before and after the point are looked up for all of them together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LARGEST = 9999.99
WIDTH = len("-9999.99")


class HundredthsTable:
    """Writes numbers with two decimals, as "%8.2f" does."""

    def __init__(self) -> None:
        whole = [str(n) for n in range(int(LARGEST) + 1)]
        signed = whole + ["-" + word for word in whole]
        self._negative = len(whole)  # where the negative ones begin
        self._whole = np.array([f"{word:>5}." for word in signed], "S6")
        self._fraction = np.array([f"{n:02}" for n in range(100)], "S2")

    def text(self, values: NDArray[np.float64]) -> NDArray[np.uint8]:
        """(N, WIDTH) ASCII codes of N numbers; magnitudes beyond `LARGEST` become `LARGEST`."""
        hundredths = np.rint(values.clip(-LARGEST, LARGEST) * 100.0).astype(np.intp)
        magnitude = np.abs(hundredths)
        whole = magnitude // 100
        words = np.empty(len(values), [("whole", "S6"), ("fraction", "S2")])
        words["fraction"] = self._fraction[magnitude - 100 * whole]
        words["whole"] = self._whole[whole + self._negative * (hundredths < 0)]
        return words.view(np.uint8).reshape(-1, WIDTH)
