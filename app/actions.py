"""What a person can ask for while it runs and another stage must do: frozen values.

They come from the window's keys and, over OSC, from other programs (app/remote.py). What concerns
the window alone (panels, background, look, fullscreen, …) the viewer does itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


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


Action = Quit | SetMirror | Calibrate | Recentre | SetPaused | SetRecording


@dataclass(frozen=True, slots=True)
class Wishes:
    """All that was asked of the tracking thread so far; it compares with what it has done.

    rests, centres: how often calibrating and recentring were asked for.
    """

    mirror: bool = False
    paused: bool = False
    recording: bool = False
    rests: int = 0
    centres: int = 0

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
            case Quit():
                return self
