"""A source of NDI, with alpha, for OBS and others in the network, by cyndilib.

cyndilib (MIT) brings Vizrt's NDI library, which has a licence of its own, and is therefore an
extra. The library listens at TCP ports from 5960 on, for every machine that reaches this one.
Source: https://github.com/cyndilib/cyndilib, https://docs.ndi.video
"""

from __future__ import annotations

import logging
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from app.virtual_camera import VirtualCameraSettings
from engine.errors import OutputError

log = logging.getLogger(__name__)


class NdiSource:
    """Others see it as COMPUTER (name). Raises OutputError if it cannot be opened."""

    transparent = True

    def __init__(self, settings: VirtualCameraSettings, name: str) -> None:
        self.name = f"NDI source {name}"
        try:
            from cyndilib.sender import Sender
            from cyndilib.video_frame import VideoSendFrame
            from cyndilib.wrapper.ndi_structs import FourCC
        except ImportError as error:
            raise OutputError(
                "cannot send by NDI: the package cyndilib is not installed; expected the extra "
                "`ndi` (Vizrt's NDI library, under a licence of its own: "
                'http://ndi.link/ndisdk_license). Install it: pip install ".[ndi]"'
            ) from error
        frame = VideoSendFrame()
        frame.set_resolution(*settings.size)
        frame.set_frame_rate(Fraction(settings.rate).limit_denominator(1001))
        frame.set_fourcc(FourCC.RGBA)
        self._sender = Sender(name, clock_video=False)
        self._sender.set_video_frame(frame)
        try:
            self._sender.open()
        except RuntimeError as error:
            raise OutputError(
                f"cannot send by NDI: {error}; expected its library to start. Restart the computer."
            ) from error
        log.warning("%s: everybody in your network can watch it.", self.name)

    def send(self, image: NDArray[np.uint8]) -> None:
        """See `Device`; NDI's alpha is straight."""
        self._sender.write_video(image.reshape(-1))

    def close(self) -> None:
        self._sender.close()
