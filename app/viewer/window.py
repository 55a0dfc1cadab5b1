"""The window: what it is, what it can be made, and what happens in each turn of the loop."""

from __future__ import annotations

import ctypes
from typing import Any

from engine.closing import Closing

# isort: off
from imgui_bundle import imgui
import glfw

# isort: on
from app.viewer.context import Handle, gl_function, open_handle, window_context
from app.viewer.events import Events, Input
from app.viewer.software import is_software, let_others_first, prepare_mesa, threads
from engine.errors import ViewerError

SMALLEST = (320, 240)  # points; below this no panel is readable


class Window(Closing):
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
        self.handle = open_handle(title, size, shown=shown, transparent=transparent)
        try:
            self.gl = window_context()
        except BaseException:
            glfw.terminate()
            raise
        if self.software:
            let_others_first(threads() - others)
        glfw.swap_interval(1 if vsync else 0)
        glfw.set_window_size_limits(self.handle, *SMALLEST, glfw.DONT_CARE, glfw.DONT_CARE)
        self._reset_status = gl_function(ctypes.c_uint, "glGetGraphicsResetStatus")
        self._finish = gl_function(None, "glFinish")
        self._windowed = (*glfw.get_window_pos(self.handle), *size)
        self._imgui = imgui.create_context()
        io = imgui.get_io()
        io.set_ini_filename("")  # panels have their places; no imgui.ini is written
        io.config_flags |= imgui.ConfigFlags_.nav_enable_keyboard
        address = ctypes.cast(self.handle, ctypes.c_void_p).value or 0
        imgui.backends.glfw_init_for_opengl(address, False)  # False: the callbacks are ours
        imgui.backends.opengl3_init("#version 330")
        self.events = Events(self.handle)

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

    def hide_cursor(self) -> None:
        """For good: there is nothing to point at."""
        imgui.get_io().config_flags |= imgui.ConfigFlags_.no_mouse_cursor_change
        glfw.set_input_mode(self.handle, glfw.CURSOR, glfw.CURSOR_HIDDEN)

    # --- each turn ----------------------------------------------------------------------------

    def poll(self) -> Input:
        """What happened since the last call. Never waits."""
        glfw.poll_events()
        return self.events.take()

    def wait(self, seconds: float) -> None:
        """Sleep until something is done to the window, but not longer than this."""
        glfw.wait_events_timeout(max(seconds, 1e-4))

    def begin_panels(self) -> None:
        """From here to `end_panels` imgui may be called."""
        imgui.backends.opengl3_new_frame()
        imgui.backends.glfw_new_frame()
        imgui.new_frame()

    def drop_panels(self) -> None:
        """Instead of `end_panels`: nothing is drawn."""
        imgui.end_frame()

    def end_panels(self) -> None:
        """Draw what imgui was told onto the window's picture."""
        imgui.render()
        imgui.backends.opengl3_render_draw_data(imgui.get_draw_data())

    def finish(self) -> None:
        """Wait until all is drawn that was asked for, without Python's lock: others go on."""
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
