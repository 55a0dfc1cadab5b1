"""Display and OpenGL."""

from __future__ import annotations

from collections.abc import Callable

from app.doctor.finding import Finding, Verdict
from app.viewer.probe import Display
from engine.errors import ViewerError


def off_screen_opengl() -> str | None:
    """What draws pictures where no window can be had; None if nothing does."""
    try:
        from app.viewer.snapshot import offscreen_context  # its libraries may be missing

        with offscreen_context() as context:
            info = context.info
            return f"OpenGL {info['GL_VERSION']}, {info['GL_RENDERER']} ({info['GL_VENDOR']})"
    except (ImportError, ViewerError):
        return None


def probe_display(
    display: Display, *, off_screen: Callable[[], str | None] = off_screen_opengl
) -> Finding:
    """What a window would have. Without one mien still tracks and sends, and may still draw."""
    if display.problem is not None:
        drawn = off_screen()
        if drawn is None:
            text = "no window can be shown, and no picture drawn without one"
        else:
            text = f"no window can be shown, but --snapshot works: {drawn}"
        return Finding(Verdict.WARN, "display", text, display.reason.removeprefix("no window: "))
    text = f"{display.platform}, OpenGL {display.version}, {display.renderer} ({display.vendor})"
    if display.software:
        return Finding(
            Verdict.WARN,
            "display",
            text,
            "The processor draws, slowly: install the graphics card's driver.",
        )
    return Finding(Verdict.OK, "display", text)
