"""Hotkeys: combinations, refusals, and keys that come whichever window is in front."""

from __future__ import annotations

import ctypes
import logging
import os
import shutil
import subprocess
import time
from ctypes import wintypes
from typing import Any

import pytest

from app.actions import Calibrate, SetPaused, SetRecording, Wishes
from app.hotkeys import Combination, Hotkeys, HotkeySettings, combination_from_text, open_keyboard
from app.hotkeys.windows import HOTKEY_MESSAGE, NO_REPEAT, WindowsKeyboard, virtual_key
from engine.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "key", "modifiers"),
    [
        ("ctrl+alt+k", "k", {"ctrl", "alt"}),
        ("F9", "f9", set()),
        ("Shift + F24", "f24", {"shift"}),
        ("super+1", "1", {"super"}),
    ],
)
def test_combinations_are_read(text: str, key: str, modifiers: set[str]) -> None:
    assert combination_from_text(text) == Combination(key, frozenset(modifiers))


@pytest.mark.parametrize("text", ["k", "ctrl+", "ctrl+alt", "f25", "hyper+k", "ctrl+ö", "+", "f0"])
def test_what_would_take_a_key_from_typing_or_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="such as ctrl"):
        HotkeySettings(calibrate=text)


def test_one_combination_for_two_things_is_refused() -> None:
    with pytest.raises(SettingsError, match="given twice"):
        HotkeySettings(calibrate="ctrl+alt+k", pause="alt+ctrl+K")


class User32:
    """Windows' library, as far as hotkeys go. presses: numbers to tell next."""

    def __init__(self, taken: tuple[int, ...] = ()) -> None:
        self.taken = taken
        self.registered: dict[int, tuple[int, int]] = {}
        self.presses: list[int] = []

    def RegisterHotKey(self, window: None, number: int, flags: int, key: int) -> int:  # noqa: N802
        if key in self.taken:
            return 0
        self.registered[number] = (flags, key)
        return 1

    def UnregisterHotKey(self, window: None, number: int) -> int:  # noqa: N802
        del self.registered[number]
        return 1

    def PeekMessageW(self, message: Any, window: None, low: int, high: int, how: int) -> int:  # noqa: N802
        assert low == high == HOTKEY_MESSAGE
        if not self.presses:
            return 0
        ctypes.cast(message, ctypes.POINTER(wintypes.MSG)).contents.wParam = self.presses.pop(0)
        return 1


def wait_for(hotkeys: Hotkeys, wishes: Wishes) -> tuple[object, ...]:
    """The first actions; they come from another thread."""
    end = time.monotonic() + 5.0
    while not (actions := hotkeys.actions(wishes)):
        assert time.monotonic() < end, "no key came"
        time.sleep(0.01)
    return actions


def test_windows_registers_presses_and_gives_back() -> None:
    library = User32()
    settings = HotkeySettings(calibrate="ctrl+alt+k", pause="f9")
    with Hotkeys(settings, lambda: WindowsKeyboard(library)) as hotkeys:
        library.presses = [1]
        assert wait_for(hotkeys, Wishes(paused=True)) == (SetPaused(False),)
        assert library.registered == {
            0: (NO_REPEAT | 1 | 2, ord("K")),
            1: (NO_REPEAT, virtual_key("f9")),
        }
    assert library.registered == {}


def test_a_combination_that_is_taken_is_told_and_the_others_work(
    caplog: pytest.LogCaptureFixture,
) -> None:
    library = User32(taken=(ord("K"),))
    settings = HotkeySettings(calibrate="ctrl+alt+k", record="f9")
    with (
        caplog.at_level(logging.WARNING),
        Hotkeys(settings, lambda: WindowsKeyboard(library)) as hotkeys,
    ):
        library.presses = [1]
        assert wait_for(hotkeys, Wishes()) == (SetRecording(True),)
    assert caplog.messages == ["no hotkey for calibrate: another program has ctrl+alt+k already"]


def test_a_system_without_hotkeys_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.WARNING),
        Hotkeys(HotkeySettings(pause="f9"), lambda: None) as keys,
    ):
        assert keys._worker is not None and keys._worker.wait(5.0)
        assert keys.actions(Wishes()) == ()
    assert len(caplog.records) == 1 and "--remote" in caplog.text


def test_without_settings_nothing_is_opened() -> None:
    def never() -> None:
        raise AssertionError("opened")

    with Hotkeys(HotkeySettings(), never) as hotkeys:
        assert hotkeys.actions(Wishes()) == ()


@pytest.mark.window
@pytest.mark.skipif(
    not os.environ.get("DISPLAY") or not shutil.which("xdotool"), reason="needs a display, xdotool"
)
def test_x11_hands_over_keys_whoever_has_the_focus(caplog: pytest.LogCaptureFixture) -> None:
    settings = HotkeySettings(calibrate="ctrl+alt+k", pause="shift+f9")
    with Hotkeys(settings, open_keyboard) as hotkeys:
        end = time.monotonic() + 5.0
        while not (actions := hotkeys.actions(Wishes())):
            assert time.monotonic() < end, "no key came"
            subprocess.run(["xdotool", "key", "ctrl+alt+k"], check=True)
        assert set(actions) == {Calibrate()}
        with caplog.at_level(logging.WARNING), Hotkeys(settings, open_keyboard) as second:
            assert second._worker is not None
            end = time.monotonic() + 5.0
            while len(caplog.records) < 2:
                assert time.monotonic() < end, "nothing was refused"
                time.sleep(0.01)
        assert "another program has shift+f9 already" in caplog.text
        hotkeys.actions(Wishes())
        subprocess.run(["xdotool", "key", "shift+F9"], check=True)
        assert SetPaused(True) in wait_for(hotkeys, Wishes())
