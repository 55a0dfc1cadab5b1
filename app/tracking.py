"""Opens what turns pictures into face states: the same for `run`, `track`, `bench`, `calibrate`."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from app.plans import PlanName
from app.takeover import Takeover, TakingOver, takeovers
from engine.calibration import CalibrationSettings
from engine.chain import Chain, Observer, Stage
from engine.emotion import EmotionHead
from engine.errors import ModelError
from engine.landmarker import Landmarker, open_landmarker
from engine.landmarker.mediapipe import MediaPipeLandmarker
from engine.landmarker.person import LARGEST
from engine.regressors import Regressor, RegressorName, open_regressor
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.retarget import Retarget
from engine.runtime import RuntimeSettings, Session, open_session
from engine.runtime.device import find_gpu
from engine.steadiness import SmootherSettings
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


@dataclass(frozen=True, slots=True)
class Looking:
    """What looks at pictures, and what reads more out of what was seen."""

    observer: Observer
    stages: tuple[Stage, ...]


def open_chain(settings: TrackingSettings, stack: ExitStack, *, live: bool) -> Chain:
    """The chain, ready; see `open_looking`."""
    looking = open_looking(settings, stack, live=live)
    return Chain(looking.observer, settings.smoother, settings.calibration, looking.stages)


def open_looking(settings: TrackingSettings, stack: ExitStack, *, live: bool) -> Looking:
    """Ready to look; what it holds is closed with `stack`. Raises ModelError.

    live: a graphics card may take over in the middle. Files are computed by one runtime from the
    first picture to the last, so that they give the same numbers every time.
    """
    landmarker, regressor = open_finder(settings), None
    stack.callback(landmarker.close)
    if settings.regressor != "mediapipe":
        regressor = open_regressor(settings.regressor, settings.models, settings.runtime)
        stack.callback(regressor.close)
    observer: Observer = stack.enter_context(
        Tracker(MediaPipeRegressor(landmarker), regressor, settings.tracker)
    )
    use_tensorrt(settings, landmarker, regressor)
    if live and settings.runtime.runtime == "auto" and find_gpu() is not None:
        waiting = _takeovers(settings, landmarker, regressor)
        observer = stack.enter_context(TakingOver(observer, waiting))
    return Looking(observer, tuple(open_stages(settings, stack)))


def use_tensorrt(
    settings: TrackingSettings, landmarker: Landmarker, regressor: Regressor | None
) -> list[tuple[PlanName, Session]]:
    """If TensorRT was asked for, compute all networks with it from the start. Raises ModelError.

    Gives the sessions with the names of their plans; none otherwise.
    """
    if settings.runtime.runtime != "tensorrt":
        return []
    waiting = _takeovers(settings, landmarker, regressor)
    return [(takeover.name, takeover.at_once()) for takeover in waiting]


def _takeovers(
    settings: TrackingSettings, landmarker: Landmarker, regressor: Regressor | None
) -> list[Takeover]:
    return takeovers(
        landmarker,
        regressor,
        task=settings.face_model,
        models=settings.models,
        runtime=settings.runtime,
    )


def open_finder(settings: TrackingSettings) -> Landmarker:
    """What finds the face: MediaPipe's networks by our sessions or by its own package."""
    person = settings.tracker.followed
    if settings.runtime.runtime != "mediapipe":
        try:
            return open_landmarker(settings.face_model, settings.models, settings.runtime, person)
        except ModelError as error:
            if (settings.runtime.runtime, settings.runtime.provider) != ("auto", "auto"):
                raise
            log.warning("%s Going on with MediaPipe's own package.", error)
    if person != LARGEST:
        log.warning(
            "MediaPipe's own package follows the surest face; `person` and `region` "
            "do nothing with it. Leave out --runtime mediapipe."
        )
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
