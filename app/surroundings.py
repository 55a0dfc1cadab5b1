"""What there is to choose from on this machine: cameras, profiles, what may look at the face."""

from __future__ import annotations

from pathlib import Path

from app.settings import profile_names
from app.sources.devices import list_cameras
from app.statistics import CameraChoice, RegressorState
from app.tracking import REGRESSOR_CHOICES
from engine.errors import ModelError
from models.catalogue import catalogue_entry
from models.installation import installed


class Surroundings:
    """As they were when somebody looked last; `look` may take a moment.

    models: the folder of networks that were added.
    """

    def __init__(self, models: Path, profile: str) -> None:
        self.cameras: tuple[CameraChoice, ...] = ()
        self.regressors: tuple[RegressorState, ...] = ()
        self.profiles: tuple[str, ...] = (profile,)
        self._models = models

    def look(self, own_camera: str) -> None:
        """All over again. own_camera: which camera shows our own picture, and is no choice."""
        self.cameras = tuple(
            CameraChoice(camera.number, camera.title)
            for camera in list_cameras()
            if not camera.answers_to(own_camera)
        )
        self.regressors = tuple(self._state(name) for name in REGRESSOR_CHOICES)
        self.look_for_profiles()

    def look_for_profiles(self) -> None:
        """At once."""
        self.profiles = profile_names()

    def _state(self, name: str) -> RegressorState:
        if name == "mediapipe":
            return RegressorState(name, "")
        try:
            missing = "" if installed(self._models, name) else _how_to_add(name)
        except ModelError as error:
            missing = str(error)
        return RegressorState(name, missing)


def _how_to_add(name: str) -> str:
    entry = catalogue_entry(name)
    return f"get {entry.files} from {entry.url}, then, in a terminal: mien models add {entry.add}"
