"""On the control panel's first page: the figure as a webcam."""

from __future__ import annotations

from app.actions import SetVirtualCamera
from app.statistics import VirtualCameraStatistics
from app.viewer import controls, theme
from app.viewer.asked import Asked


def draw_virtual_camera(camera: VirtualCameraStatistics, asked: Asked) -> None:
    controls.title("Webcam for calls")
    on = controls.switch("Show the figure as a webcam", camera.on)
    if on != camera.on:
        asked.actions.append(SetVirtualCamera(on))
    if camera.fault:
        controls.note(camera.fault, theme.WARNING)
    elif camera.device:
        controls.note(f"{camera.device}, {camera.rate_hz:.0f} pictures a second")
    elif camera.on:
        controls.note("Opening …")
    opaque = camera.on and not camera.transparent
    if opaque and asked.settings.background == "transparent":
        controls.note("A webcam has no transparency: it shows the colour key.")
