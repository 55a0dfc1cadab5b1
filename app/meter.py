"""Counts what the threads do and says it as frozen statistics.

Each method belongs to one thread.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from app.actions import Wishes
from app.destinations import Destination, Destinations
from app.latency import LatencyHistogram, Rate
from app.recordings.takes import Takes
from app.settings import output_spec
from app.statistics import (
    OutputStatistics,
    RecordingStatistics,
    Situation,
    Statistics,
    Summary,
    VirtualCameraStatistics,
)
from engine.calibration.guide import Prompt
from engine.chain import Answer
from engine.data import FaceState, Frame

STUCK = 5.0  # s without a step of the track thread after which something hangs
_REFRESH = 0.25  # s between two new statistics: a person reads no faster


class Named(Protocol):
    """A source, which may change its name and have trouble with its pictures."""

    @property
    def name(self) -> str: ...

    @property
    def trouble(self) -> str: ...

    @property
    def rate(self) -> float | None: ...


class Meter:
    """Rates, latency and counts of one run."""

    def __init__(self, source: Named, outputs: Destinations, takes: Takes) -> None:
        self.frames = 0
        self._source, self._outputs, self._takes = source, outputs, takes
        self._name = source.name
        self._recording_since: float | None = None
        self._faces = 0
        self._latency, self._to_screen = LatencyHistogram(), LatencyHistogram()
        self._between_drawings = LatencyHistogram()
        self._drawn_at: float | None = None
        self._sent_index = self._drawn_index = -1  # of the newest frames that were counted
        self._captures, self._states = Rate(), Rate()
        self._started = time.perf_counter()
        self._last_state = self._started
        self._first_state: float | None = None
        self._statistics: Statistics | None = None
        self._refreshed = self._started
        self._datagrams: dict[str, int] = {}
        self._stepped = self._started

    def stepped(self) -> None:
        """Track thread: it is about to look for a picture."""
        self._stepped = time.perf_counter()

    @property
    def stuck(self) -> bool:
        """Whether the track thread hangs in something."""
        return time.perf_counter() - self._stepped > STUCK

    def captured(self) -> None:
        """Capture thread: a picture has come."""
        self._captures.add(time.perf_counter())

    def tracked(self, state: FaceState) -> None:
        """Track thread: this picture has become a state."""
        now = time.perf_counter()
        self.frames += 1
        self._faces += state.landmarks is not None
        self._states.add(now)
        self._last_state = now
        if self._first_state is None:
            self._first_state = now

    def sent(self, frame: Frame) -> None:
        """Track thread, or the steady sender's: a state of this picture has gone to every output
        for the first time. States without a picture, for none comes, have no latency."""
        if frame.index != self._sent_index:
            self._sent_index = frame.index
            self._latency.add(time.perf_counter() - frame.arrived)

    def drawn(self, frame: Frame) -> None:
        """Main thread: this picture's state is on the screen. Again and again is once."""
        if frame.index != self._drawn_index:
            now = time.perf_counter()
            self._drawn_index = frame.index
            self._to_screen.add(now - frame.arrived)
            if self._drawn_at is not None:
                self._between_drawings.add(now - self._drawn_at)
            self._drawn_at = now

    def has_run_for(self, seconds: float | None) -> bool:
        """Whether the run has lasted that long since its first state; never if None."""
        if seconds is None or self._first_state is None:
            return False
        return time.perf_counter() - self._first_state >= seconds

    def statistics(
        self,
        dropped: int,
        *,
        wishes: Wishes,
        prompt: Prompt | None = None,
        answer: Answer | None = None,
        situation: Situation | None = None,
        virtual_camera: VirtualCameraStatistics = VirtualCameraStatistics(),
    ) -> Statistics:
        """Main thread: how it is going, new a few times a second."""
        now = time.perf_counter()
        elapsed = now - self._refreshed
        recording = wishes.recording and self._takes.rolling
        if not recording:
            self._recording_since = None
        elif self._recording_since is None:
            self._recording_since = now
        recorded = 0.0 if self._recording_since is None else now - self._recording_since
        if self._statistics is not None and elapsed < _REFRESH:
            self._statistics = replace(  # the next press of a key must know
                self._statistics,
                mirrored=wishes.mirror,
                paused=wishes.paused,
                recording=recording,
                recording_seconds=recorded,
                prompt=prompt,
                answer=answer,
                situation=situation,
                virtual_camera=virtual_camera,
            )
            return self._statistics
        destinations = self._outputs.every
        before = self._datagrams
        self._datagrams = {d.settings.name: d.datagrams for d in destinations}
        self._refreshed = now
        self._name = self._source.name
        self._statistics = Statistics(
            source=self._name,
            mirrored=wishes.mirror,
            paused=wishes.paused,
            recording=recording,
            recording_seconds=recorded,
            prompt=prompt,
            answer=answer,
            situation=situation,
            trouble=self._source.trouble,
            virtual_camera=virtual_camera,
            recording_fault=self._takes.fault,
            capture_rate_wanted=self._source.rate,
            capture_rate_hz=self._captures.hertz(now),
            state_rate_hz=self._states.hertz(now),
            latency=self._latency.percentiles(),
            latency_to_screen=self._to_screen.percentiles(),
            window_rate_hz=self._window_rate,
            dropped=dropped,
            outputs=tuple(
                _of_destination(d, before.get(d.settings.name, 0), max(elapsed, _REFRESH))
                for d in destinations
            ),
            recordings=self._recordings(),
        )
        return self._statistics

    def summary(
        self,
        dropped: int,
        *,
        mirrored: bool,
        snapshot: Path | None,
        interrupted: bool,
        timed_out: bool = False,
        virtual_camera: VirtualCameraStatistics = VirtualCameraStatistics(),
    ) -> Summary:
        """The whole run, after its end."""
        return Summary(
            source=self._source.name,
            frames=self.frames,
            faces=self._faces,
            dropped=dropped,
            seconds=self._last_state - (self._first_state or self._last_state),
            mirrored=mirrored,
            latency=self._latency.percentiles(),
            latency_to_screen=self._to_screen.percentiles(),
            outputs=tuple((d.settings.name, d.datagrams) for d in self._outputs.every),
            recordings=self._recordings(),
            snapshot=snapshot,
            recording_failed=self._takes.failed,
            interrupted=interrupted,
            timed_out=timed_out,
            window_rate_hz=self._window_rate,
            virtual_camera=virtual_camera,
        )

    @property
    def _window_rate(self) -> float:
        """Of new pictures; a window that is minimised for a while is not slower for that."""
        usual = self._between_drawings.percentiles()
        return 0.0 if usual is None else 1.0 / usual.p50

    def _recordings(self) -> tuple[RecordingStatistics, ...]:
        return tuple(
            RecordingStatistics(str(take.path), take.rows) for take in self._takes.recordings
        )


def _of_destination(destination: Destination, before: int, seconds: float) -> OutputStatistics:
    """before: datagrams that were sent so many seconds ago."""
    return OutputStatistics(
        name=destination.settings.name,
        datagrams_per_second=(destination.datagrams - before) / seconds,
        spec=output_spec(destination.settings),
        on=destination.output is not None,
        fault=destination.fault or destination.trouble,
    )
