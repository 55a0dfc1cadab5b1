"""The window: glfw with an OpenGL 3.3 core context, imgui on it, and the input that reaches both.

The only importer of glfw. imgui-bundle comes first: it points pyGLFW at the glfw library that it
brings itself, and two copies of that library in one process do not share a window.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

# isort: off
from imgui_bundle import imgui
import glfw

# isort: on
import moderngl

from app.viewer.keys import KeyPress
from app.viewer.software import is_software, let_others_first, prepare_mesa, threads
from engine.errors import ViewerError

Handle = Any  # glfw's windows and monitors are ctypes pointers

GL_VERSION = 330
SMALLEST = (320, 240)  # points; below this no panel is readable

_KEY_NAMES = {
    glfw.KEY_ESCAPE: "escape",
    glfw.KEY_LEFT: "left",
    glfw.KEY_RIGHT: "right",
    glfw.KEY_UP: "up",
    glfw.KEY_DOWN: "down",
    glfw.KEY_F1: "f1",
    glfw.KEY_F11: "f11",
    glfw.KEY_KP_ADD: "+",
    glfw.KEY_KP_SUBTRACT: "-",
}


class NoDisplayError(ViewerError):
    """There is no screen to open a window on."""


class NoOpenGLError(ViewerError):
    """There is a screen, but no OpenGL 3.3."""


@dataclass(frozen=True, slots=True)
class Input:
    """What a person did since the last look."""

    keys: tuple[KeyPress, ...]
    drag_right: float  # shares of the window's height
    drag_down: float
    zoom: float  # notches of the wheel, + forward
    touched: bool  # anything at all, the mere movement of the mouse included


class Window:
    """One window with a current OpenGL context (`gl`) and an imgui context."""

    def __init__(
        self,
        title: str,
        size: tuple[int, int],
        *,
        shown: bool = True,
        transparent: bool = True,
        vsync: bool = True,
    ) -> None:
        prepare_mesa()
        others = threads()
        glfw.set_error_callback(_ignore_error)  # what matters is asked for with get_error
        if not glfw.init():
            raise NoDisplayError(
                f"no window: {_display_problem()}. Sign in to a desktop, or go on without a "
                "window (--no-window)."
            )
        try:
            self.handle = _create(title, size, shown=shown, transparent=transparent)
            glfw.make_context_current(self.handle)
            loader: Any = _Loader()  # moderngl annotates it as a dictionary, and calls its methods
            self.gl = moderngl.create_context(require=GL_VERSION, context=loader)
        except BaseException:
            glfw.terminate()
            raise
        if self.software:
            let_others_first(threads() - others)
        glfw.swap_interval(1 if vsync else 0)
        glfw.set_window_size_limits(self.handle, *SMALLEST, glfw.DONT_CARE, glfw.DONT_CARE)
        self._address = ctypes.cast(self.handle, ctypes.c_void_p).value or 0
        self._reset_status = _gl_function(ctypes.c_uint, "glGetGraphicsResetStatus")
        self._finish = _gl_function(None, "glFinish")
        self._keys: list[KeyPress] = []
        self._drag = [0.0, 0.0]
        self._zoom = 0.0
        self._touched = True
        self._dragging = False
        self._cursor = (0.0, 0.0)
        self._windowed = (*glfw.get_window_pos(self.handle), *size)
        self._attach_imgui()

    # --- what it is ---------------------------------------------------------------------------

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in points: the unit of mouse and imgui."""
        width, height = glfw.get_window_size(self.handle)
        return width, height

    @property
    def framebuffer_size(self) -> tuple[int, int]:
        """Width and height in pixels; (0, 0) while minimised on some systems."""
        width, height = glfw.get_framebuffer_size(self.handle)
        return width, height

    @property
    def content_scale(self) -> float:
        """How much larger than at 96 dpi the desktop wants things, in pixels."""
        return max(1.0, float(glfw.get_window_content_scale(self.handle)[0]))

    @property
    def unscaled_size(self) -> tuple[int, int]:
        """Width and height that give a window of this size again, on any desktop's scale."""
        width, height = self._windowed[2:] if self.fullscreen else self.size
        points, pixels = self.size[0], self.framebuffer_size[0]
        scale = self.content_scale / max(1.0, pixels / max(1, points))
        return round(width / max(1.0, scale)), round(height / max(1.0, scale))

    @property
    def drawable(self) -> bool:
        """False while minimised: there is nothing to draw on."""
        return not glfw.get_window_attrib(self.handle, glfw.ICONIFIED) and all(
            self.framebuffer_size
        )

    @property
    def closing(self) -> bool:
        return bool(glfw.window_should_close(self.handle))

    @property
    def transparent(self) -> bool:
        """Whether the desktop lets what is behind show through."""
        return bool(glfw.get_window_attrib(self.handle, glfw.TRANSPARENT_FRAMEBUFFER))

    @property
    def platform(self) -> str:
        """The window system that was found."""
        names = {
            glfw.PLATFORM_X11: "X11",
            glfw.PLATFORM_WAYLAND: "Wayland",
            glfw.PLATFORM_WIN32: "Win32",
            glfw.PLATFORM_COCOA: "Cocoa",
        }
        return names.get(glfw.get_platform(), "none")

    @property
    def software(self) -> bool:
        """Whether the processor draws, for want of a graphics card."""
        return is_software(str(self.gl.info["GL_RENDERER"]))

    @property
    def refresh_rate_hz(self) -> float:
        monitor = glfw.get_primary_monitor()
        mode = glfw.get_video_mode(monitor) if monitor else None
        return float(mode.refresh_rate) if mode and mode.refresh_rate > 0 else 60.0

    # --- what it can be made ------------------------------------------------------------------

    @property
    def fullscreen(self) -> bool:
        return bool(glfw.get_window_monitor(self.handle))

    @fullscreen.setter
    def fullscreen(self, on: bool) -> None:
        if on == self.fullscreen:
            return
        if on:
            self._windowed = (*glfw.get_window_pos(self.handle), *self.size)
            monitor = self._monitor()
            if monitor is None:
                return
            mode = glfw.get_video_mode(monitor)
            width, height = mode.size
            glfw.set_window_monitor(
                self.handle, monitor, 0, 0, width, height, mode.refresh_rate or glfw.DONT_CARE
            )
        else:
            no_monitor: Any = None  # glfw's stub forgets that a window need not have one
            glfw.set_window_monitor(self.handle, no_monitor, *self._windowed, glfw.DONT_CARE)

    @property
    def borderless(self) -> bool:
        return not glfw.get_window_attrib(self.handle, glfw.DECORATED)

    @borderless.setter
    def borderless(self, on: bool) -> None:
        glfw.set_window_attrib(self.handle, glfw.DECORATED, not on)

    @property
    def on_top(self) -> bool:
        return bool(glfw.get_window_attrib(self.handle, glfw.FLOATING))

    @on_top.setter
    def on_top(self, on: bool) -> None:
        glfw.set_window_attrib(self.handle, glfw.FLOATING, on)

    # --- each turn ----------------------------------------------------------------------------

    def poll(self) -> Input:
        """What happened since the last call. Never waits."""
        glfw.poll_events()
        return self._taken_input()

    def wait(self, seconds: float) -> None:
        """Sleep until something is done to the window, but not longer than this."""
        glfw.wait_events_timeout(max(seconds, 1e-4))

    def begin_panels(self) -> None:
        """From here to `end_panels` imgui may be called."""
        imgui.backends.opengl3_new_frame()
        imgui.backends.glfw_new_frame()
        imgui.new_frame()

    def end_panels(self) -> None:
        """Draw what imgui was told onto the window's picture."""
        imgui.render()
        imgui.backends.opengl3_render_draw_data(imgui.get_draw_data())

    def finish(self) -> None:
        """Wait until everything is drawn, without Python's lock: other threads go on."""
        if self._finish is not None:
            self._finish()

    def swap(self) -> None:
        """Show what was drawn; waits for the screen when vsync is on."""
        glfw.swap_buffers(self.handle)
        if self._reset_status is not None and self._reset_status():
            raise ViewerError(
                "the window stopped: the graphics driver was reset and lost its pictures; "
                "expected it to keep running. Start mien again."
            )

    def close(self) -> None:
        imgui.backends.opengl3_shutdown()
        imgui.backends.glfw_shutdown()
        imgui.destroy_context(self._imgui)
        self.gl.release()
        glfw.destroy_window(self.handle)
        glfw.terminate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- input: glfw calls these ----------------------------------------------------------------

    def _attach_imgui(self) -> None:
        """Our callbacks hand every event to imgui first, which then says whether it wants it."""
        self._imgui = imgui.create_context()
        imgui.get_io().set_ini_filename("")  # panels have their places; no imgui.ini is written
        imgui.backends.glfw_init_for_opengl(self._address, False)
        imgui.backends.opengl3_init("#version 330")
        glfw.set_key_callback(self.handle, self.on_key)
        glfw.set_char_callback(self.handle, self.on_char)
        glfw.set_mouse_button_callback(self.handle, self.on_mouse_button)
        glfw.set_cursor_pos_callback(self.handle, self.on_cursor)
        glfw.set_cursor_enter_callback(self.handle, self.on_cursor_enter)
        glfw.set_scroll_callback(self.handle, self.on_scroll)
        glfw.set_window_focus_callback(self.handle, self.on_focus)
        glfw.set_window_refresh_callback(self.handle, self.on_change)
        glfw.set_window_close_callback(self.handle, self.on_change)
        glfw.set_framebuffer_size_callback(self.handle, self.on_resize)

    def on_key(self, _window: object, key: int, scancode: int, action: int, mods: int) -> None:
        imgui.backends.glfw_key_callback(self._address, key, scancode, action, mods)
        self._touched = True
        if action == glfw.RELEASE or imgui.get_io().want_text_input:
            return
        if mods & (glfw.MOD_CONTROL | glfw.MOD_ALT | glfw.MOD_SUPER):
            return  # Ctrl+C is not C
        name = _KEY_NAMES.get(key) or glfw.get_key_name(key, scancode) or _letter(key)
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
            height = max(1, self.size[1])
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

    def on_focus(self, _window: object, focused: int) -> None:
        imgui.backends.glfw_window_focus_callback(self._address, focused)
        self._touched = True
        if not focused:
            self._dragging = False

    def on_resize(self, _window: object, _width: int, _height: int) -> None:
        self._touched = True

    def on_change(self, _window: object) -> None:
        self._touched = True

    def _taken_input(self) -> Input:
        taken = Input(
            keys=tuple(self._keys),
            drag_right=self._drag[0],
            drag_down=self._drag[1],
            zoom=self._zoom,
            touched=self._touched,
        )
        self._keys.clear()
        self._drag[:] = 0.0, 0.0
        self._zoom, self._touched = 0.0, False
        return taken

    def _monitor(self) -> Handle | None:
        """The monitor on which most of the window lies."""
        left, top = glfw.get_window_pos(self.handle)
        width, height = self.size
        best, most = glfw.get_primary_monitor(), 0
        for monitor in glfw.get_monitors():
            x, y = glfw.get_monitor_pos(monitor)
            mode = glfw.get_video_mode(monitor)
            if mode is None:
                continue
            across = min(left + width, x + mode.size.width) - max(left, x)
            down = min(top + height, y + mode.size.height) - max(top, y)
            if across > 0 and down > 0 and across * down > most:
                best, most = monitor, across * down
        return best or None


