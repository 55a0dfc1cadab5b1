"""Keeps a profile on disk up to date with what a person changes while it runs."""

from __future__ import annotations

import logging
import time
from dataclasses import fields, replace
from typing import TypeVar

from app.profile import write_profile
from app.settings import Profile, profile_path
from app.viewer import ViewerSettings
from engine.calibration import CalibrationSettings
from engine.errors import SettingsError

SETTLED = 1.0  # s without a change after which it is written: a slider passes many values

log = logging.getLogger(__name__)


Settings = TypeVar("Settings", ViewerSettings, CalibrationSettings)


def with_changes(kept: Settings, before: Settings, after: Settings) -> Settings:
    """What is kept, with those fields as they are now that are not as they were before.

    What holds for one run alone (`--set`) is in `before` and `after` alike and is not kept.
    """
    names = [field.name for field in fields(after)]
    changed = [name for name in names if getattr(before, name) != getattr(after, name)]
    return replace(kept, **{name: getattr(after, name) for name in changed})


class ProfileKeeper:
    """The profile as it is by now. A profile that cannot be written is told once, in a line.

    fault:     why it could not be written last; empty: it was.
    writing:   False: nothing is kept of anybody (kiosk).
    untouched: the file of that name is another, and stays so.
    """

    def __init__(
        self, name: str, profile: Profile, *, writing: bool = True, untouched: bool = False
    ) -> None:
        self.name = name
        self.untouched = untouched
        self.fault = ""
        self.profile = profile
        self._written = profile
        self._writing = writing
        self._changed = 0.0
        self._told = False

    def change(self, profile: Profile) -> None:
        """From now on it is this."""
        if profile != self.profile:
            self.profile, self._changed = profile, time.perf_counter()

    def take(self, name: str, profile: Profile) -> None:
        """Go on with another profile, which is on disk as it is."""
        self.write()
        self.name, self.profile, self._written = name, profile, profile
        self.untouched = False

    def write_when_settled(self) -> None:
        """Write it if the last change is a moment ago."""
        if time.perf_counter() - self._changed >= SETTLED:
            self.write()

    def write(self) -> None:
        """Write it now, if anything has changed since."""
        if not self._writing or self.untouched or self.profile == self._written:
            return
        self._written = self.profile
        try:
            write_profile(profile_path(self.name), self.profile)
            self.fault = ""
        except SettingsError as error:
            self.fault = str(error)
            if not self._told:
                log.warning("%s", error)
            self._told = True
