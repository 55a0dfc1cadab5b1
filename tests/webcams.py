"""A virtual camera that no system is needed for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.virtual_camera import VirtualCameraSettings
from engine.errors import OutputError


class Webcam:
    """A device of the product's interface that keeps what it is sent."""

    def __init__(self, settings: VirtualCameraSettings) -> None:
        self.name = settings.device or "/dev/video9"
        self.transparent = settings.device == "glass"
        self.images: list[NDArray[np.uint8]] = []
        self.gone = self.closed = False

    def send(self, image: NDArray[np.uint8]) -> None:
        if self.gone:
            raise OutputError("the virtual camera is gone.")
        self.images.append(image)

    def close(self) -> None:
        self.closed = True
