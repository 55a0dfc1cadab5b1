"""Opens what turns pictures into face states: the same for `run`, `track`, `bench`, `calibrate`."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from engine.calibration import CalibrationSettings
from engine.chain import Chain, Stage
from engine.emotion import EmotionHead
from engine.errors import ModelError
from engine.landmarker import Landmarker, open_landmarker
from engine.landmarker.mediapipe import MediaPipeLandmarker
from engine.regressors import RegressorName, open_regressor
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.retarget import Retarget
from engine.runtime import RuntimeSettings, open_session
from engine.smoother import SmootherSettings
from engine.tracker import Tracker, TrackerSettings
from models.heads.bfm import BfmHead
from models.heads.flame import FlameHead
from models.installation import installed

RegressorChoice = Literal["mediapipe", "smirk", "deca", "emoca", "expnet"]
REGRESSOR_CHOICES: tuple[RegressorChoice, ...] = get_args(RegressorChoice)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrackingSettings:
    """What sees the face, and how it is steadied and mapped.

    face_model: MediaPipe's face_landmarker.task.
    models:     folder of the networks and face models that were added (`mien models`).
    """

    face_model: Path
    models: Path
    regressor: RegressorChoice = "mediapipe"
    runtime: RuntimeSettings = RuntimeSettings()
    tracker: TrackerSettings = TrackerSettings()
    smoother: SmootherSettings = SmootherSettings()
    calibration: CalibrationSettings = CalibrationSettings()


def open_chain(settings: TrackingSettings, stack: ExitStack) -> Chain:
    """The chain, ready; what it holds is closed with `stack`. Raises ModelError."""
    name, regressor = settings.regressor, None
    if name != "mediapipe":
        regressor = open_regressor(name, settings.models, settings.runtime)
        stack.callback(regressor.close)
    finder = MediaPipeRegressor(open_finder(settings))
    tracker = stack.enter_context(Tracker(finder, regressor, settings.tracker))
    stages = open_stages(settings, stack)
    return Chain(tracker, settings.smoother, settings.calibration, stages)


def open_finder(settings: TrackingSettings) -> Landmarker:
    """What finds the face: MediaPipe's networks by our sessions or by its own package."""
    if settings.runtime.runtime == "mediapipe":
        return MediaPipeLandmarker(settings.face_model)
    try:
        return open_landmarker(settings.face_model, settings.models, settings.runtime)
    except ModelError as error:
        if settings.runtime.runtime != "auto":
            raise
        log.warning("%s Going on with MediaPipe's own package.", error)
        return MediaPipeLandmarker(settings.face_model)


def open_stages(settings: TrackingSettings, stack: ExitStack) -> list[Stage]:
    """What reads weights and emotion from a regressor's coefficients, as far as it is installed."""
    stages: list[Stage] = []
    name = settings.regressor
    if name == "mediapipe":
        return stages
    head = _face_model(name, settings.models)
    if head is not None:
        stages.append(Retarget(head, eyelids=name == "smirk"))
    card = None if name == "expnet" else installed(settings.models, "emorec")
    if card is not None:
        alone = replace(settings.runtime, threads=1)  # bound by memory: a second brings nothing
        session = open_session(settings.models / "emorec.onnx", alone)
        stages.append(stack.enter_context(EmotionHead(session, card.parts)))
    return stages


def _face_model(name: RegressorName, models: Path) -> FlameHead | BfmHead | None:
    """The face model that the regressor's coefficients belong to, or None: a line says so."""
    part, title = ("bfm", "Basel") if name == "expnet" else ("flame", "FLAME")
    if not (models / f"{part}.npz").is_file():
        log.warning(
            "no %s model: %s's coefficients are recorded, and the weights are MediaPipe's. "
            "Add it: mien models add %s FILE",
            title,
            name,
            part,
        )
        return None
    return BfmHead.load(models) if part == "bfm" else FlameHead.load(models)
