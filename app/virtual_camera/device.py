"""Where pictures go, and which of the two kinds is meant."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.virtual_camera import VirtualCameraSettings


class Device(Protocol):
    """What others see. `name`: by which the system knows it. `transparent`: it takes alpha."""

    @property
    def name(self) -> str: ...

    @property
    def transparent(self) -> bool: ...

    def send(self, image: NDArray[np.uint8]) -> None:
        """(H, W, 3) RGB, or (H, W, 4) RGBA with straight alpha if `transparent`.

        Raises OutputError once the device is gone.
        """

    def close(self) -> None: ...


def open_device(settings: VirtualCameraSettings) -> Device:
    """The device that the settings name, or the first. Raises OutputError in one line."""
    kind, _, name = settings.device.partition(":")
    if kind == "ndi":
        from app.virtual_camera.ndi import NdiSource

        return NdiSource(settings, name or "mien")
    from app.virtual_camera.webcam import open_webcam

    return open_webcam(settings)
