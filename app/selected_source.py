"""The source of a run, which a person may exchange for another while pictures are read from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from app.sources import Source, SourceSettings, open_source
from app.threads import Lock
from engine.data import Frame
from engine.errors import SourceError

PAUSE = 0.1  # s that reading waits where there is nothing to read


class SelectedSource:
    """Reads as any source does. Timestamps and indices go on growing over an exchange.

    forgiving: where the first source cannot be opened there is none, and `fault` tells why.
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
        try:
            self._source = open_source(settings, own_camera=self._own_camera())
        except SourceError as error:
            if not forgiving:
                raise
            self.fault = str(error)

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
        """See `Source.read`."""
        with self._lock:
            chosen, self._next = self._next, None
        if chosen is not None:
            self._take_over(chosen)
        if self._source is None:
            time.sleep(PAUSE)
            return None
        frame = self._source.read()
        if frame is None:
            return None
        self._last = self._continued(frame, live=self._source.live)
        return self._last

    def _take_over(self, source: Source) -> None:
        if self._source is not None:
            self._source.close()
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
        if last is not None:
            timestamp = max(timestamp, last.timestamp)
        return replace(frame, timestamp=timestamp, index=frame.index + self._base)

    def close(self) -> None:
        """Close what is open. May be called twice."""
        with self._lock:
            self._closed = True
            chosen, self._next = self._next, None
        for source in (chosen, self._source):
            if source is not None:
                source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
