"""Sees to what people ask for, on the main thread, and knows what is set at this moment.

What may take long (opening a camera, looking up a host) is done by a worker of its own, one errand
after the other; tracking and the window go on meanwhile. What the tracking thread has to do it is
told by `wishes`. Every change that a person makes here is kept in the profile, and nothing else is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Self

from app.actions import (
    Action,
    DeleteProfile,
    LookForCameras,
    NewProfile,
    RemoveOutput,
    RenameProfile,
    SaveProfileAs,
    SetCalibration,
    SetChannel,
    SetMirror,
    SetOptions,
    SetOutput,
    SetProfile,
    SetQuickness,
    SetRecording,
    SetSource,
    SetVirtualCamera,
    Wishes,
)
from app.in_force import Errand, InForce, Parts, output_rate_in
from app.keeping import ProfileKeeper, with_changes
from app.option_keys import options_of, with_options
from app.options import Options
from app.outputs import OutputSettings
from app.settings import (
    DEFAULT_PROFILE,
    Profile,
    RunSettings,
    in_force,
    load_profile,
    output_settings,
    output_spec,
)
from app.shelf import ProfileShelf
from app.statistics import Situation
from app.surroundings import Surroundings
from app.threads import Latest, Worker
from app.viewer import ViewerSettings
from engine.calibration import CalibrationSettings
from engine.closing import Closing
from engine.errors import SettingsError

PATIENCE = 0.1  # s that the worker waits for an errand before it looks whether it should stop


class Desk(Closing):
    """`wishes` is what was asked of the tracking thread so far; `profile` what is kept."""

    def __init__(self, settings: RunSettings, parts: Parts) -> None:
        force = in_force(settings)
        self.wishes = _following(Wishes(mirror=settings.mirror), force)
        self._keeper = ProfileKeeper(
            settings.profile_name,
            settings.profile if settings.kept is None else settings.kept,
            writing=settings.keeping and not settings.kiosk,
            untouched=settings.profile_untouched,
        )
        self._kiosk = settings.kiosk
        self._parts = parts
        self._errands: deque[Errand] = deque()
        self._errand: Latest[Errand] = Latest()
        self._force = InForce(force, settings.tracking, parts, self._errands.append)
        self._smoother = settings.tracking.smoother
        self._around = Surroundings(settings.tracking.models, settings.profile_name)
        self._shelf = ProfileShelf(self._keeper, self._around, settings.profile_fault)
        self._output_fault = self._option_fault = ""
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
        self._force.settle()
        self.wishes = self.wishes.after(action)
        profile = self.profile
        match action:
            case SetMirror(on):
                self._keeper.change(replace(profile, mirror=on))
            case SetQuickness(quickness):
                self._smoother = replace(self._smoother, quickness=quickness)
                self.wishes = replace(self.wishes, smoother=self._smoother)
                smoother = replace(profile.smoother, quickness=quickness)
                self._keeper.change(replace(profile, smoother=smoother))
            case SetChannel(channel):
                calibration = profile.calibration.with_channel(channel)
                self._keeper.change(replace(profile, calibration=calibration))
            case SetCalibration(calibration):
                self.wishes = replace(self.wishes, calibration=calibration, channels=())
                kept = with_changes(profile.calibration, self._calibration, calibration)
                self._keeper.change(replace(profile, calibration=kept))
            case SetSource(spec):
                self._set_source(spec)
            case SetOutput(spec, on):
                self._set_output(spec, on)
            case RemoveOutput(spec):
                self._remove_output(spec)
            case SetOptions(options):
                self._set_options(options)
            case SetVirtualCamera(on):
                self._set_virtual_camera(on)
            case LookForCameras():
                self._errands.append(self._look_around)
            case SetProfile(name):
                self._set_profile(name)
            case SaveProfileAs(name):
                self._shelf.save_as(name)
            case NewProfile(name):
                self._begin(name)
            case RenameProfile(name):
                self._shelf.rename(name)
            case DeleteProfile(name):
                self._delete(name)
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

    def keep(self, calibration: CalibrationSettings | None, window: ViewerSettings | None) -> None:
        """After the last turn: write what has changed."""
        self._take_in(calibration, window)
        self._keeper.write()

    def _take_in(
        self, calibration: CalibrationSettings | None, window: ViewerSettings | None
    ) -> None:
        profile = self.profile
        if calibration is not None and calibration != self._calibration:
            learned = with_changes(profile.calibration, self._calibration, calibration)
            self._calibration = calibration
            profile = replace(profile, calibration=learned)
        if window is not None and window != self._window:
            viewer = with_changes(profile.viewer, self._window, window)
            self._window = window
            profile = replace(profile, viewer=viewer)
        self._keeper.change(profile)

    def taken_window(self) -> ViewerSettings | None:
        """The window of a profile that was chosen since the last call."""
        taken, self._taken = self._taken, None
        return taken

    def situation(self, calibration: CalibrationSettings) -> Situation:
        """What is set at this moment. calibration: as it is by now."""
        parts, force = self._parts, self._force
        return Situation(
            source=parts.source.settings.spec,
            source_fault=parts.source.fault,
            opening=force.opening,
            cameras=self._around.cameras,
            output_fault=self._output_fault,
            quickness=self._smoother.quickness,
            calibration=calibration,
            profile=self._keeper.name,
            profiles=tuple(sorted({*self._around.profiles, self._keeper.name, DEFAULT_PROFILE})),
            profile_fault=self._shelf.fault or self._keeper.fault,
            options=options_of(force.profile),
            option_fault=self._option_fault
            or force.fault
            or parts.tracking.fault
            or parts.hotkeys.fault,
            changing=force.changing,
            regressors=self._around.regressors,
            takes_folder=str(parts.takes.folder),
        )

    # --- source, outputs, options -------------------------------------------------------------

    def _set_source(self, spec: str) -> None:
        # A file that somebody chose in the window goes on till they choose again.
        played = replace(self._force.profile.source, spec=spec, pace="realtime", loop=True)
        self._go_over(replace(self._force.profile, source=played))
        self._keeper.change(replace(self.profile, source=replace(self.profile.source, spec=spec)))

    def _set_output(self, spec: str, on: bool) -> None:
        settings = self._output(spec)
        if settings is None:
            return
        self._errands.append(lambda: self._parts.destinations.switch(settings, on=on))
        self._keep_output(settings, on)

    def _remove_output(self, spec: str) -> None:
        settings = self._output(spec)
        if settings is None:
            return
        self._errands.append(lambda: self._parts.destinations.forget(settings))
        self._keep_output(settings, False)

    def _output(self, spec: str) -> OutputSettings | None:
        try:
            (settings,) = output_settings((spec,), self._force.profile)
        except SettingsError as error:
            self._output_fault = str(error)
            return None
        self._output_fault = ""
        return settings

    def _keep_output(self, settings: OutputSettings, on: bool) -> None:
        others = [kept for kept in self.profile.outputs if not self._is(kept, settings)]
        outputs = (*others, output_spec(settings)) if on else tuple(others)
        self._keeper.change(replace(self.profile, outputs=outputs))

    def _is(self, spec: str, settings: OutputSettings) -> bool:
        return output_settings((spec,), self._force.profile) == (settings,)

    def _set_virtual_camera(self, on: bool) -> None:
        force, kept = self._force.profile, self.profile
        self._go_over(replace(force, virtual_camera=replace(force.virtual_camera, on=on)))
        self._keeper.change(replace(kept, virtual_camera=replace(kept.virtual_camera, on=on)))

    def _set_options(self, options: Options) -> None:
        before = options_of(self._force.profile)
        try:
            force = with_options(self._force.profile, before, options)
            kept = with_options(self.profile, before, options)
        except SettingsError as error:
            self._option_fault = str(error)
            return
        self._option_fault = ""
        self._go_over(force)
        self._keeper.change(kept)

    def _go_over(self, force: Profile) -> None:
        self._force.go_over(force)
        self.wishes = _following(self.wishes, force)

    def _look_around(self) -> None:
        self._around.look(self._parts.virtual_camera.device)

    # --- profiles -----------------------------------------------------------------------------

    def _set_profile(self, name: str) -> None:
        try:
            profile = load_profile(name)
            outputs = output_settings(profile.outputs, profile)
        except SettingsError as error:
            self._shelf.fault = str(error)
            return
        self._shelf.fault = self._option_fault = ""
        self._keeper.take(name, profile)
        self._shelf.remember()
        played = replace(profile.source, pace="realtime", loop=True)
        self._go_over(replace(profile, source=played))
        self._errands.append(lambda: self._parts.destinations.only(outputs))
        self._smoother, self._calibration = profile.smoother, profile.calibration
        self._taken = self._window = replace(profile.viewer, panel=True)
        self.wishes = replace(
            self.wishes,
            mirror=profile.mirror,
            smoother=profile.smoother,
            calibration=profile.calibration,
            channels=(),
        )

    def _begin(self, name: str) -> None:
        if self._shelf.begin(name):
            self._set_profile(name)

    def _delete(self, name: str) -> None:
        if name == self._keeper.name:
            self._set_profile(DEFAULT_PROFILE)
        self._shelf.delete(name)

    # --- the worker ---------------------------------------------------------------------------

    def _run_errand(self) -> bool:
        errand = self._errand.take(PATIENCE)
        if errand is not None:
            errand()
        return True

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def close(self) -> None:
        self._worker.close()


def _following(wishes: Wishes, force: Profile) -> Wishes:
    """With what is in force."""
    return replace(wishes, idle=force.idle, output_rate=output_rate_in(force), sparing=force.budget)
