"""OpenCV's video capture: the one door to cameras, video files and streams."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from app.sources.exposure import free_exposure, hold_exposure

Image = NDArray[np.uint8]

MJPG = cv2.VideoWriter.fourcc(*"MJPG")

DRIVER_FAULTS = (OSError, RuntimeError, ValueError, TypeError, MemoryError, SystemError, cv2.error)
"""What calls into drivers and decoders raise when the device, not the program, is at fault."""

BELIEVED = 30.0  # pictures a second


class Capture(Protocol):
    """One opened device, file or stream. `VideoCapture` is the one that plays real media.

    `grab` waits for the next picture and returns at its arrival, `picture` decodes it: a picture
    that nobody wants costs no decoding, and an arrival can be stamped before it.
    """

    def grab(self) -> bool: ...

    def picture(self) -> Image | None: ...

    @property
    def position(self) -> float: ...

    @property
    def rate(self) -> float | None: ...

    @property
    def frame_count(self) -> int | None: ...

    @property
    def fourcc(self) -> str: ...

    def close(self) -> None: ...


class VideoCapture:
    """A `Capture` by OpenCV. `opened` is False if there was nothing to open.

    exposure_held: whether `hold_exposure` was asked for and the driver obeys.
    attempts: how often in a row it tries to grab; each damaged packet of a file fails one.
    """

    def __init__(
        self, where: int | str, backend: int, parameters: Sequence[int] = (), *, attempts: int = 1
    ) -> None:
        self._attempts = attempts
        self._backend = backend
        self.exposure_held = False
        quiet_opencv()
        # OpenCV waits 10 s for a hung camera; a shutdown should not.
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
        self._capture = cv2.VideoCapture(where, backend, list(parameters))

    @property
    def opened(self) -> bool:
        """Whether there is something to grab from."""
        return self._capture.isOpened()

    def set(self, what: int, value: float) -> bool:
        """Ask the driver for one property (`cv2.CAP_PROP_…`); False if it does not know it."""
        return self._capture.set(what, value)

    def hold_exposure(self, milliseconds: float) -> bool:
        """Expose each picture so long until it is closed; False where the driver refuses."""
        self.exposure_held = hold_exposure(self._capture, self._backend, milliseconds)
        if not self.exposure_held:
            free_exposure(self._capture, self._backend)  # even a refusal may have left that mode
        return self.exposure_held

    def grab(self) -> bool:
        """Wait for the next picture; False if there is none."""
        return any(self._capture.grab() for _ in range(self._attempts))

    def picture(self) -> Image | None:
        """The grabbed picture, (H, W, 3) uint8 BGR, upright; None if it cannot be decoded."""
        try:
            ok, image = self._capture.retrieve()
        except cv2.error:
            return None
        return image_from_decoded(image) if ok else None

    @property
    def position(self) -> float:
        """Media time of the grabbed picture in seconds; 0 where the media has no clock."""
        return self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0

    @property
    def rate(self) -> float | None:
        """Pictures per second as the driver or file states it.

        DirectShow only repeats what it was asked for, so more than 30 of it is not believed.
        """
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        if self._backend == cv2.CAP_DSHOW:
            rate = min(rate, BELIEVED)
        return rate if 0.0 < rate < 1000.0 else None

    @property
    def frame_count(self) -> int | None:
        """Pictures in the file as its header states it; None for a stream."""
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        return count if count > 0 else None

    @property
    def fourcc(self) -> str:
        """Four letters of the picture format, empty if unknown."""
        return name_from_fourcc(int(self._capture.get(cv2.CAP_PROP_FOURCC)))

    def close(self) -> None:
        """Release the device or file."""
        if self.exposure_held:
            free_exposure(self._capture, self._backend)
        self._capture.release()


def image_from_decoded(decoded: cv2.typing.MatLike) -> Image | None:
    """(H, W, 3) uint8 BGR from anything OpenCV decodes: grey, alpha (on white), 16 bit, float.

    None if it has no pixels, or no numbers in them.
    """
    if not isinstance(decoded, np.ndarray) or decoded.dtype.kind not in "buif":
        return None
    if decoded.size == 0 or decoded.ndim not in (2, 3):
        return None
    image = decoded
    if image.dtype == np.uint16:
        image = image // 257  # 65535 becomes 255
    elif image.dtype != np.uint8:
        image = np.nan_to_num(image).clip(0.0, 1.0) * 255.0 + 0.5
    image = image.astype(np.uint8, copy=False)
    if image.ndim == 2:
        image = image[:, :, None]
    if image.shape[2] in (2, 4):
        alpha = image[:, :, -1:].astype(np.uint16)
        image = ((image[:, :, :-1] * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)
    if image.shape[2] == 1:
        image = np.repeat(image, 3, axis=2)
    return np.ascontiguousarray(image) if image.shape[2] == 3 else None


def name_from_fourcc(fourcc: int) -> str:
    """`MJPG` from its four bytes; empty if they are no letters."""
    if fourcc <= 0:
        return ""
    name = fourcc.to_bytes(4, "little").decode("latin-1")
    return name.strip() if name.isprintable() else ""


def quiet_opencv() -> None:
    """Keep OpenCV and FFmpeg from stderr: our own one-line errors say it.

    Whoever debugs them sets OPENCV_LOG_LEVEL and OPENCV_FFMPEG_LOGLEVEL.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if "OPENCV_LOG_LEVEL" in os.environ:
        return
    if hasattr(cv2, "setLogLevel"):  # OpenCV 4
        cv2.setLogLevel(0)
    else:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
