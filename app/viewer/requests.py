"""Keys that other stages answer: what is asked of them, and what the person reads at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.actions import (
    Action,
    Calibrate,
    Recentre,
    SetMirror,
    SetPaused,
    SetRecording,
)
from app.statistics import Statistics
from app.viewer.keys import Command


@dataclass(frozen=True, slots=True)
class Request:
    """remark: empty where something else tells it."""

    action: Action
    remark: str


def request_for(command: Command, statistics: Statistics) -> Request | None:
    """None for a command that the window sees to by itself."""
    match command:
        case Command.MIRROR:
            on = not statistics.mirrored
            return Request(SetMirror(on), "Mirror on" if on else "Mirror off")
        case Command.CALIBRATE:
            return Request(Calibrate(), "")  # the chain answers
        case Command.RECENTRE:
            return Request(Recentre(), "")
        case Command.PAUSE:
            on = not statistics.paused
            return Request(SetPaused(on), "" if on else "Going on")  # a pause has its own notice
        case Command.RECORD:
            return Request(SetRecording(not statistics.recording), "")  # told once it is so
        case _:
            return None
