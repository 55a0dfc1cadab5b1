"""What the pictures of a camera tell of its state: their rate, and whether they ever change."""

from __future__ import annotations

from collections import deque

import numpy as np

from app.sources.capture import Image

WINDOW = 1.0  # s over which the rate is measured
NEWEST = 8  # pictures
SHORTEST = 0.001  # s between two pictures; some drivers repeat a stamp
GAP = 0.35  # s between two pictures; a longer one is a stall, not a rate
FASTER = 1.1  # times the usual rate; less is jitter, more becomes the usual rate
SLOW, USUAL = (
    0.7,
    0.85,
)  # of the usual rate: below the first it is slow, till it is above the second

SAME_FOR = 0.8  # s; no sensor's noise repeats, so such a camera is frozen, covered or switched off
SAME_COUNT = 5  # pictures
STILL_AGAIN = 60.0  # s before a standstill is noticed after one that opening anew did not end
SPARSE = 64  # one row in so many is compared first


class Pulse:
    """Counts arrivals. Times: seconds of one steady clock.

    rate:  pictures a second over the last second without a stall; None before.
    now:   while it is slow: the same by the newest few pictures, for the rate has just changed.
    usual: what the camera gives in good light: as its driver says, or as it once did.
    slow:  whether it gives much less than that.
    """

    def __init__(self, stated: float | None) -> None:
        """stated: pictures a second as the driver says; None if it does not, or is not believed."""
        self.rate: float | None = None
        self.now = 0.0
        self.usual = 0.0 if stated is None else stated
        self.slow = False
        self._arrivals: deque[float] = deque()

    def update(self, arrived: float) -> None:
        """A picture came."""
        arrivals = self._arrivals
        if arrivals and not 0.0 <= arrived - arrivals[-1] <= GAP:
            arrivals.clear()
        arrivals.append(arrived)
        elapsed = arrived - arrivals[0]
        if elapsed < WINDOW:
            return
        self.rate = (len(arrivals) - 1) / elapsed
        while arrived - arrivals[0] >= WINDOW:
            arrivals.popleft()
        if self.rate > FASTER * self.usual:
            self.usual = self.rate
        slow = self.rate < (USUAL if self.slow else SLOW) * self.usual
        if slow:
            period = float(np.median(np.diff(list(arrivals)[-NEWEST:])))
            self.now = 1.0 / max(period, SHORTEST)
        self.slow = slow


class Stillness:
    """Notices that picture after picture is the very same, bit by bit.

    Opening a frozen camera anew helps some. Where it did not, there is a shutter or a program's
    still picture, and the next standstill is passed over for a while.
    """

    def __init__(self) -> None:
        self.still = False
        self._last: Image | None = None
        self._since = 0.0  # when the picture came first
        self._count = 0  # of its repetitions
        self._in_vain = False  # whether it came again after the camera was opened anew
        self._watch_from = 0.0

    def update(self, image: Image, arrived: float) -> bool:
        """Whether to open the camera anew: once for each standstill."""
        if self._last is None or not _same(self._last, image):
            if self.still:
                self._watch_from = arrived + (STILL_AGAIN if self._in_vain else 0.0)
            self.still, self._last, self._since, self._count = False, image, arrived, 0
            return False
        self._count += 1
        if self.still:
            self._in_vain = True
            return False
        if self._count < SAME_COUNT or arrived - self._since < SAME_FOR:
            return False
        if arrived < self._watch_from:
            return False
        self.still, self._in_vain = True, False
        return True


def _same(one: Image, other: Image) -> bool:
    return (
        one.shape == other.shape
        and np.array_equal(one[::SPARSE], other[::SPARSE])
        and np.array_equal(one, other)
    )
