"""What a run is asked to do: a profile with the command line on top, as frozen settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from app.folders import config_folder, data_folder
from app.hotkeys import HotkeySettings
from app.outputs import OutputSettings, parse_output
from app.outputs.ifacialmocap import IFacialMocapSettings
from app.outputs.livelink import LiveLinkSettings
from app.outputs.osc import OscSettings
from app.outputs.vmc import VmcSettings
from app.outputs.vrchat import VrchatSettings
from app.outputs.vts import VtsSettings
from app.outputs.vtsphone import VtsPhoneSettings
from app.profile import read_profile
from app.recordings.takes import TakeSettings
from app.sources import SourceSettings
from app.tracking import RegressorChoice, TrackingSettings
from app.viewer import ViewerSettings
from app.virtual_camera import VirtualCameraSettings
from engine.calibration import CalibrationSettings
from engine.errors import SettingsError
from engine.runtime import Runtime, RuntimeSettings
from engine.steadiness import SmootherSettings
from engine.tracker import TrackerSettings

DEFAULT_PROFILE = "default"

RETIRED = ("smoother.weights", "smoother.gaze", "smoother.rotation", "smoother.position")
"""What profiles of the first version hold: the numbers of filters that are no more."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person keeps: `NAME.toml` in the folder of profiles.

    version:    of the file's form.
    face_model: MediaPipe's face_landmarker.task, if it is not to be found by mien itself.
    outputs:    PROTOCOL[:HOST[:PORT]] of every live destination.
    remote:     [HOST:]PORT at which other programs may ask over OSC; empty: nowhere.
    idle:       the head lives by itself while nobody is there; receivers are still told so.
    output_rate: states a second that are sent, predicted between pictures; 0: each as it comes.
    budget:     leave the processor to a game: few looks at a still face, predicted in between.
    regressor:  what looks at the face; all but MediaPipe have to be added (`mien models`).
    """

    version: int = 1
    mirror: bool = False
    face_model: Path | None = None
    outputs: tuple[str, ...] = ("vmc", "osc")
    remote: str = ""
    hotkeys: HotkeySettings = HotkeySettings()
    idle: bool = False
    output_rate: float = 0.0
    budget: bool = False
    regressor: RegressorChoice = "mediapipe"
    runtime: RuntimeSettings = RuntimeSettings()
    tracker: TrackerSettings = TrackerSettings()
    source: SourceSettings = SourceSettings()
    smoother: SmootherSettings = SmootherSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    takes: TakeSettings = TakeSettings()
    viewer: ViewerSettings = ViewerSettings()
    virtual_camera: VirtualCameraSettings = VirtualCameraSettings()
    vmc: VmcSettings = VmcSettings()
    osc: OscSettings = OscSettings()
    ifacialmocap: IFacialMocapSettings = IFacialMocapSettings()
    livelink: LiveLinkSettings = LiveLinkSettings()
    vrchat: VrchatSettings = VrchatSettings()
    vts: VtsSettings = VtsSettings()
    vtsphone: VtsPhoneSettings = VtsPhoneSettings()

    def __post_init__(self) -> None:
        if not (self.output_rate == 0.0 or 1.0 <= self.output_rate <= 240.0):
            raise SettingsError(
                f"`output_rate` is {self.output_rate}; expected 1 to 240 a second, or 0."
            )
        if self.version != 1:
            raise SettingsError(f"`version` is {self.version}; this mien reads version 1.")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One run.

    window:     whether to open one (where a display can be had).
    needs_window: whether it is an error if there is none.
    frames:     end after so many pictures; None: no such end.
    seconds:    end so long after the first state; None: no such end.
    recordings: files to write; the ending says which format.
    remote:     [HOST:]PORT at which other programs may ask (app/remote.py); empty: nowhere.
    output_rate: states a second that are sent, predicted between pictures; 0: each as it comes.
    snapshot:   PNG of the last state, rendered at the end.
    profile:    name of the profile, and what it holds, for settings changed in the window.
    avatar_named: the avatar was named on the command line, not by the profile.
    kept:       what the profile holds on disk, if `profile` has more; None: the same.
    profile_fault: why it is not the one that was asked for; empty: it is.
    profile_untouched: the file of that name is another, which is not to be written over.
    budget:     leave the processor to a game (app/budget.py).
    idle:       the head lives by itself while nobody is there.
    kiosk:      a demo booth: visitors come and go, and nothing is kept of any.
    virtual_camera: the figure as a webcam of this computer.
    keeping:    what changes is kept in the profile.
    """

    source: SourceSettings
    tracking: TrackingSettings
    mirror: bool
    outputs: tuple[OutputSettings, ...]
    recordings: tuple[Path, ...]
    takes: TakeSettings
    remote: str
    output_rate: float
    window: bool
    viewer: ViewerSettings
    frames: int | None
    seconds: float | None
    snapshot: Path | None
    profile_name: str
    profile: Profile
    avatar_named: bool = False
    kept: Profile | None = None
    profile_fault: str = ""
    profile_untouched: bool = False
    budget: bool = False
    idle: bool = False
    kiosk: bool = False
    needs_window: bool = False
    virtual_camera: VirtualCameraSettings = VirtualCameraSettings()
    keeping: bool = True


