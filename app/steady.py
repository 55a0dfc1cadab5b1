"""A steady rate for receivers that want one: between two pictures, predicted states."""

from __future__ import annotations

import time

from app.destinations import Destinations
from app.meter import Meter
from app.threads import Latest
from app.viewer import Shown
from engine.prediction import Predictor

PAUSE = 0.05  # s between two looks whether a beat is wanted


class SteadySender:
    """Sends the newest state, predicted for the moment, on every beat. `step` is a worker's.

    rate: beats a second, which another thread may change; 0: none, and nothing is sent.
    """

    def __init__(
        self, rate: float, states: Latest[Shown], outputs: Destinations, meter: Meter
    ) -> None:
        self.rate = rate
        self._states, self._outputs, self._meter = states, outputs, meter
        self._predictor = Predictor()
        self._shown: Shown | None = None
        self._next = time.perf_counter()

    def step(self) -> bool:
        """Wait for the beat and send."""
        rate, now = self.rate, time.perf_counter()
        if not rate:
            time.sleep(PAUSE)
            return True
        self._next = min(self._next, now + 1.0 / rate)  # it may have become quicker
        if now < self._next:
            time.sleep(self._next - now)
        self._next = max(self._next + 1.0 / rate, now)  # beats that were missed stay missed
        shown = self._states.peek()
        if shown is None:
            return True
        now = time.perf_counter()
        is_new = shown is not self._shown
        if is_new:
            self._shown = shown
            self._predictor.observe(shown.state, now)
        if self._outputs.send(self._predictor.at(now)) and is_new:
            self._meter.sent(shown.frame)
        return True
