"""The system's virtual camera, by pyvirtualcam.

That package is GPL-2.0 and therefore an extra: it is loaded by nothing but a virtual camera that
was asked for.
Source: https://github.com/letmaik/pyvirtualcam
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.virtual_camera import VirtualCameraSettings
from engine.errors import OutputError

NO_PACKAGE = (
    "cannot open a virtual camera: the package pyvirtualcam is not installed; expected the extra "
    '`camera` (GPL-2.0, so no part of mien). Install it: pip install ".[camera]"'
)
MODPROBE = "sudo modprobe v4l2loopback exclusive_caps=1 card_label=mien"


def open_webcam(settings: VirtualCameraSettings) -> Webcam:
    """The device that the settings name, or the first. Raises OutputError in one line."""
    try:
        import pyvirtualcam
    except ImportError as error:
        raise OutputError(NO_PACKAGE) from error
    width, height = settings.size
    try:
        camera = pyvirtualcam.Camera(
            width=width, height=height, fps=settings.rate, device=settings.device or None
        )
    except RuntimeError as error:
        raise OutputError(_told(str(error))) from error
    return Webcam(camera)


class Webcam:
    """pyvirtualcam's camera: no sending to it ever fails, so a device file is looked for."""

    transparent = False

    def __init__(self, camera: Any) -> None:
        self.name: str = camera.device
        self._camera = camera
        self._file = Path(self.name) if self.name.startswith("/") else None

    def send(self, image: NDArray[np.uint8]) -> None:
        """See `Device`."""
        if self._file is not None and not self._file.exists():
            raise OutputError(f"the virtual camera {self.name} is gone. {_advice('')}")
        self._camera.send(image)

    def close(self) -> None:
        self._camera.close()


def _told(reasons: str) -> str:
    """pyvirtualcam gives a line for each kind of camera: 'kind' backend: reason. Advice."""
    first = [line.partition("backend: ")[2] or line for line in reasons.splitlines()]
    reason = "; ".join(line.partition(". ")[0].rstrip(".") for line in first)
    return f"cannot open a virtual camera: {reason}. {_advice(reason)}"


def _advice(reason: str) -> str:
    if "permission" in reason:
        return "Join the group of cameras: sudo usermod -aG video $USER, then sign in again."
    if "busy" in reason or "in use" in reason:
        return "Close the program that writes to it, or name another: --virtual-camera DEVICE."
    if sys.platform == "linux":
        return f"Load one: {MODPROBE} (Debian, Ubuntu: apt install v4l2loopback-dkms)."
    if sys.platform == "darwin":
        return "Install OBS Studio 30 or newer, and start and stop its virtual camera once."
    return "Install OBS Studio, and stop its own virtual camera; or install Unity Capture."
