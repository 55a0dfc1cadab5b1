"""The face between two pictures, for a display that shows more of them than the camera gives."""

from __future__ import annotations

import numpy as np

from app.viewer import Shown
from engine.data import FaceState
from engine.prediction import Predictor, SteadyClock

STEP = 0.002
"""What can be seen: a weight's change, or radians of head and eyes; position: metres, a third."""


class Motion:
    """Takes in what was tracked, gives the state of the moment that is drawn."""

    def __init__(self) -> None:
        self._predictor = Predictor()
        self._clock = SteadyClock()
        self._taken: Shown | None = None
        self._drawn: FaceState | None = None

    def take(self, shown: Shown | None, now: float) -> None:
        """The newest state; the same again is no other. now: `perf_counter` seconds."""
        if shown is not None and shown is not self._taken:
            self._predictor.observe(shown.state, self._clock.moment(shown.frame.arrived, now))
            self._taken = shown

    def draw(self, now: float) -> FaceState | None:
        """The state to draw; None before the first."""
        self._drawn = None if self._taken is None else self._predictor.at(now)
        return self._drawn

    def moves(self, now: float) -> bool:
        """Whether drawing it now would look different from what was drawn last."""
        before = self._drawn
        if before is None or self._taken is None:
            return False
        state = self._predictor.at(now)
        change = max(
            np.abs(state.weights - before.weights).max(),
            np.abs(state.gaze - before.gaze).max(),
            2.0
            * min(
                np.abs(state.head_rotation - before.head_rotation).max(),
                np.abs(state.head_rotation + before.head_rotation).max(),
            ),
            3.0 * np.abs(state.head_position - before.head_position).max(),
        )
        return bool(change > STEP)
