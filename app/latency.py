"""How long things take, over a whole run, in constant memory."""

from __future__ import annotations

from collections import deque

import numpy as np

from app.statistics import LONGEST, LatencyStatistics

_BIN = 0.0001  # seconds
_BINS = round(LONGEST / _BIN)


class LatencyHistogram:
    """Counts durations in steps of 0.1 ms up to `LONGEST`, and what lasts longer as that."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BINS + 1, dtype=np.int64)

    def add(self, seconds: float) -> None:
        """Count one duration."""
        self._counts[min(max(int(seconds / _BIN), 0), _BINS)] += 1

    def percentiles(self) -> LatencyStatistics | None:
        """None while nothing has been counted."""
        total = np.cumsum(self._counts)
        if total[-1] == 0:
            return None
        p50, p95, p99 = (
            min((int(np.searchsorted(total, share * total[-1])) + 0.5) * _BIN, LONGEST)
            for share in (0.50, 0.95, 0.99)
        )
        return LatencyStatistics(p50, p95, p99)


SILENCE = 1.0  # s without an event after which there is no rate any more


class Rate:
    """Events per second over the last ones."""

    def __init__(self, window: int = 60) -> None:
        self._times: deque[float] = deque(maxlen=window)

    def add(self, time: float) -> None:
        """Note one event at `time` seconds."""
        self._times.append(time)

    def hertz(self, now: float | None = None) -> float:
        """0 until there are two events, and once the newest is long past at `now`, if given."""
        times = tuple(self._times)
        if len(times) < 2 or times[-1] <= times[0]:
            return 0.0
        if now is not None and now - times[-1] > SILENCE:
            return 0.0
        return (len(times) - 1) / (times[-1] - times[0])
