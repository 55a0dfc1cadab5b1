"""A native window with an OpenGL 3.3 core context, or the reason why there can be none.

imgui-bundle is imported before glfw: it points pyGLFW at the glfw library that it brings itself,
and two copies of that library in one process do not share a window.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

# isort: off
import imgui_bundle  # noqa: F401
import glfw

# isort: on
import moderngl

from engine.errors import ViewerError

Handle = Any  # glfw's windows and monitors are ctypes pointers

GL_VERSION = 330


class NoDisplayError(ViewerError):
    """There is no screen to open a window on."""


class NoOpenGLError(ViewerError):
    """There is a screen, but no OpenGL 3.3."""


def open_handle(title: str, size: tuple[int, int], *, shown: bool, transparent: bool) -> Handle:
    """glfw's window, its context current. Whoever gets it calls `glfw.terminate` in the end."""
    glfw.set_error_callback(_ignore_error)  # what matters is asked for with get_error
    if not glfw.init():
        raise NoDisplayError(
            f"no window: {_last_error()}; expected a display. Sign in to a desktop, or go on "
            "without a window: mien run --no-window."
        )
    handle = _create(title, size, shown=shown, transparent=transparent)
    if not handle:
        reason = _last_error()
        glfw.terminate()
        raise NoOpenGLError(f"no window: {reason}; expected OpenGL 3.3. {install_advice()}")
    glfw.make_context_current(handle)
    return handle


def window_context() -> moderngl.Context:
    """moderngl on the context that is current in glfw."""
    loader: Any = _Loader()  # moderngl annotates it as a dictionary, and calls its methods
    return moderngl.create_context(require=GL_VERSION, context=loader)


def function_address(name: str) -> int:
    """Where an OpenGL function of glfw's current context lies; 0 if the driver lacks it."""
    return ctypes.cast(glfw.get_proc_address(name), ctypes.c_void_p).value or 0


def egl_function_address(name: str) -> int:
    """The same of EGL's current context."""
    find = ctypes.CDLL("libEGL.so.1").eglGetProcAddress
    find.restype, find.argtypes = ctypes.c_void_p, (ctypes.c_char_p,)
    return find(name.encode()) or 0


def gl_function(result: Any, name: str) -> Callable[[], Any] | None:
    """An OpenGL function without arguments; None if the driver lacks it. ctypes frees the lock."""
    for spelled in (name, name + "ARB"):
        if address := function_address(spelled):
            return ctypes.CFUNCTYPE(result)(address)
    return None


def install_advice() -> str:
    """What brings OpenGL to a machine that has none."""
    if sys.platform == "linux":
        return (
            "Install the graphics driver, or software OpenGL (Debian, Ubuntu: "
            "apt install libgl1 libgl1-mesa-dri libegl1)."
        )
    return "Install the newest driver of the graphics card."


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
    return glfw.create_window(*size, title, None, None)


def _last_error() -> str:
    reason: object = glfw.get_error()[1]
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    return str(text or "the system gives no reason")


def _ignore_error(_code: int, _description: object) -> None:
    """Errors are read where they can be handled; pyGLFW would turn each into a warning."""


class _Loader:
    """Finds OpenGL's functions through glfw, whichever way (GLX, EGL, WGL) it made the context."""

    def load_opengl_function(self, name: str) -> int:
        return function_address(name)

    def release(self) -> None:
        """The window owns the context."""