def profile_path(name: str) -> Path:
    """Where the profile of that name lies, whether it exists or not."""
    if not re.fullmatch(r"[\w][\w .-]{0,63}", name):
        raise SettingsError(
            f"bad profile name {name!r}; expected letters, digits, spaces and . _ -, 64 at most."
        )
    return config_folder() / f"{name}.toml"


def load_profile(name: str) -> Profile:
    """The profile of that name. The default one need not exist; any other must."""
    path = profile_path(name)
    if name == DEFAULT_PROFILE and not path.exists():
        return Profile()
    return read_profile(path, Profile, RETIRED)


def is_first_start() -> bool:
    """Whether nobody has set anything on this machine so far."""
    return not profile_names()


def profile_names() -> tuple[str, ...]:
    """Of the profiles that there are, in order."""
    try:
        return tuple(sorted(path.stem for path in config_folder().glob("*.toml")))
    except OSError:
        return ()


def output_spec(output: OutputSettings) -> str:
    """PROTOCOL:HOST:PORT, which gives this output again."""
    host = f"[{output.host}]" if ":" in output.host else output.host
    return f"{output.protocol}:{host}:{output.port}"


def output_settings(specs: tuple[str, ...], profile: Profile) -> tuple[OutputSettings, ...]:
    """Destinations with the profile's settings of their protocols."""
    return tuple(_with_options(parse_output(spec), profile) for spec in specs)


def in_force(settings: RunSettings) -> Profile:
    """The profile with the command line on top, apart from the outputs and the window."""
    return replace(
        settings.profile,
        source=settings.source,
        mirror=settings.mirror,
        regressor=settings.tracking.regressor,
        runtime=settings.tracking.runtime,
        tracker=settings.tracking.tracker,
        smoother=settings.tracking.smoother,
        calibration=settings.tracking.calibration,
        takes=settings.takes,
        remote=settings.remote,
        output_rate=settings.output_rate,
        budget=settings.budget,
        idle=settings.idle,
        virtual_camera=settings.virtual_camera,
    )


def _with_options(output: OutputSettings, profile: Profile) -> OutputSettings:
    match output.options:
        case OscSettings():
            return replace(output, options=profile.osc)
        case VmcSettings():
            return replace(output, options=profile.vmc)
        case IFacialMocapSettings():
            return replace(output, options=profile.ifacialmocap)
        case LiveLinkSettings():
            return replace(output, options=profile.livelink)
        case VrchatSettings():
            return replace(output, options=profile.vrchat)
        case VtsSettings():
            return replace(output, options=profile.vts)
        case VtsPhoneSettings():
            return replace(output, options=profile.vtsphone)


def tracking_settings(
    profile: Profile,
    face_model: Path,
    *,
    regressor: RegressorChoice | None = None,
    runtime: Runtime | None = None,
) -> TrackingSettings:
    """What sees the face, as the profile says. regressor, runtime: as the command line says."""
    return TrackingSettings(
        face_model=face_model,
        models=data_folder() / "models",
        regressor=regressor or profile.regressor,
        runtime=replace(profile.runtime, runtime=runtime or profile.runtime.runtime),
        tracker=profile.tracker,
        smoother=profile.smoother,
        calibration=profile.calibration,
    )
