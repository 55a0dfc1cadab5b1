"""Opens what turns pictures into face states: the same for `run`, `track`, `bench`, `calibrate`."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from engine.calibration import CalibrationSettings
from engine.chain import Chain
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.smoother import SmootherSettings


@dataclass(frozen=True, slots=True)
class TrackingSettings:
    """What sees the face, and how it is steadied and mapped.

    face_model: MediaPipe's face_landmarker.task.
    """

    face_model: Path
    smoother: SmootherSettings = SmootherSettings()
    calibration: CalibrationSettings = CalibrationSettings()


def open_chain(settings: TrackingSettings, stack: ExitStack) -> Chain:
    """The chain, ready; what it holds is closed with `stack`. Raises ModelError."""
    regressor = stack.enter_context(MediaPipeRegressor(settings.face_model))
    return Chain(regressor, settings.smoother, settings.calibration)
