"""What a run is asked to do: a profile with the command line on top, as frozen settings."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path

from app.folders import config_folder
from app.outputs import OutputSettings, parse_output
from app.outputs.ifacialmocap import IFacialMocapSettings
from app.outputs.livelink import LiveLinkSettings
from app.outputs.osc import OscSettings
from app.outputs.vmc import VmcSettings
from app.outputs.vrchat import VrchatSettings
from app.outputs.vts import VtsSettings
from app.outputs.vtsphone import VtsPhoneSettings
from app.profile import read_profile, write_profile
from app.sources import SourceSettings
from app.viewer import ViewerSettings
from engine.errors import SettingsError
from engine.smoother import SmootherSettings

DEFAULT_PROFILE = "default"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person keeps: `NAME.toml` in the folder of profiles.

    version:    of the file's form.
    face_model: MediaPipe's face_landmarker.task, if it is not to be found by mien itself.
    outputs:    PROTOCOL[:HOST[:PORT]] of every live destination.
    """

    version: int = 1
    mirror: bool = False
    face_model: Path | None = None
    outputs: tuple[str, ...] = ("vmc", "osc")
    source: SourceSettings = SourceSettings()
    smoother: SmootherSettings = SmootherSettings()
    viewer: ViewerSettings = ViewerSettings()
    vmc: VmcSettings = VmcSettings()
    osc: OscSettings = OscSettings()
    ifacialmocap: IFacialMocapSettings = IFacialMocapSettings()
    livelink: LiveLinkSettings = LiveLinkSettings()
    vrchat: VrchatSettings = VrchatSettings()
    vts: VtsSettings = VtsSettings()
    vtsphone: VtsPhoneSettings = VtsPhoneSettings()

    def __post_init__(self) -> None:
        if self.version != 1:
            raise SettingsError(
                f"version is {self.version}; this mien reads version 1. Install a newer mien."
            )


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One run.

    window:     whether to open one (where a display can be had).
    frames:     end after so many pictures; None: no such end.
    seconds:    end so long after the first state; None: no such end.
    recordings: files to write; the ending says which format.
    snapshot:   PNG of the last state, rendered at the end.
    profile:    name of the profile, and what it holds, for settings changed in the window.
    """

    source: SourceSettings
    face_model: Path
    smoother: SmootherSettings
    mirror: bool
    outputs: tuple[OutputSettings, ...]
    recordings: tuple[Path, ...]
    window: bool
    viewer: ViewerSettings
    frames: int | None
    seconds: float | None
    snapshot: Path | None
    profile_name: str
    profile: Profile


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
    return read_profile(path, Profile)


def output_settings(specs: tuple[str, ...], profile: Profile) -> tuple[OutputSettings, ...]:
    """Destinations with the profile's settings of their protocols."""
    return tuple(_with_options(parse_output(spec), profile) for spec in specs)


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


def keep_settings(settings: RunSettings, viewer: ViewerSettings, *, mirror: bool) -> None:
    """Write into the profile what was changed in the window; nothing if nothing was.

    What the command line asked for was for one run and is not kept.
    """
    profile = settings.profile
    if viewer != settings.viewer:
        profile = replace(profile, viewer=viewer)
    if mirror != settings.mirror:
        profile = replace(profile, mirror=mirror)
    if profile == settings.profile:
        return
    try:
        write_profile(profile_path(settings.profile_name), profile)
    except SettingsError as error:
        log.warning("%s", error)
