"""What this machine has to draw with: a display, a window's OpenGL, off-screen OpenGL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from engine.errors import ViewerError

if TYPE_CHECKING:
    from app.viewer.window import Window


class DisplayProblem(Enum):
    """Why there can be no window."""

    NO_LIBRARIES = auto()  # the window's own libraries cannot be loaded
    NO_DISPLAY = auto()  # no desktop, or none that lets us in
    NO_OPENGL = auto()  # a desktop without OpenGL 3.3


@dataclass(frozen=True, slots=True)
class Display:
    """What a window would have. With a problem, `reason` says what and what to do; else empty."""

    platform: str  # "X11", "Win32", "Cocoa"; empty with a problem
    vendor: str
    renderer: str
    version: str
    software: bool  # drawn by the processor: works, slowly
    transparent: bool  # windows can let through what is behind them
    problem: DisplayProblem | None = None
    reason: str = ""


def probe_display() -> Display:
    """Open a hidden window and look. Never raises for what a machine may lack."""
    try:
        from app.viewer import context, window
    except ImportError as error:
        return _lacking(DisplayProblem.NO_LIBRARIES, f"{error}. Install it, e.g. libx11-6.")
    try:
        with window.Window("mien doctor", (64, 64), shown=False) as hidden:
            return _found(hidden)
    except context.NoDisplayError as error:
        return _lacking(DisplayProblem.NO_DISPLAY, str(error))
    except ViewerError as error:
        return _lacking(DisplayProblem.NO_OPENGL, str(error))


def _found(window: Window) -> Display:
    info = window.gl.info
    return Display(
        platform=window.platform,
        vendor=str(info["GL_VENDOR"]),
        renderer=str(info["GL_RENDERER"]),
        version=str(info["GL_VERSION"]),
        software=window.software,
        transparent=window.transparent,
    )


def _lacking(problem: DisplayProblem, reason: str) -> Display:
    return Display(
        platform="",
        vendor="",
        renderer="",
        version="",
        software=False,
        transparent=False,
        problem=problem,
        reason=reason,
    )
