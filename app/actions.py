"""What a person can ask for while it runs and another stage must do: frozen values.

They come from the window's keys, its control panel and, over OSC, from other programs
(app/remote.py). What concerns the window alone (background, look, fullscreen, …) the viewer does
itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.options import Options
from engine.calibration import CalibrationSettings, ChannelCalibration
from engine.steadiness import SmootherSettings


@dataclass(frozen=True, slots=True)
class Quit:
    """End the run: the window was closed, or Q pressed."""


@dataclass(frozen=True, slots=True)
class SetMirror:
    """Exchange left and right from the next state on, or stop doing so."""

    on: bool


@dataclass(frozen=True, slots=True)
class Calibrate:
    """Take the face of the next two seconds as neutral, and its place as the middle."""


@dataclass(frozen=True, slots=True)
class Recentre:
    """Take the head's next place and direction as the middle; the face's neutral stays."""


@dataclass(frozen=True, slots=True)
class SetPaused:
    """Let the figure ease to neutral and rest until this is taken back."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetRecording:
    """Begin a take, or end it."""

    on: bool


@dataclass(frozen=True, slots=True)
class Lead:
    """Lead the person through a whole calibration, or stop that."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetSource:
    """Take pictures from elsewhere, as `--source` would; the old source goes on if that fails."""

    spec: str


@dataclass(frozen=True, slots=True)
class LookForCameras:
    """Find out which cameras are plugged in by now."""


@dataclass(frozen=True, slots=True)
class SetOutput:
    """Send to this receiver, as `--output` would, or stop sending to it."""

    spec: str
    on: bool


@dataclass(frozen=True, slots=True)
class SetVirtualCamera:
    """Show the figure as a webcam, as `--virtual-camera` would, or stop doing so."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetQuickness:
    """0 steady … 1 quick, of all channels that have none of their own."""

    quickness: float


@dataclass(frozen=True, slots=True)
class SetChannel:
    """Map this blendshape so from now on."""

    channel: ChannelCalibration


@dataclass(frozen=True, slots=True)
class SetCalibration:
    """All that is known of the person and their seat, from now on."""

    calibration: CalibrationSettings


@dataclass(frozen=True, slots=True)
class SetOptions:
    """Go on with these."""

    options: Options


@dataclass(frozen=True, slots=True)
class SetProfile:
    """Go on with everything that the profile of this name holds."""

    name: str


@dataclass(frozen=True, slots=True)
class SaveProfileAs:
    """Keep everything as it is under this name, and go on with that profile."""

    name: str


@dataclass(frozen=True, slots=True)
class NewProfile:
    """Begin one of this name, with everything as it is at first."""

    name: str


@dataclass(frozen=True, slots=True)
class RenameProfile:
    """Call the profile in use so from now on."""

    name: str


@dataclass(frozen=True, slots=True)
class DeleteProfile:
    """Forget the profile of this name, for good; not the one in use."""

    name: str


@dataclass(frozen=True, slots=True)
class RemoveOutput:
    """Stop sending to this receiver, and forget it."""

    spec: str


Action = (
    SetCalibration
    | SetOptions
    | NewProfile
    | RenameProfile
    | DeleteProfile
    | RemoveOutput
    | Quit
    | SetMirror
    | Calibrate
    | Recentre
    | SetPaused
    | SetRecording
    | Lead
    | SetSource
    | LookForCameras
    | SetOutput
    | SetVirtualCamera
    | SetQuickness
    | SetChannel
    | SetProfile
    | SaveProfileAs
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """All that was asked of the tracking thread so far; it compares with what it has done.

    rests, centres: how often calibrating and recentring were asked for.
    leading:        whether a person is to be led through a calibration.
    smoother:       None: as at the start.
    idle:           the head lives by itself while nobody is there.
    output_rate:    states a second that are sent at a beat; 0: each as it comes.
    sparing:        look only at pictures that are worth it (engine/sparing.py).
    calibration:    of another profile; None: as at the start, and what was learned since.
    channels:       that were set one by one, each once.
    """

    mirror: bool = False
    paused: bool = False
    recording: bool = False
    rests: int = 0
    centres: int = 0
    leading: bool = False
    idle: bool = False
    output_rate: float = 0.0
    sparing: bool = False
    smoother: SmootherSettings | None = None
    calibration: CalibrationSettings | None = None
    channels: tuple[ChannelCalibration, ...] = ()

    def after(self, action: Action) -> Wishes:
        """With one more action."""
        match action:
            case SetMirror(on):
                return replace(self, mirror=on)
            case SetPaused(on):
                return replace(self, paused=on)
            case SetRecording(on):
                return replace(self, recording=on)
            case Calibrate():
                return replace(self, rests=self.rests + 1)
            case Recentre():
                return replace(self, centres=self.centres + 1)
            case Lead(on):
                return replace(self, leading=on)
            case SetChannel(channel):
                others = tuple(c for c in self.channels if c.name != channel.name)
                return replace(self, channels=(*others, channel))
            case _:  # the main thread sees to it (app/desk.py)
                return self
