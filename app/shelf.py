"""What people do with profiles in the window: begin, copy, rename, delete one."""

from __future__ import annotations

from collections.abc import Callable

from app.keeping import ProfileKeeper
from app.profiles import delete_profile, remember_profile, rename_profile, save_profile_as
from app.settings import Profile
from app.surroundings import Surroundings
from engine.errors import SettingsError


class ProfileShelf:
    """fault: why the last of it was not done; empty: it was."""

    def __init__(self, keeper: ProfileKeeper, around: Surroundings, fault: str) -> None:
        self.fault = fault
        self._keeper, self._around = keeper, around

    def begin(self, name: str) -> bool:
        """A new one with everything as it is at first; whether it is there."""
        return self._done(lambda: save_profile_as(name, Profile()))

    def save_as(self, name: str) -> None:
        """A copy of the one in use, to go on with."""
        self._go_on_as(name, lambda: save_profile_as(name, self._keeper.profile))

    def rename(self, name: str) -> None:
        """The one in use."""
        before = self._keeper.name
        if self._keeper.untouched:
            self.save_as(name)
        elif name != before:
            self._go_on_as(name, lambda: rename_profile(before, name, self._keeper.profile))

    def delete(self, name: str) -> None:
        """For good."""
        self._done(lambda: delete_profile(name))

    def remember(self) -> None:
        """The one in use, for the next start."""
        self._done(lambda: remember_profile(self._keeper.name))

    def _go_on_as(self, name: str, write: Callable[[], None]) -> None:
        self._keeper.write()
        if self._done(write):
            self._keeper.take(name, self._keeper.profile)
            self.remember()

    def _done(self, change: Callable[[], None]) -> bool:
        try:
            change()
        except SettingsError as error:
            self.fault = str(error)
            return False
        self.fault = ""
        self._around.look_for_profiles()
        return True
