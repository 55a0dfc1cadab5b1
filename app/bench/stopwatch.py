"""Times of stages, and a finder and a regressor with their eyes on the clock."""

from __future__ import annotations

import time
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from engine.data import Frame, Observation
from engine.geometry import Array
from engine.regressors import Regression, Regressor, RegressorName
from engine.regressors.crops import CropBox
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.runtime import Session


class Stopwatch:
    """Seconds of each stage in the present picture, and milliseconds in all of them."""

    def __init__(self, *stages: str) -> None:
        self.stages = stages
        self._seconds: dict[str, float] = defaultdict(float)
        self._rows: list[list[float]] = []

    def add(self, stage: str, started: float) -> float:
        """A stage ends that began at `started`; gives the time."""
        now = time.perf_counter()
        self._seconds[stage] += now - started
        return now

    def note(self, stage: str, seconds: float) -> None:
        """A stage took so long, by another clock."""
        self._seconds[stage] += seconds

    def next_picture(self) -> None:
        self._rows.append([self._seconds[stage] * 1000.0 for stage in self.stages])
        self._seconds.clear()

    def milliseconds(self) -> Array:
        """(pictures, stages)."""
        return np.array(self._rows)


class TimedFinder(MediaPipeRegressor):
    """Finds the face, with its eye on the clock."""

    watch: Stopwatch

    def observe(self, frame: Frame) -> Observation | None:
        started = time.perf_counter()
        seen = super().observe(frame)
        self.watch.add("find", started)
        return seen


class TimedRegressor:
    """A regressor with its eye on the clock."""

    def __init__(self, regressor: Regressor, watch: Stopwatch) -> None:
        self._regressor, self._watch = regressor, watch

    @property
    def name(self) -> RegressorName:
        return self._regressor.name

    @property
    def device(self) -> str:
        return self._regressor.device

    def box(self, landmarks: Array) -> CropBox:
        return self._regressor.box(landmarks)

    def unrounded_box(self, landmarks: Array) -> CropBox:
        return self._regressor.unrounded_box(landmarks)

    def expect(self, image: NDArray[np.uint8]) -> None:
        self._regressor.expect(image)

    def regress(
        self, image: NDArray[np.uint8], box: CropBox, shape: Array | None = None
    ) -> Regression:
        started = time.perf_counter()
        regression = self._regressor.regress(image, box, shape)
        self._watch.add("regress", started)
        return regression

    def use(self, session: Session) -> None:
        self._regressor.use(session)

    def close(self) -> None:
        self._regressor.close()
