"""Display and OpenGL."""

from __future__ import annotations

from app.doctor.finding import Finding, Verdict
from app.viewer.probe import Display


def probe_display(display: Display) -> Finding:
    """What a window would have. Without one mien still tracks and sends."""
    if display.problem is not None:
        return Finding(Verdict.WARN, "display", "no window can be shown", display.reason)
    text = f"{display.platform}, OpenGL {display.version}, {display.renderer} ({display.vendor})"
    if display.software:
        return Finding(
            Verdict.WARN,
            "display",
            text,
            "The processor draws, slowly: install the graphics card's driver.",
        )
    return Finding(Verdict.OK, "display", text)
