"""What looks at the pictures of a run, which a person may exchange while pictures come."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from app.threads import Lock
from app.tracking import Looking, TrackingSettings, open_looking
from engine.chain import Chain
from engine.closing import Closing
from engine.errors import ModelError

OpenLooking = Callable[[TrackingSettings, ExitStack], Looking]


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    looking: Looking
    closing: ExitStack


def open_live(settings: TrackingSettings, stack: ExitStack) -> Looking:
    """See `open_looking`."""
    return open_looking(settings, stack, live=True)


class SelectedTracking(Closing):
    """`chain` stays the same, with all that it knows of the person; what looks in it changes.

    fault: why what was asked for last is not in use; empty: it is.
    """

    def __init__(self, settings: TrackingSettings, open_looking: OpenLooking = open_live) -> None:
        """Raises ModelError."""
        self.fault = ""
        self._open_looking = open_looking
        self._lock = Lock()
        self._next: _Opened | None = None  # ready, for the tracking thread to take over
        self._closed = False
        self._opened = self._open(settings)
        looking = self._opened.looking
        self.chain = Chain(
            looking.observer, settings.smoother, settings.calibration, looking.stages
        )

    def select(self, settings: TrackingSettings) -> None:
        """Any other thread than the tracking one: get this ready. May take seconds.

        Where it cannot be had the old one goes on, and `fault` tells why.
        """
        try:
            opened = self._open(settings)
        except ModelError as error:
            self.fault = str(error)
            return
        with self._lock:
            surplus, self._next = (opened, None) if self._closed else (self._next, opened)
        if surplus is not None:
            surplus.closing.close()
        self.fault = ""

    def take_over(self) -> None:
        """The tracking thread, between two frames: go over to what is ready."""
        with self._lock:
            chosen, self._next = self._next, None
        if chosen is None:
            return
        before, self._opened = self._opened, chosen
        self.chain.exchange(chosen.looking.observer, chosen.looking.stages)
        before.closing.close()

    def close(self) -> None:
        """Release everything, once the tracking thread has ended. May be called twice."""
        with self._lock:
            self._closed = True
            chosen, self._next = self._next, None
        for opened in (chosen, self._opened):
            if opened is not None:
                opened.closing.close()

    def _open(self, settings: TrackingSettings) -> _Opened:
        with ExitStack() as stack:
            return _Opened(self._open_looking(settings, stack), stack.pop_all())
