"""Pictures as they come, from a camera or stream that may go away and come back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from app.sources.capture import Capture
from engine.data import Frame
from engine.errors import SourceError

RETRY_PERIOD = 1.0  # s between attempts to open again
PATIENCE = 0.5  # s without a picture after which the source counts as gone
STEADY = 1.0  # s of pictures after which a source that was gone counts as back
PAUSE = 0.01  # s between reads that fail at once
SETTLING = 0.5  # s after opening in which cameras find their exposure and streams hurry
RATE_WINDOW = 1.0  # s after that over which the rate is measured

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LiveFormat:
    """What the driver really gives, as opposed to what it was asked for.

    width, height: pixels of the pictures that arrive.
    fourcc:        four letters of the transfer format, empty if the driver does not tell.
    rate:          pictures per second, counted over a second soon after opening; None before.
    """

    width: int
    height: int
    fourcc: str
    rate: float | None

    def __str__(self) -> str:
        rate = "" if self.rate is None else f", {self.rate:.1f} pictures/s"
        return f"{self.width}×{self.height} {self.fourcc or 'unknown format'}{rate}"


class LiveSource:
    """Reads what `open_capture` opens and opens it again whenever it is lost.

    `open_capture` raises SourceError while there is nothing to open.
    """

    def __init__(
        self,
        name: str,
        open_capture: Callable[[], Capture],
        *,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self.live = True
        self.ended = False
        self.frame_count: int | None = None
        self.format: LiveFormat | None = None
        self._open_capture = open_capture
        self._clock = clock
        self._sleep = sleep
        self._reading = False
        self._gone = False  # since the loss was told, till it is back for good
        self._index = 0
        self._capture: Capture | None = open_capture()
        self._opened = clock()
        self._last_sign = self._opened  # of life: a picture, an opening, or an attempt at one
        self._counted = 0  # pictures since `_count_start`
        self._count_start: float | None = None  # arrival of the first of them

    def read(self) -> Frame | None:
        """The next picture, or None if none came in time. Never raises."""
        self._reading = True
        frame = self._read()
        self._reading = False
        if self.ended:
            self._let_go()
        return frame

    def _read(self) -> Frame | None:
        if self._capture is None:
            self._reopen()
        if self._capture is None:
            return None
        image = None
        if self._capture.grab():
            arrived = self._clock()
            image = self._capture.picture()
        if image is None:
            self._miss()
            return None
        self._last_sign = arrived
        if self._gone and arrived - self._opened >= STEADY:
            self._gone = False
            log.warning("%s is back", self.name)
        self._measure(self._capture, image.shape[1], image.shape[0], arrived)
        self._index += 1
        return Frame(image, arrived, arrived, self._index - 1)

    def _miss(self) -> None:
        if self._clock() - self._last_sign < PATIENCE:
            self._sleep(PAUSE)
            return
        if not self._gone:  # told once, however often it comes for a moment only
            self._gone = True
            log.warning("%s gives no pictures; waiting for it to come back", self.name)
        self._let_go()
        self._last_sign = self._clock()

    def _reopen(self) -> None:
        self._sleep(max(0.0, self._last_sign + RETRY_PERIOD - self._clock()))
        self._last_sign = self._clock()
        try:
            self._capture = self._open_capture()
        except SourceError as error:
            log.debug("%s is still away: %s", self.name, error)
            return
        self._opened = self._last_sign = self._clock()
        self._count_start = self.format = None

    def _measure(self, capture: Capture, width: int, height: int, arrived: float) -> None:
        before = self.format
        if before is None or (before.width, before.height) != (width, height):
            self.format = LiveFormat(width, height, capture.fourcc, None)
            return
        if before.rate is not None or arrived - self._opened < SETTLING:
            return
        if self._count_start is None:
            self._count_start, self._counted = arrived, 0
            return
        self._counted += 1
        elapsed = arrived - self._count_start
        if elapsed >= RATE_WINDOW:
            self.format = LiveFormat(width, height, before.fourcc, self._counted / elapsed)
            stated = "" if capture.rate is None else f" (driver says {capture.rate:.0f})"
            log.info("%s gives %s%s", self.name, self.format, stated)

    def _let_go(self) -> None:
        if self._capture is not None:
            self._capture.close()
        self._capture = None

    def close(self) -> None:
        """Release the device; if another thread hangs in `read`, that thread does it on return.

        Drivers crash when a device is released under a thread that waits for a picture.
        """
        self.ended = True
        if not self._reading:
            self._let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
