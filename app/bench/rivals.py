"""The other trackers that look at the same pictures, each in its turn."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from app.bench.openseeface import MODELS, OpenSeeFace, OpenSeeFaceError, models_in
from app.bench.results import TrackerCost, tracker_cost
from engine.data import Frame
from engine.landmarker.mediapipe import MediaPipeLandmarker

NOT_NAMED = "OpenSeeFace: not measured; name its folder: --openseeface FOLDER"


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture took: seconds on the wall, and of processor time."""

    seconds: float
    processor: float
    found: bool


class Rival(Protocol):
    """Another tracker."""

    name: str

    def look(self, frame: Frame) -> Look:
        """Track the next picture. Raises OpenSeeFaceError."""


class MediaPipeAlone:
    """MediaPipe's own package in its video mode, and nothing else."""

    name = "MediaPipe alone"

    def __init__(self, landmarker: MediaPipeLandmarker) -> None:
        """The landmarker stays its opener's."""
        self._landmarker = landmarker

    def look(self, frame: Frame) -> Look:
        wall, processor = time.perf_counter(), time.process_time()
        found = self._landmarker.detect(frame.image, frame.timestamp) is not None
        return Look(time.perf_counter() - wall, time.process_time() - processor, found)


class OpenSeeFaceAlone:
    """OpenSeeFace with one of its models."""

    def __init__(self, tracker: OpenSeeFace, model: int) -> None:
        """The tracker stays its opener's."""
        self.name = f"OpenSeeFace, model {model}"
        self._tracker = tracker

    def look(self, frame: Frame) -> Look:
        answer = self._tracker.detect(frame.image)
        return Look(answer.seconds, answer.processor, answer.face is not None)


class Rivals:
    """All of them, with what they took."""

    def __init__(self, face_model: Path, openseeface: Path | None, stack: ExitStack) -> None:
        """What is opened is closed with `stack`. Raises SettingsError if the folder is another."""
        self._absent: list[str] = []
        self._rivals: list[Rival] = [
            MediaPipeAlone(stack.enter_context(MediaPipeLandmarker(face_model)))
        ]
        if openseeface is None:
            self._absent.append(NOT_NAMED)
        else:
            self._open(openseeface, stack)
        self._looks: dict[str, list[Look]] = {rival.name: [] for rival in self._rivals}

    def look(self, frame: Frame) -> None:
        """Everybody tracks the next picture, in turn."""
        for rival in list(self._rivals):
            try:
                self._looks[rival.name].append(rival.look(frame))
            except OpenSeeFaceError as error:
                self._rivals.remove(rival)
                del self._looks[rival.name]
                self._absent.append(f"{rival.name}: does not run: {error}")

    def costs(self, warm_up: int) -> tuple[TrackerCost, ...]:
        """Of all who ran to the end; the first pictures do not count."""
        result = []
        for name, looks in self._looks.items():
            counted = looks[warm_up:]
            result.append(
                tracker_cost(
                    name,
                    np.array([look.seconds * 1000.0 for look in counted]),
                    float(np.mean([look.processor for look in counted])),
                    float(np.mean([look.found for look in counted])),
                )
            )
        return tuple(result)

    @property
    def absent(self) -> tuple[str, ...]:
        """A sentence for each who could not be measured."""
        return tuple(self._absent)

    def _open(self, folder: Path, stack: ExitStack) -> None:
        there = models_in(folder)
        for model in there:
            try:
                tracker = stack.enter_context(OpenSeeFace(folder, model))
            except OpenSeeFaceError as error:
                self._absent.append(f"OpenSeeFace, model {model}: does not run: {error}")
            else:
                self._rivals.append(OpenSeeFaceAlone(tracker, model))
        missing = [str(model) for model in MODELS if model not in there]
        if missing:
            self._absent.append(
                f"OpenSeeFace, model {', '.join(missing)}: no such file in {folder / 'models'}"
            )
