"""The source of a run, which a person may exchange for another while pictures are read from it."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import replace

from app.sources import Source, SourceSettings, open_source
from app.sources.capture import DRIVER_FAULTS
from app.threads import Lock
from engine.closing import Closing
from engine.data import Frame
from engine.errors import SourceError

PAUSE = 0.1  # s that reading waits where there is nothing to read
RETRY_PERIOD = 0.5  # s between two attempts to open what could not be opened
FAILING = 0.5  # s of nothing but failures after which a live source is opened anew

log = logging.getLogger(__name__)


class SelectedSource(Closing):
    """Reads as any source does. Timestamps and indices go on growing over an exchange.

    forgiving: where the first source cannot be opened there is none, `fault` tells why, and it is
               tried again and again.
    own_camera: name of the virtual camera that this run shows itself with, which it does not watch.
    """

    def __init__(
        self,
        settings: SourceSettings,
        *,
        forgiving: bool = False,
        own_camera: Callable[[], str] = str,
    ) -> None:
        """Raises SourceError, unless it forgives."""
        self._own_camera = own_camera
        self.settings = settings
        self.fault = ""
        self._source: Source | None = None
        self._lock = Lock()
        self._next: Source | None = None  # open, for the reading thread to take over
        self._closed = False
        self._last: Frame | None = None
        self._base = 0  # what is added to the source's own indices
        self._shift: float | None = 0.0  # and to its timestamps; None: with the next picture
        self._attempted = time.perf_counter()  # to open it
        self._failing_since: float | None = None
        try:
            self._source = open_source(settings, own_camera=self._own_camera())
        except SourceError as error:
            if not forgiving:
                raise
            self.fault = str(error)
            log.warning("%s Waiting for it.", error)

    @property
    def name(self) -> str:
        if self._source is not None:
            return self._source.name
        spec = self.settings.spec
        return f"camera {spec}" if spec.isdecimal() else spec

    @property
    def live(self) -> bool:
        return self._source is None or self._source.live

    @property
    def rate(self) -> float | None:
        return None if self._source is None else self._source.rate

    @property
    def trouble(self) -> str:
        return "" if self._source is None else self._source.trouble

    @property
    def stuck(self) -> bool:
        """See `Source.stuck`."""
        return self._source is not None and self._source.stuck

    @property
    def ended(self) -> bool:
        return self._closed or (self._source is not None and self._source.ended)

    def select(self, settings: SourceSettings) -> None:
        """Any other thread than the reading one: open this one; the reading thread takes it over.

        Where it cannot be opened the old one goes on, and `fault` tells why. May take seconds.
        """
        try:
            source = open_source(settings, own_camera=self._own_camera())
        except SourceError as error:
            self.fault = str(error)
            return
        with self._lock:
            surplus, self._next = (source, None) if self._closed else (self._next, source)
        if surplus is not None:
            surplus.close()
        self.fault, self.settings = "", settings

    def look_at(self, limit: float) -> None:
        """The reading thread: see `Source.look_at`. A lower limit of the settings' stands."""
        if self._source is not None:
            self._source.look_at(min(limit, self.settings.limit or limit))

    def read(self) -> Frame | None:
        """See `Source.read`. Whatever a live source does, the run goes on. Raises SourceError if a
        recording cannot be read on."""
        with self._lock:
            chosen, self._next = self._next, None
        if chosen is not None:
            self._take_over(chosen)
        source = self._source
        if source is None:
            time.sleep(PAUSE)
            self._try_again()
            return None
        try:
            frame = source.read()
        except (*DRIVER_FAULTS, SourceError) as error:
            if not source.live:
                raise SourceError(f"cannot read {source.name} on: {error}") from error
            self._failed(error)
            return None
        if frame is None or not frame.image.size:
            return None
        if self._failing_since is not None:
            self._failing_since = None
            log.warning("%s is back", source.name)
        self._last = self._continued(frame, live=source.live)
        return self._last

    def time(self) -> float:
        """The timestamp that a picture of this moment would have, if the source is live."""
        now, last = time.perf_counter(), self._last
        return now if last is None else last.timestamp + max(now - last.arrived, 0.0)

    def _failed(self, error: Exception) -> None:
        """Reading raised: try again for a moment, then open it anew."""
        now = time.perf_counter()
        if self._failing_since is None:
            self._failing_since = now
            log.warning("%s fails, waiting for it: %s", self.name, error)
        if now - self._failing_since > FAILING:
            self._drop()
        time.sleep(PAUSE)

    def _try_again(self) -> None:
        now = time.perf_counter()
        if now - self._attempted < RETRY_PERIOD or self._closed:
            return
        self._attempted = now
        try:
            source = open_source(self.settings, own_camera=self._own_camera())
        except SourceError as error:
            self.fault = str(error)
            return
        self.fault = ""
        self._take_over(source)
        log.warning("%s is there", source.name)
        if self._closed:
            source.close()

    def _drop(self) -> None:
        """Close what is open; one that fails at that, too, is gone all the same."""
        source, self._source = self._source, None
        if source is None:
            return
        try:
            source.close()
        except DRIVER_FAULTS as error:
            log.info("%s failed as it was closed: %s", source.name, error)

    def _take_over(self, source: Source) -> None:
        self._drop()
        self._source = source
        self._base = 0 if self._last is None else self._last.index + 1
        self._shift = None

    def _continued(self, frame: Frame, *, live: bool) -> Frame:
        """The frame with a timestamp after all others: those of a file begin at 0."""
        last = self._last
        if self._shift is None:
            waited = 0.0 if last is None else max(frame.arrived - last.arrived, 0.0)
            goes_on = live or last is None
            self._shift = 0.0 if last is None or goes_on else last.timestamp + waited
            self._shift -= 0.0 if goes_on else frame.timestamp
        timestamp = frame.timestamp + self._shift
        if not math.isfinite(timestamp):
            timestamp = self.time()
        if last is not None and timestamp < last.timestamp:  # its clock was set back
            self._shift += last.timestamp - timestamp
            timestamp = last.timestamp
        arrived = min(frame.arrived, time.perf_counter())
        index = frame.index + self._base
        return replace(frame, timestamp=timestamp, arrived=arrived, index=index)

    def close(self) -> None:
        """Close what is open. May be called twice."""
        with self._lock:
            self._closed = True
            chosen, self._next = self._next, None
        for source in (chosen, self._source):
            if source is not None:
                source.close()
