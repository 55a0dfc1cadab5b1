"""Sees to what people ask for, on the main thread, and knows what is set at this moment.

What may take long (opening a camera, looking up a host) is done by a worker of its own, one errand
after the other; tracking and the window go on meanwhile. What the tracking thread has to do it is
told by `wishes`. Every change that a person makes here is kept in the profile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from app.actions import (
    Action,
    LookForCameras,
    SaveProfileAs,
    SetChannel,
    SetMirror,
    SetOutput,
    SetProfile,
    SetQuickness,
    SetRecording,
    SetSource,
    Wishes,
)
from app.destinations import Destinations
from app.keeping import ProfileKeeper
from app.outputs import OutputSettings
from app.profile import write_profile
from app.selected_source import SelectedSource
from app.settings import (
    Profile,
    RunSettings,
    load_profile,
    output_settings,
    output_spec,
    profile_names,
    profile_path,
)
from app.sources.devices import list_cameras
from app.statistics import CameraChoice, Situation
from app.threads import Latest, Worker
from app.viewer import ViewerSettings
from engine.calibration import CalibrationSettings
from engine.errors import SettingsError

PATIENCE = 0.1  # s that the worker waits for an errand before it looks whether it should stop

AT_START = (
    "regressor",
    "runtime",
    "tracker",
    "remote",
    "hotkeys",
    "output_rate",
    "budget",
    "takes",
)
"""Of a profile: what is not exchanged while it runs."""

Errand = Callable[[], None]


class Desk:
    """`wishes` is what was asked of the tracking thread so far; `profile` what is kept."""

    def __init__(
        self, settings: RunSettings, source: SelectedSource, destinations: Destinations
    ) -> None:
        self.wishes = Wishes(mirror=settings.mirror)
        self._keeper = ProfileKeeper(
            settings.profile_name, settings.profile, writing=not settings.kiosk
        )
        self._kiosk = settings.kiosk
        self._source, self._destinations = source, destinations
        self._smoother = settings.tracking.smoother
        self._errands: deque[Errand] = deque()
        self._errand: Latest[Errand] = Latest()
        self._cameras: tuple[CameraChoice, ...] = ()
        self._opening = ""
        self._fault = ""  # of the profile asked for last
        self._output_fault = ""
        self._names: tuple[str, ...] = (settings.profile_name,)
        self._calibration, self._window = settings.tracking.calibration, settings.viewer
        self._taken: ViewerSettings | None = None
        self._worker = Worker(self._run_errand)

    @property
    def profile(self) -> Profile:
        """As it is by now."""
        return self._keeper.profile

    def see_to(self, action: Action) -> None:
        """Do it, or have it done."""
        if self._kiosk and isinstance(action, SetRecording):
            return  # nothing of anybody is stored
        self.wishes = self.wishes.after(action)
        profile = self.profile
        match action:
            case SetMirror(on):
                self._keeper.change(replace(profile, mirror=on))
            case SetQuickness(quickness):
                self._smoother = replace(self._smoother, quickness=quickness)
                self.wishes = replace(self.wishes, smoother=self._smoother)
                self._keeper.change(replace(profile, smoother=self._smoother))
            case SetChannel(channel):
                calibration = profile.calibration.with_channel(channel)
                self._keeper.change(replace(profile, calibration=calibration))
            case SetSource(spec):
                self._set_source(spec)
            case SetOutput(spec, on):
                self._set_output(spec, on)
            case LookForCameras():
                self._errands.append(self._look_for_cameras)
            case SetProfile(name):
                self._set_profile(name)
            case SaveProfileAs(name):
                self._save_as(name)
            case _:
                pass

    def turn(self, calibration: CalibrationSettings | None, window: ViewerSettings | None) -> None:
        """Once in each turn of the main loop: keep what has changed, hand out errands.

        calibration: as it is by now, None: it is being learned. window: None: there is none.
        """
        self._worker.check()
        self._take_in(calibration, window)
        self._keeper.write_when_settled()
        if self._errands and self._errand.offer(self._errands[0], 0.0):
            self._errands.popleft()

    def close(self, calibration: CalibrationSettings | None, window: ViewerSettings | None) -> None:
        """After the last turn: write what has changed."""
        self._take_in(calibration, window)
        self._keeper.write()

    def _take_in(
        self, calibration: CalibrationSettings | None, window: ViewerSettings | None
    ) -> None:
        profile = self.profile
        if calibration is not None and calibration != self._calibration:
            self._calibration = calibration
            profile = replace(profile, calibration=calibration)
        if window is not None and window != self._window:
            self._window = window
            profile = replace(profile, viewer=window)
        self._keeper.change(profile)

    def taken_window(self) -> ViewerSettings | None:
        """The window of a profile that was chosen since the last call."""
        taken, self._taken = self._taken, None
        return taken

    def situation(self, calibration: CalibrationSettings) -> Situation:
        """What is set at this moment. calibration: as it is by now."""
        return Situation(
            source=self._source.settings.spec,
            source_fault=self._source.fault,
            opening=self._opening,
            cameras=self._cameras,
            output_fault=self._output_fault,
            quickness=self._smoother.quickness,
            calibration=calibration,
            profile=self._keeper.name,
            profiles=tuple(sorted({*self._names, self._keeper.name})),
            profile_fault=self._fault,
        )

    # --- source and outputs -------------------------------------------------------------------

    def _set_source(self, spec: str) -> None:
        chosen = replace(self.profile.source, spec=spec)
        # A file that somebody chose in the window goes on till they choose again.
        played = replace(chosen, pace="realtime", loop=True)
        self._opening = spec

        def select() -> None:
            self._source.select(played)
            self._opening = ""

        self._errands.append(select)
        self._keeper.change(replace(self.profile, source=chosen))

    def _set_output(self, spec: str, on: bool) -> None:
        try:
            (settings,) = output_settings((spec,), self.profile)
        except SettingsError as error:
            self._output_fault = str(error)
            return
        self._output_fault = ""
        self._errands.append(lambda: self._destinations.switch(settings, on=on))
        others = [kept for kept in self.profile.outputs if not self._is(kept, settings)]
        outputs = (*others, output_spec(settings)) if on else tuple(others)
        self._keeper.change(replace(self.profile, outputs=outputs))

    def _is(self, spec: str, settings: OutputSettings) -> bool:
        return output_settings((spec,), self.profile) == (settings,)

    def _look_for_cameras(self) -> None:
        self._cameras = tuple(CameraChoice(c.number, c.name) for c in list_cameras())
        self._names = profile_names()

    # --- profiles -----------------------------------------------------------------------------

    def _set_profile(self, name: str) -> None:
        try:
            profile = load_profile(name)
            outputs = output_settings(profile.outputs, profile)
        except SettingsError as error:
            self._fault = str(error)
            return
        waiting = [key for key in AT_START if getattr(profile, key) != getattr(self.profile, key)]
        self._fault = f"From the next start on: {', '.join(waiting)}." if waiting else ""
        self._keeper.take(name, profile)
        if profile.source.spec != self._source.settings.spec:
            self._set_source(profile.source.spec)
        self._errands.append(lambda: self._destinations.only(outputs))
        self._smoother, self._calibration = profile.smoother, profile.calibration
        self._taken = self._window = profile.viewer
        self.wishes = replace(
            self.wishes,
            mirror=profile.mirror,
            smoother=profile.smoother,
            calibration=profile.calibration,
            channels=(),
        )

    def _save_as(self, name: str) -> None:
        try:
            write_profile(profile_path(name), self.profile)
        except SettingsError as error:
            self._fault = str(error)
            return
        self._fault = ""
        self._keeper.take(name, self.profile)

    # --- the worker ---------------------------------------------------------------------------

    def _run_errand(self) -> bool:
        errand = self._errand.take(PATIENCE)
        if errand is not None:
            errand()
        return True

    def __enter__(self) -> Self:
        self._worker.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._worker.__exit__(kind, error, trace)
