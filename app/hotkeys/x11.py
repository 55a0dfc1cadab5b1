"""X11's passive key grabs, through libX11 itself (Xlib Programming Manual, chapter 12)."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Mapping
from ctypes import POINTER, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p
from itertools import chain, combinations
from typing import Any

from app.hotkeys import Combination

MASKS = {"shift": 1, "ctrl": 4, "alt": 8, "super": 64}
LOCKS = (2, 16)  # Caps Lock and Num Lock: a grab holds for one state of these only
KEY_PRESS = 2
KEY_PRESS_MASK = 1
ASYNCHRONOUS = 1
BAD_ACCESS = 10


class _KeyEvent(ctypes.Structure):
    _fields_ = (
        ("type", c_int),
        ("serial", c_ulong),
        ("send_event", c_int),
        ("display", c_void_p),
        ("window", c_ulong),
        ("root", c_ulong),
        ("subwindow", c_ulong),
        ("time", c_ulong),
        ("x", c_int),
        ("y", c_int),
        ("x_root", c_int),
        ("y_root", c_int),
        ("state", c_uint),
        ("keycode", c_uint),
        ("same_screen", c_int),
    )


class _Event(ctypes.Union):
    _fields_ = (("key", _KeyEvent), ("pad", c_long * 24))


class _ErrorEvent(ctypes.Structure):
    _fields_ = (
        ("type", c_int),
        ("display", c_void_p),
        ("resource", c_ulong),
        ("serial", c_ulong),
        ("error_code", ctypes.c_ubyte),
        ("request_code", ctypes.c_ubyte),
        ("minor_code", ctypes.c_ubyte),
    )


_ErrorHandler = ctypes.CFUNCTYPE(c_int, c_void_p, POINTER(_ErrorEvent))


def open_x11_keyboard() -> X11Keyboard | None:
    """None without an X server."""
    if "DISPLAY" not in os.environ:
        return None
    try:
        library = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    library.XOpenDisplay.restype = c_void_p
    library.XOpenDisplay.argtypes = (c_char_p,)
    display = library.XOpenDisplay(None)
    return None if display is None else X11Keyboard(library, display)


class X11Keyboard:
    """Grabs on the root window, over a connection of its own."""

    def __init__(self, library: Any, display: int) -> None:
        self._x, self._display = library, c_void_p(display)
        library.XDefaultRootWindow.restype = c_ulong
        library.XDefaultRootWindow.argtypes = (c_void_p,)
        library.XStringToKeysym.restype = c_ulong
        library.XStringToKeysym.argtypes = (c_char_p,)
        library.XKeysymToKeycode.restype = ctypes.c_ubyte
        library.XKeysymToKeycode.argtypes = (c_void_p, c_ulong)
        library.XGrabKey.argtypes = (c_void_p, c_int, c_uint, c_ulong, c_int, c_int, c_int)
        library.XSync.argtypes = (c_void_p, c_int)
        library.XPending.argtypes = (c_void_p,)
        library.XNextEvent.argtypes = (c_void_p, POINTER(_Event))
        library.XCloseDisplay.argtypes = (c_void_p,)
        library.XSetErrorHandler.restype = c_void_p
        self._root = library.XDefaultRootWindow(self._display)
        self._names: dict[tuple[int, int], str] = {}  # by keycode and modifiers
        self._refused = False

    def grab(self, wanted: Mapping[str, Combination]) -> frozenset[str]:
        """Gives those that another program holds, or for which the keyboard has no key."""
        return frozenset(name for name in wanted if not self._grab(name, wanted[name]))

    def _grab(self, wanted: str, combination: Combination) -> bool:
        name = combination.key.upper() if len(combination.key) > 1 else combination.key
        keycode = self._x.XKeysymToKeycode(
            self._display, self._x.XStringToKeysym(name.encode("ascii"))
        )
        if keycode == 0:
            return False
        mask = sum(MASKS[modifier] for modifier in combination.modifiers)
        with_locks = chain.from_iterable(combinations(LOCKS, n) for n in range(len(LOCKS) + 1))
        self._refused = False
        # A refusal comes as an asynchronous error, whose usual handler ends the program.
        handler = _ErrorHandler(self._note_error)
        before = self._x.XSetErrorHandler(handler)
        for locks in with_locks:
            self._x.XGrabKey(
                self._display,
                keycode,
                mask | sum(locks),
                self._root,
                0,
                ASYNCHRONOUS,
                ASYNCHRONOUS,
            )
        self._x.XSync(self._display, 0)
        self._x.XSetErrorHandler(c_void_p(before))
        self._names[(keycode, mask)] = wanted
        return not self._refused

    def pressed(self) -> Iterator[str]:
        """Names of the combinations pressed since the last call."""
        every_mask = sum(MASKS.values())
        event = _Event()
        while self._x.XPending(self._display):
            self._x.XNextEvent(self._display, ctypes.byref(event))
            if event.key.type == KEY_PRESS:
                name = self._names.get((event.key.keycode, event.key.state & every_mask))
                if name is not None:
                    yield name

    def close(self) -> None:
        """The server gives the keys back with the connection."""
        self._x.XCloseDisplay(self._display)

    def _note_error(self, display: int, error: Any) -> int:
        self._refused = self._refused or error.contents.error_code == BAD_ACCESS
        return 0
