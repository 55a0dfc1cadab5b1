"""Of the control panel: named profiles, to choose, begin, copy, rename and delete."""

from __future__ import annotations

from imgui_bundle import imgui

from app.actions import Action, DeleteProfile, NewProfile, RenameProfile, SaveProfileAs, SetProfile
from app.statistics import Situation
from app.viewer import controls
from app.viewer.asked import Asked

USUAL = "default"  # what a start without a choice takes; it is always there
WAYS = ("New …", "Save as …", "Rename …", "Delete …")
ANSWERS = ("Begin", "Save", "Rename", "Delete it")


class ProfileGroup:
    """It remembers what is being done to a profile, and the name that is typed."""

    def __init__(self) -> None:
        self._way: int | None = None  # of WAYS
        self._name = ""
        self._moved = False

    def draw(self, situation: Situation, asked: Asked) -> None:
        controls.title("Profile")
        made = controls.chooser("profile", situation.profiles, situation.profile)
        if made is not None and situation.profiles[made] != situation.profile:
            asked.actions.append(SetProfile(situation.profiles[made]))
        if situation.profile_fault:
            controls.fault(situation.profile_fault)
        if self._way is None:
            if self._moved:  # what had the keyboard's focus is gone
                imgui.set_keyboard_focus_here()
            self._moved = False
            ways = WAYS if situation.profile != USUAL else WAYS[:3]
            self._way = controls.buttons(ways)
            self._moved = self._way is not None
            controls.note("Everything that is set here is kept in the profile by itself.")
        else:
            self._ask(self._way, situation.profile, asked)

    @property
    def asking(self) -> bool:
        """Whether a name or an answer is waited for."""
        return self._way is not None

    def cancel(self) -> bool:
        """Nothing is to be done. Whether something was."""
        was, self._way, self._name = self._way is not None, None, ""
        self._moved = self._moved or was
        return was

    def _ask(self, way: int, profile: str, asked: Asked) -> None:
        deleting = WAYS[way].startswith("Delete")
        entered = False
        if deleting:
            controls.fault(f"Delete “{profile}” for good, and go on with “{USUAL}”?")
        if self._moved:
            imgui.set_keyboard_focus_here(1 if deleting else 0)
        self._moved = False
        if not deleting:
            entered, self._name = controls.text_field("name", "name of the profile", self._name)
        pressed = controls.buttons((f"{ANSWERS[way]}##answer", "Cancel##profile"))
        name = self._name.strip()
        if (entered or pressed == 0) and (name or deleting):
            asked.actions.append(_action(way, profile if deleting else name))
        if pressed is not None or (entered and name):
            self.cancel()


def _action(way: int, name: str) -> Action:
    match way:
        case 0:
            return NewProfile(name)
        case 1:
            return SaveProfileAs(name)
        case 2:
            return RenameProfile(name)
        case _:
            return DeleteProfile(name)
