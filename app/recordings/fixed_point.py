"""Many numbers as text at once.

A face has 1434 coordinates; formatting them one by one takes Python longer than all the rest of a
row (benchmarks/outputs.py), so the digits are worked out for all of them together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LARGEST = 9_999_999.0


def hundredths(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(N, width) ASCII codes of N numbers with two decimals, as "%*.2f" writes them.

    All are padded with spaces to the width of the widest. Magnitudes beyond `LARGEST` become
    `LARGEST`.
    """
    scaled = np.rint(np.fmin(np.fmax(values, -LARGEST), LARGEST) * 100.0).astype(np.int32)
    rest = np.abs(scaled)
    whole_digits = len(str(int(rest.max()) // 100))
    sign = 1
    text = np.full((len(values), sign + whole_digits + 3), ord(" "), np.uint8)
    text[:, -3] = ord(".")
    for column in (-1, -2, *range(-4, -4 - whole_digits, -1)):
        tenth = rest // 10
        digit = (rest - 10 * tenth + ord("0")).astype(np.uint8)
        # Spaces left of the first digit; but at least 0.00 is written.
        text[:, column] = digit if column >= -4 else np.where(rest > 0, digit, np.uint8(ord(" ")))
        rest = tenth
    negative = np.flatnonzero(scaled < 0)
    first_digit = np.argmax(text[negative] != ord(" "), axis=1)
    text[negative, first_digit - 1] = ord("-")
    return text
