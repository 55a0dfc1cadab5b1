"""Keys that reach mien while a game has the focus, by the system's own means.

Windows and X11 give a combination to whoever asks first; a line says what was refused. On Wayland
the desktop's portal gives them, where it has one (portal.py). macOS hands keys only to programs
with an event loop of its own kind: there another program asks over OSC (app/remote.py).
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields
from typing import Protocol

from app.actions import Action, Calibrate, Recentre, SetMirror, SetPaused, SetRecording, Wishes
from app.threads import Worker
from engine.closing import Closing
from engine.errors import SettingsError

PAUSE = 0.03  # s between two looks for a pressed key
MODIFIERS = ("ctrl", "alt", "shift", "super")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HotkeySettings:
    """Combinations such as "ctrl+alt+k" or "f9"; empty: none."""

    calibrate: str = ""
    recentre: str = ""
    pause: str = ""
    mirror: str = ""
    record: str = ""

    def __post_init__(self) -> None:
        wanted = [text for field in fields(self) if (text := getattr(self, field.name))]
        combinations = [combination_from_text(text) for text in wanted]
        if len(set(combinations)) < len(combinations):
            raise SettingsError("one combination is given twice; expected each for one thing.")


@dataclass(frozen=True, slots=True)
class Combination:
    """key: a letter, a digit, or f1 to f24. modifiers: some of MODIFIERS."""

    key: str
    modifiers: frozenset[str]


def combination_from_text(text: str) -> Combination:
    """From "ctrl+alt+k". Raises SettingsError for what is no combination."""
    *modifiers, key = text.lower().replace(" ", "").split("+")
    is_function_key = re.fullmatch(r"f([1-9]|1\d|2[0-4])", key) is not None
    is_sign = re.fullmatch(r"[a-z0-9]", key) is not None
    if not set(modifiers) <= set(MODIFIERS) or not (is_function_key or (is_sign and modifiers)):
        raise SettingsError(
            f"bad hotkey {text!r}; expected f1 to f24, or a letter or digit with "
            f"{', '.join(MODIFIERS)}, such as ctrl+alt+k."
        )
    return Combination(key, frozenset(modifiers))


class Keyboard(Protocol):
    """The system's hotkeys. One thread opens and asks it."""

    def grab(self, wanted: Mapping[str, Combination]) -> frozenset[str]:
        """Ask for these, by the names of what they do; gives those that are not to be had."""

    def pressed(self) -> Iterable[str]:
        """Names of the combinations pressed since the last call. Never waits."""

    def close(self) -> None:
        """Give the keys back."""


def open_keyboard() -> Keyboard | None:
    """This system's, or None where programs in the background get no keys."""
    if sys.platform == "win32":
        from app.hotkeys.windows import WindowsKeyboard

        return WindowsKeyboard()
    if sys.platform == "linux" and "WAYLAND_DISPLAY" in os.environ:
        from app.hotkeys.portal import open_portal_keyboard

        return open_portal_keyboard()
    if sys.platform == "linux":
        from app.hotkeys.x11 import open_x11_keyboard

        return open_x11_keyboard()
    return None


class Hotkeys(Closing):
    """Listens for the combinations of the settings until it is closed."""

    def __init__(
        self,
        settings: HotkeySettings,
        open_keyboard: Callable[[], Keyboard | None] = open_keyboard,
    ) -> None:
        self._open_keyboard = open_keyboard
        self._keyboard: Keyboard | None = None
        self._pressed: deque[str] = deque(maxlen=16)
        self._stack = ExitStack()
        self._worker: Worker | None = None
        self._wanted: dict[str, str] = {}
        self._refused: list[str] = []
        self._listen_for(settings)

    @property
    def fault(self) -> str:
        """Which of the combinations are not to be had; empty: all are, as far as is known."""
        return "; ".join(self._refused)

    def change(self, settings: HotkeySettings) -> None:
        """These combinations instead."""
        self.close()
        self._pressed.clear()
        self._listen_for(settings)

    def _listen_for(self, settings: HotkeySettings) -> None:
        self._refused = []
        self._wanted = {
            field.name: text
            for field in fields(settings)
            if (text := getattr(settings, field.name))
        }
        self._worker = None
        if self._wanted:
            self._worker = self._stack.enter_context(Worker(self._listen))

    def actions(self, wishes: Wishes) -> tuple[Action, ...]:
        """What was asked for since the last call; switches turn what `wishes` has."""
        if self._worker is not None:
            self._worker.check()
        found: list[Action] = []
        while self._pressed:
            match self._pressed.popleft():
                case "calibrate":
                    found.append(Calibrate())
                case "recentre":
                    found.append(Recentre())
                case "pause":
                    found.append(SetPaused(not wishes.paused))
                case "mirror":
                    found.append(SetMirror(not wishes.mirror))
                case "record":
                    found.append(SetRecording(not wishes.recording))
        return tuple(found)

    def close(self) -> None:
        """Give the keys back. May be called twice."""
        self._stack.close()
        if self._keyboard is not None:
            self._keyboard.close()
            self._keyboard = None

    def _listen(self) -> bool:
        """A step of the worker, whose thread alone the system tells."""
        if self._keyboard is None:
            self._keyboard = self._open_keyboard()
            if self._keyboard is None:
                log.warning(
                    "no hotkeys: this system hands no keys to programs in the background. Let "
                    "another program ask over OSC: --remote."
                )
                self._refused.append("This system hands no keys to programs in the background")
                return False
            combinations = {name: combination_from_text(t) for name, t in self._wanted.items()}
            for name in sorted(self._keyboard.grab(combinations)):
                text = self._wanted[name]
                log.warning("no hotkey for %s: another program has %s already", name, text)
                self._refused.append(f"Another program has {text} already")
        self._pressed.extend(self._keyboard.pressed())
        time.sleep(PAUSE)
        return True
