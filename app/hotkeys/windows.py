"""Windows' hotkeys: RegisterHotKey tells the thread that asked (learn.microsoft.com)."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from ctypes import wintypes
from typing import Any

from app.hotkeys import Combination

FLAGS = {"alt": 1, "ctrl": 2, "shift": 4, "super": 8}
NO_REPEAT = 0x4000
HOTKEY_MESSAGE = 0x0312
REMOVE = 1
F1 = 0x70  # virtual key; F2 to F24 follow


class WindowsKeyboard:
    """Hotkeys of this thread; they end with it."""

    def __init__(self, user32: Any = None) -> None:
        """user32: the library of that name."""
        self._user32 = ctypes.WinDLL("user32") if user32 is None else user32  # type: ignore[attr-defined]
        self._names: dict[int, str] = {}  # by the number that Windows tells

    def grab(self, wanted: Mapping[str, Combination]) -> frozenset[str]:
        """Gives those that another program holds."""
        for number, (name, combination) in enumerate(wanted.items()):
            flags = NO_REPEAT | sum(FLAGS[modifier] for modifier in combination.modifiers)
            if self._user32.RegisterHotKey(None, number, flags, virtual_key(combination.key)):
                self._names[number] = name
        return frozenset(wanted) - frozenset(self._names.values())

    def pressed(self) -> Iterator[str]:
        """Names of the combinations pressed since the last call."""
        message = wintypes.MSG()
        while self._user32.PeekMessageW(
            ctypes.byref(message), None, HOTKEY_MESSAGE, HOTKEY_MESSAGE, REMOVE
        ):
            yield self._names[int(message.wParam)]

    def close(self) -> None:
        """Give the keys back."""
        for number in self._names:
            self._user32.UnregisterHotKey(None, number)
        self._names = {}


def virtual_key(key: str) -> int:
    """Windows' number of a key: letters and digits are their capital's."""
    if len(key) > 1:
        return F1 + int(key[1:]) - 1
    return ord(key.upper())
