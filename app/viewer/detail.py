"""How finely the head is drawn, chosen by how long drawing takes. Pure: no clock, no OpenGL."""

from __future__ import annotations

from statistics import median

STEPS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0)  # supersampling; about twice the pixels each
GPU_BUDGET = 0.012  # seconds a draw: 60 /s with room for a game beside it
SOFTWARE_BUDGET = 0.2  # a few pictures a second still read as motion
SOFTWARE_LEAST = 0.5  # below it posing and shadows take most of the time (measured on llvmpipe)
ROOM_TO_RISE = 0.35  # of the budget; the next step costs twice as much
SAMPLES = 5  # draws that decide about going down
PATIENCE = 40  # draws that decide about going up
SETTLING = 2  # draws after a change that are not counted: buffers are made anew


class Detail:
    """Holds `supersampling`; tell it how long each draw took."""

    def __init__(self, wanted: float, *, software: bool) -> None:
        """wanted: a fixed supersampling, or 0 to choose. software: drawn by the processor."""
        self._fixed = wanted > 0
        self._budget = SOFTWARE_BUDGET if software else GPU_BUDGET
        self._lowest = STEPS.index(SOFTWARE_LEAST) if software else 0
        self._step = self._lowest if software else len(STEPS) - 1
        self._seconds: list[float] = []
        self._settling = SETTLING
        self.supersampling = wanted if self._fixed else STEPS[self._step]

    def observe(self, seconds: float) -> None:
        """Take in the duration of one draw, and choose again."""
        if self._fixed:
            return
        if self._settling:
            self._settling -= 1
            return
        self._seconds = [*self._seconds[-PATIENCE + 1 :], seconds]
        if len(self._seconds) >= SAMPLES and median(self._seconds[-SAMPLES:]) > self._budget:
            self._change(-1)
        elif len(self._seconds) >= PATIENCE and (
            median(self._seconds) < ROOM_TO_RISE * self._budget
        ):
            self._change(+1)

    def _change(self, by: int) -> None:
        self._step = min(len(STEPS) - 1, max(self._lowest, self._step + by))
        self._seconds = []
        if self.supersampling != STEPS[self._step]:
            self.supersampling = STEPS[self._step]
            self._settling = SETTLING
