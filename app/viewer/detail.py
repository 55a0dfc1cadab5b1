"""How finely the head is drawn, chosen by how long drawing takes. Pure: no clock, no OpenGL."""

from __future__ import annotations

import math
from statistics import median

STEPS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0)  # supersampling; about twice the pixels each
BUDGET = 0.012  # seconds of the graphics card a draw: 60 /s with room for a game beside it
ROOM_TO_RISE = 0.35  # of the budget; the next step costs twice as much
SAMPLES = 5  # draws that decide about going down
PATIENCE = 40  # draws that decide about going up
SETTLING = 2  # draws after a change that are not counted: buffers are made anew
SOFTWARE_PIXELS = 640 * 360  # of a draw at most; far below, posing takes most of the time
SOFTWARE_LEAST = 0.35  # coarser is not recognised as a face
SOFTWARE_STEPS = (0.5, 0.7, 1.0)  # of that, where the processor has other things to do
SOFTWARE_BUDGET = 0.16  # seconds of a draw from start to end
SOFTWARE_ROOM_TO_RISE = 0.65  # of that: half of a draw or more is the same at every step
SOFTWARE_HEIGHT = 180  # pixels of a draw, at least: eyes and lips can still be read


class Detail:
    """Chooses the supersampling: drawn pixels per shown pixel, along each side."""

    def __init__(self, wanted: float, *, software: bool) -> None:
        """wanted: a fixed supersampling, or 0 to choose. software: drawn by the processor."""
        self._wanted, self._software = wanted, software
        self._steps = SOFTWARE_STEPS if software else STEPS
        self._budget = SOFTWARE_BUDGET if software else BUDGET
        self._room = self._budget * (SOFTWARE_ROOM_TO_RISE if software else ROOM_TO_RISE)
        self._step = len(self._steps) - 1
        self._seconds: list[float] = []
        self._settling = SETTLING

    def supersampling(self, width: int, height: int) -> float:
        """For a picture of this many pixels."""
        if self._wanted > 0:
            return self._wanted
        if self._software:
            fitting = math.sqrt(SOFTWARE_PIXELS / (width * height))
            least = max(SOFTWARE_LEAST, SOFTWARE_HEIGHT / height)
            return min(1.0, max(least, min(1.0, fitting) * self._steps[self._step]))
        return self._steps[self._step]

    def observe(self, seconds: float) -> None:
        """Take in how long the graphics card, or the processor, took for one draw."""
        if self._settling:
            self._settling -= 1
            return
        self._seconds = [*self._seconds[-PATIENCE + 1 :], seconds]
        if len(self._seconds) >= SAMPLES and median(self._seconds[-SAMPLES:]) > self._budget:
            self._change(-1)
        elif len(self._seconds) >= PATIENCE and median(self._seconds) < self._room:
            self._change(+1)

    def _change(self, by: int) -> None:
        step = min(len(self._steps) - 1, max(0, self._step + by))
        self._seconds = []
        if step != self._step:
            self._step, self._settling = step, SETTLING
