"""A steady rate for receivers that want one: between two pictures, predicted states."""

from __future__ import annotations

import time

from app.destinations import Destinations
from app.meter import Meter
from app.threads import Latest
from app.viewer import Shown
from engine.prediction import Predictor

GRACE = 1.25  # beats after a state that was sent at once: the next one may be a little late
PAUSE = 0.05  # s between two looks whether a beat is wanted


class SteadySender:
    """Sends the newest state, predicted for the moment, on every beat. `step` is a worker's.

    rate:    beats a second, which another thread may change; 0: none, and nothing is sent.
    at_once: a new state does not wait for the beat; the next beat counts from it. Likewise.
    """

    def __init__(
        self,
        rate: float,
        states: Latest[Shown],
        outputs: Destinations,
        meter: Meter,
        *,
        at_once: bool = False,
    ) -> None:
        self.rate, self.at_once = rate, at_once
        self._states, self._outputs, self._meter = states, outputs, meter
        self._predictor = Predictor()
        self._shown: Shown | None = None
        self._next = time.perf_counter()

    def step(self) -> bool:
        """Wait for the beat, or for what does not wait for it, and send."""
        rate, now = self.rate, time.perf_counter()
        if not rate:
            time.sleep(PAUSE)
            return True
        self._next = min(self._next, now + 1.0 / rate)  # it may have become quicker
        early = self._wait(max(0.0, self._next - now))
        beat = time.perf_counter() + GRACE / rate if early else self._next + 1.0 / rate
        self._next = max(beat, now)  # beats that were missed stay missed
        shown = self._states.peek()
        if shown is None:
            return True
        now = time.perf_counter()
        is_new = shown is not self._shown
        if is_new:
            self._shown = shown
            self._predictor.observe(shown.state, now)
        state = shown.state if early else self._predictor.at(now)
        if self._outputs.send(state) and is_new:
            self._meter.sent(shown.frame)
        return True

    def _wait(self, seconds: float) -> bool:
        """Whether something new has come before that time was over."""
        if self.at_once:
            return self._states.take(seconds) is not None
        time.sleep(seconds)
        return False
