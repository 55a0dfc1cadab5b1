"""The clocks of files: timestamps that only grow, and the pace at which pictures become due."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.sources.source import Pace

READ_LIMIT = 1.0  # s that a read may wait, so that a shutdown need not
SKIP_LIMIT = 10  # late pictures in a row that are left out before one is shown all the same


class MediaClock:
    """Timestamps from a file's own positions: from 0, strictly increasing, also over loops."""

    def __init__(self, period: float) -> None:
        self._period = period  # s between pictures, as the file states it
        self._start: float | None = None  # position of this round's first picture
        self._offset = 0.0  # timestamp of this round's first picture
        self._last: float | None = None

    def update(self, position: float) -> float:
        """The timestamp in seconds of the picture at `position` seconds of the file."""
        if self._start is None:
            self._start = position
        timestamp = self._offset + position - self._start
        if self._last is not None and timestamp <= self._last:
            # A raw stream has no positions at all, and broken files repeat some.
            timestamp = self._last + self._period
        self._last = timestamp
        return timestamp

    def restart(self) -> None:
        """The file starts again; its first picture follows its last by one period."""
        self._start = None
        self._offset = 0.0 if self._last is None else self._last + self._period


class Playback:
    """Says when a picture is due. At pace `fast` every picture is due at once."""

    def __init__(
        self,
        pace: Pace,
        *,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._realtime = pace == "realtime"
        self._clock = clock
        self._sleep = sleep
        self._start: float | None = None  # clock at which timestamp 0 was or would have been due
        self._skipped = 0  # in a row

    def is_late(self, timestamp: float, period: float) -> bool:
        """Whether this picture may be left out because its successor is due already.

        A machine that is too slow for the file, or that slept, sees one picture in eleven at
        least; the file then goes on from there instead of racing after the clock.
        """
        if not self._realtime or self._start is None:
            return False
        late = self._clock() - (self._start + timestamp)
        if late <= period:
            self._skipped = 0
            return False
        if self._skipped < SKIP_LIMIT:
            self._skipped += 1
            return True
        self._skipped = 0
        self._start += late
        return False

    def wait(self, timestamp: float) -> bool:
        """Wait until the picture is due; False if that is further off than a read may wait."""
        if not self._realtime:
            return True
        if self._start is None:
            self._start = self._clock() - timestamp
        ahead = self._start + timestamp - self._clock()
        if ahead > 0.0:
            self._sleep(min(ahead, READ_LIMIT))
        return ahead <= READ_LIMIT
