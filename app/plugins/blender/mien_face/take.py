"""A take: what a face did, in time."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from .channels import HEAD, NEUTRAL, WIDTH

Row = Sequence[float]
"""The numbers of a face, in the order of `channels`."""


class Take:
    """Rows at times that rise. Numbers are kept as floats of four bytes: 250 a second each."""

    def __init__(self) -> None:
        self.times: list[float] = []
        """Seconds from the first row."""
        self._numbers = array("f")
        self._first = 0.0

    def __len__(self) -> int:
        return len(self.times)

    @property
    def seconds(self) -> float:
        """From the first row to the last."""
        return self.times[-1] if self.times else 0.0

    def append(self, time: float, row: Row) -> None:
        """time: seconds on any clock. A row that is not later than the last one replaces it."""
        if not self.times:
            self._first = time
        elapsed = time - self._first
        if self.times and elapsed <= self.times[-1]:
            self.times.pop()
            del self._numbers[-WIDTH:]
            elapsed = max(elapsed, self.times[-1] + 1e-6) if self.times else 0.0
        self.times.append(elapsed)
        self._numbers.extend(_same_side(row, self._numbers[-WIDTH:]))

    def row(self, index: int) -> array[float]:
        return self._numbers[index * WIDTH : (index + 1) * WIDTH]

    def rows(self) -> Iterator[array[float]]:
        for index in range(len(self)):
            yield self.row(index)

    def at(self, time: float) -> Row:
        """What the face did then, linear between two rows; before and behind, the nearest row."""
        after = bisect_right(self.times, time)
        if after == 0 or after == len(self):
            return self.row(max(after - 1, 0)) if self.times else NEUTRAL
        earlier, later = self.times[after - 1], self.times[after]
        share = (time - earlier) / (later - earlier)
        return [
            a + share * (b - a) for a, b in zip(self.row(after - 1), self.row(after), strict=True)
        ]

    def resampled(self, rate: float) -> Take:
        """A row at each whole frame, from the first row to just before or at the last.

        rate: frames a second.
        """
        even = Take()
        for frame in range(math.floor(self.seconds * rate + 1e-6) + 1):
            even.append(frame / rate, self.at(frame / rate))
        return even


def _same_side(row: Row, last: Row) -> Row:
    """The row with the one of the two equal quaternions that lies nearer to the last row's."""
    head = slice(HEAD, HEAD + 4)
    if not last or sum(a * b for a, b in zip(row[head], last[head], strict=True)) >= 0.0:
        return row
    return [*row[:HEAD], *(-number for number in row[head]), *row[HEAD + 4 :]]
