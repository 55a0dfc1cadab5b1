"""What is in force while it runs, and how a change of it reaches the parts that run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.budget import bridged_rate, spared_source, spared_tracking
from app.destinations import Destinations
from app.hotkeys import Hotkeys
from app.recordings.takes import Takes
from app.remote import Remote
from app.selected_source import SelectedSource
from app.selected_tracking import SelectedTracking
from app.settings import Profile
from app.sources import SourceSettings
from app.steady import SteadySender
from app.tracking import TrackingSettings
from app.virtual_camera.camera import VirtualCamera
from engine.errors import OutputError, SettingsError

Errand = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs and can be changed meanwhile."""

    source: SelectedSource
    destinations: Destinations
    tracking: SelectedTracking
    takes: Takes
    remote: Remote
    hotkeys: Hotkeys
    steady: SteadySender
    virtual_camera: VirtualCamera


def source_in(profile: Profile) -> SourceSettings:
    """As it is opened."""
    return spared_source(profile.source) if profile.budget else profile.source


def tracking_in(profile: Profile, tracking: TrackingSettings) -> TrackingSettings:
    """As it is opened. tracking: where the files are."""
    settings = replace(
        tracking,
        regressor=profile.regressor,
        runtime=profile.runtime,
        tracker=profile.tracker,
        smoother=profile.smoother,
        calibration=profile.calibration,
    )
    return spared_tracking(settings) if profile.budget else settings


def output_rate_in(profile: Profile) -> float:
    """States a second that are sent at a beat; 0: each as it comes."""
    return bridged_rate(profile.output_rate) if profile.budget else profile.output_rate


class InForce:
    """`profile` is the one in use with the command line on top, as far as nobody changed that.

    opening:  what is being opened, as `--source` takes it; empty: nothing.
    changing: whether what looks at the face is being exchanged.
    fault:    why other programs cannot ask, as the profile wants it.
    """

    def __init__(
        self,
        profile: Profile,
        tracking: TrackingSettings,
        parts: Parts,
        errand: Callable[[Errand], None],
    ) -> None:
        """errand: has something done that takes long, one after the other."""
        self.profile = profile
        self.fault = ""
        self.opening = ""
        self.changing = False
        self._tracking, self._parts, self._errand = tracking, parts, errand

    def go_over(self, profile: Profile) -> None:
        """This is in force from now on; window, outputs and the person's face are not seen to."""
        before, self.profile = self.profile, profile
        if _pictures(before) != _pictures(profile):
            self._select_source(source_in(profile))
        if _looking(before, self._tracking) != _looking(profile, self._tracking):
            self._select_tracking(tracking_in(profile, self._tracking))
        self._parts.takes.adopt(profile.takes)
        self._parts.steady.rate = output_rate_in(profile)
        self._parts.steady.at_once = profile.budget
        if profile.virtual_camera != before.virtual_camera:
            self._parts.virtual_camera.take(profile.virtual_camera)
        if profile.hotkeys != before.hotkeys:
            self._parts.hotkeys.change(profile.hotkeys)
        if profile.remote != before.remote:
            self._listen(profile.remote)

    def settle(self) -> None:
        """A source that cannot be opened is not in force: the old one goes on."""
        source, settings = self._parts.source, self.profile.source
        if source.fault and not self.opening and settings.spec != source.settings.spec:
            goes_on = replace(settings, spec=source.settings.spec)
            self.profile = replace(self.profile, source=goes_on)

    def _select_source(self, settings: SourceSettings) -> None:
        self.opening = settings.spec

        def select() -> None:
            self._parts.source.select(settings)
            self.opening = ""

        self._errand(select)

    def _select_tracking(self, settings: TrackingSettings) -> None:
        self.changing = True

        def select() -> None:
            self._parts.tracking.select(settings)
            self.changing = False

        self._errand(select)

    def _listen(self, spec: str) -> None:
        try:
            self._parts.remote.listen(spec)
        except (OutputError, SettingsError) as error:
            self.fault = str(error)
        else:
            self.fault = ""


def _pictures(profile: Profile) -> SourceSettings:
    """What is seen, however a file plays."""
    return replace(source_in(profile), pace="realtime", loop=True)


def _looking(profile: Profile, tracking: TrackingSettings) -> TrackingSettings:
    """What looks, whoever the person is."""
    settings = tracking_in(profile, tracking)
    return replace(settings, smoother=tracking.smoother, calibration=tracking.calibration)
