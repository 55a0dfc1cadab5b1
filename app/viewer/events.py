"""What a person does to the window: glfw reports it, imgui hears it first, the rest is ours.

imgui-bundle is imported before glfw: it points pyGLFW at the glfw library that it brings itself,
and two copies of that library in one process do not share a window.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# isort: off
from imgui_bundle import imgui
import glfw

# isort: on

from app.viewer.context import Handle
from app.viewer.keys import KeyPress

_KEY_NAMES = {
    glfw.KEY_ESCAPE: "escape",
    glfw.KEY_LEFT: "left",
    glfw.KEY_RIGHT: "right",
    glfw.KEY_UP: "up",
    glfw.KEY_DOWN: "down",
    glfw.KEY_F1: "f1",
    glfw.KEY_F2: "f2",
    glfw.KEY_F9: "f9",
    glfw.KEY_F11: "f11",
    glfw.KEY_KP_ADD: "+",
    glfw.KEY_KP_SUBTRACT: "-",
}
_OF_PANELS = frozenset({"left", "right", "up", "down", "+", "=", "-"})  # while one has the focus
_REPEATING = frozenset({"left", "right", "up", "down", "+", "=", "-"})


@dataclass(frozen=True, slots=True)
class Input:
    """What a person did since the last look."""

    keys: tuple[KeyPress, ...]
    drag_right: float  # shares of the window's height
    drag_down: float
    zoom: float  # notches of the wheel, + forward
    dropped: tuple[str, ...]  # files that were let go over the window
    touched: bool  # anything at all, the mere movement of the mouse included


class Events:
    """Collects what glfw reports about one window. Needs imgui's glfw backend."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._address = ctypes.cast(handle, ctypes.c_void_p).value or 0
        self._keys: list[KeyPress] = []
        self._drag = [0.0, 0.0]
        self._zoom = 0.0
        self._dropped: list[str] = []
        self._touched = True
        self._dragging = False
        self._cursor = (0.0, 0.0)
        glfw.set_key_callback(handle, self.on_key)
        glfw.set_char_callback(handle, self.on_char)
        glfw.set_mouse_button_callback(handle, self.on_mouse_button)
        glfw.set_cursor_pos_callback(handle, self.on_cursor)
        glfw.set_cursor_enter_callback(handle, self.on_cursor_enter)
        glfw.set_scroll_callback(handle, self.on_scroll)
        dropped: Any = self.on_drop  # glfw's stub knows one path only
        glfw.set_drop_callback(handle, dropped)
        glfw.set_window_focus_callback(handle, self.on_focus)
        glfw.set_window_refresh_callback(handle, self.on_change)
        glfw.set_window_close_callback(handle, self.on_change)
        glfw.set_framebuffer_size_callback(handle, self.on_resize)

    def take(self) -> Input:
        """What has come since the last call."""
        taken = Input(
            keys=tuple(self._keys),
            drag_right=self._drag[0],
            drag_down=self._drag[1],
            zoom=self._zoom,
            dropped=tuple(self._dropped),
            touched=self._touched,
        )
        self._keys.clear()
        self._dropped.clear()
        self._drag[:] = 0.0, 0.0
        self._zoom, self._touched = 0.0, False
        return taken

    def on_key(self, _window: object, key: int, scancode: int, action: int, mods: int) -> None:
        imgui.backends.glfw_key_callback(self._address, key, scancode, action, mods)
        self._touched = True
        if action == glfw.RELEASE or imgui.get_io().want_text_input:
            return
        if mods & (glfw.MOD_CONTROL | glfw.MOD_ALT | glfw.MOD_SUPER):
            return  # Ctrl+C is not C
        name = _KEY_NAMES.get(key) or glfw.get_key_name(key, scancode) or _letter(key)
        if name in _OF_PANELS and imgui.get_io().want_capture_keyboard:
            return
        if name and (action == glfw.PRESS or name in _REPEATING):
            self._keys.append(KeyPress(name.lower(), bool(mods & glfw.MOD_SHIFT)))

    def on_char(self, _window: object, code: int) -> None:
        imgui.backends.glfw_char_callback(self._address, code)

    def on_mouse_button(self, _window: object, button: int, action: int, mods: int) -> None:
        imgui.backends.glfw_mouse_button_callback(self._address, button, action, mods)
        self._touched = True
        if button == glfw.MOUSE_BUTTON_LEFT:
            self._dragging = action == glfw.PRESS and not imgui.get_io().want_capture_mouse

    def on_cursor(self, _window: object, x: float, y: float) -> None:
        imgui.backends.glfw_cursor_pos_callback(self._address, x, y)
        self._touched = True
        if self._dragging:
            height = max(1, glfw.get_window_size(self._handle)[1])
            self._drag[0] += (x - self._cursor[0]) / height
            self._drag[1] += (y - self._cursor[1]) / height
        self._cursor = (x, y)

    def on_cursor_enter(self, _window: object, entered: int) -> None:
        imgui.backends.glfw_cursor_enter_callback(self._address, entered)
        self._touched = True

    def on_scroll(self, _window: object, right: float, up: float) -> None:
        imgui.backends.glfw_scroll_callback(self._address, right, up)
        self._touched = True
        if not imgui.get_io().want_capture_mouse:
            self._zoom += up

    def on_drop(self, _window: object, paths: Sequence[str]) -> None:
        self._dropped += paths
        self._touched = True

    def on_focus(self, _window: object, focused: int) -> None:
        imgui.backends.glfw_window_focus_callback(self._address, focused)
        self._touched = True
        if not focused:
            self._dragging = False

    def on_resize(self, _window: object, _width: int, _height: int) -> None:
        self._touched = True

    def on_change(self, _window: object) -> None:
        self._touched = True


def _letter(key: int) -> str | None:
    """The key on an American keyboard, for layouts without latin letters."""
    return chr(key) if glfw.KEY_A <= key <= glfw.KEY_Z else None
