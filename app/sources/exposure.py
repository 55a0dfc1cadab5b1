"""A camera's exposure time, held: [source] `exposure`. Every driver counts it otherwise."""

from __future__ import annotations

import math
from typing import Protocol

import cv2


class Properties(Protocol):
    """What a driver lets one set and read: OpenCV's `cv2.CAP_PROP_…`."""

    def set(self, what: int, value: float) -> bool: ...

    def get(self, what: int) -> float: ...


def hold_exposure(driver: Properties, backend: int, milliseconds: float) -> bool:
    """Hold the exposure at so long; False where the driver refuses.

    Video4Linux2 counts 100 µs (V4L2_CID_EXPOSURE_ABSOLUTE) and has 1 for a manual mode, Windows
    powers of two of a second (IAMCameraControl) and 0; AVFoundation has neither.
    """
    if backend == cv2.CAP_V4L2:
        manual, exposure = 1.0, max(1.0, round(milliseconds * 10.0))
    elif backend in (cv2.CAP_DSHOW, cv2.CAP_MSMF):
        manual, exposure = 0.0, float(round(math.log2(milliseconds / 1000.0)))
    else:
        return False
    driver.set(cv2.CAP_PROP_AUTO_EXPOSURE, manual)  # some cameras have no other mode
    if not driver.set(cv2.CAP_PROP_EXPOSURE, exposure):
        return False
    # Drivers round to whole units of theirs.
    return abs(driver.get(cv2.CAP_PROP_EXPOSURE) - exposure) <= max(1.0, 0.25 * abs(exposure))


def free_exposure(driver: Properties, backend: int) -> None:
    """Let the camera choose again: it would keep a held exposure for the next program, too."""
    automatic = 3.0 if backend == cv2.CAP_V4L2 else 1.0
    driver.set(cv2.CAP_PROP_AUTO_EXPOSURE, automatic)