_REPEATING = frozenset({"left", "right", "up", "down", "+", "=", "-"})


def _create(title: str, size: tuple[int, int], *, shown: bool, transparent: bool) -> Handle:
    glfw.default_window_hints()
    glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, GL_VERSION // 100)
    glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, GL_VERSION // 10 % 10)
    glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
    glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, True)
    glfw.window_hint(glfw.CONTEXT_ROBUSTNESS, glfw.LOSE_CONTEXT_ON_RESET)
    glfw.window_hint(glfw.TRANSPARENT_FRAMEBUFFER, transparent)
    glfw.window_hint(glfw.SCALE_TO_MONITOR, True)
    glfw.window_hint(glfw.DEPTH_BITS, 0)  # the head has buffers of its own
    glfw.window_hint(glfw.STENCIL_BITS, 0)
    glfw.window_hint(glfw.VISIBLE, shown)
    handle = glfw.create_window(*size, title, None, None)
    if not handle:
        _, reason = glfw.get_error()
        raise NoOpenGLError(f"no window: {_text(reason)}; expected OpenGL 3.3. {install_advice()}")
    return handle


def install_advice() -> str:
    """What brings OpenGL to a machine that has none."""
    if sys.platform == "linux":
        return (
            "Install the graphics driver, or software OpenGL (Debian, Ubuntu: "
            "apt install libgl1 libgl1-mesa-dri libegl1)."
        )
    return "Install the newest driver of the graphics card."


def _display_problem() -> str:
    _, reason = glfw.get_error()
    return f"{_text(reason)}; expected a display"


def _text(reason: bytes | str | None) -> str:
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    return text or "the system gives no reason"


def _letter(key: int) -> str | None:
    """The key on an American keyboard, for layouts without latin letters."""
    return chr(key) if glfw.KEY_A <= key <= glfw.KEY_Z else None


def _ignore_error(_code: int, _description: object) -> None:
    """Errors are read where they can be handled; pyGLFW would turn each into a warning."""


class _Loader:
    """Finds OpenGL's functions through glfw, whichever way (GLX, EGL, WGL) it made the context."""

    def load_opengl_function(self, name: str) -> int:
        return ctypes.cast(glfw.get_proc_address(name), ctypes.c_void_p).value or 0

    def release(self) -> None:
        """The window owns the context."""


def _gl_function(result: Any, name: str) -> Callable[[], Any] | None:
    """An OpenGL function without arguments; None if the driver lacks it. ctypes frees the lock."""
    for spelled in (name, name + "ARB"):
        if address := ctypes.cast(glfw.get_proc_address(spelled), ctypes.c_void_p).value:
            return ctypes.CFUNCTYPE(result)(address)
    return None
