"""Sends the figure to a virtual camera for as long as that is wanted, and can be."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from app.latency import Rate
from app.statistics import VirtualCameraStatistics
from app.threads import Latest, Worker
from app.virtual_camera import VirtualCameraSettings
from app.virtual_camera.device import Device, open_device
from engine.closing import Closing
from engine.errors import OutputError

PAUSE = 0.1  # s between two looks whether it is wanted, or may be tried again
RETRY = 3.0  # s between two attempts to open a device
REPEAT = 1.5  # intervals without a new picture after which the last one is sent again

log = logging.getLogger(__name__)

OpenDevice = Callable[[VirtualCameraSettings], Device]


class VirtualCamera(Closing):
    """`put` and `take` are for the main thread; a worker of its own opens, sends, closes.

    fault: why it does not send though it should. It then is tried again.
    """

    def __init__(
        self, settings: VirtualCameraSettings, *, open_device: OpenDevice = open_device
    ) -> None:
        self._settings = settings
        self._open_device = open_device
        self._pictures: Latest[NDArray[np.uint8]] = Latest()
        self._image: NDArray[np.uint8] | None = None
        self._device: Device | None = None
        self._opened = settings  # the settings of the device that is open
        self._try_at = 0.0
        self._sent = 0
        self._sends = Rate()
        self.fault = ""
        self._worker = Worker(self._step)

    def require(self) -> None:
        """Before the worker starts: open it if it is wanted. Raises OutputError if that fails."""
        if self._settings.on:
            self._device = self._open_device(self._settings)

    @property
    def settings(self) -> VirtualCameraSettings:
        """As they are wanted."""
        return self._settings

    def take(self, settings: VirtualCameraSettings) -> None:
        """Go on with these, switched on or off."""
        self._settings = settings
        self._try_at = 0.0

    @property
    def wanted(self) -> bool:
        """Whether there is anybody to draw for."""
        return self._settings.on and self._device is not None

    @property
    def size(self) -> tuple[int, int]:
        return self._settings.size

    @property
    def rate(self) -> float:
        return self._settings.rate

    @property
    def transparent(self) -> bool:
        """Whether it takes what has alpha."""
        device = self._device
        return device is not None and device.transparent

    @property
    def device(self) -> str:
        """The device's name; empty while none is open."""
        device = self._device
        return "" if device is None else device.name

    @property
    def statistics(self) -> VirtualCameraStatistics:
        """How it is going."""
        return VirtualCameraStatistics(
            on=self._settings.on,
            device=self.device,
            transparent=self.transparent,
            fault=self.fault,
            pictures=self._sent,
            rate_hz=self._sends.hertz() if self.wanted else 0.0,
        )

    def put(self, image: NDArray[np.uint8]) -> None:
        """Send this, (H, W, 4) RGBA, straight; opaque unless `transparent`. Never waits."""
        self._pictures.put(image)

    def check(self) -> None:
        """Raise whatever unforeseen ended the worker."""
        self._worker.check()

    def _step(self) -> bool:
        settings = self._settings
        if self._device is not None and settings != self._opened:
            self._let_go()
        if not settings.on:
            self.fault = ""
            time.sleep(PAUSE)
        elif self._device is not None:
            self._send(self._device, REPEAT / settings.rate)
        elif time.perf_counter() >= self._try_at:
            self._open(settings)
        else:
            time.sleep(PAUSE)
        return True

    def _send(self, device: Device, patience: float) -> None:
        """The next picture, or the last one again: receivers take a silence for the end."""
        image = self._pictures.take(patience)
        if image is not None and image.shape[1::-1] == self._opened.size:
            self._image = np.ascontiguousarray(image)
            if not device.transparent:
                rgb = cv2.cvtColor(self._image, cv2.COLOR_RGBA2RGB)
                self._image = np.asarray(rgb, np.uint8)
        if self._image is None:
            return
        try:
            device.send(self._image)
        except OutputError as error:
            self._let_go()
            self._say(str(error))
            return
        self._sent += 1
        self._sends.add(time.perf_counter())

    def _open(self, settings: VirtualCameraSettings) -> None:
        try:
            self._device = self._open_device(settings)
        except OutputError as error:
            self._say(str(error))
            return
        self._opened = settings
        self._sends = Rate()
        self.fault = ""
        log.info("virtual camera %s: open", self._device.name)

    def _let_go(self) -> None:
        device, self._device, self._image = self._device, None, None
        if device is not None:
            device.close()

    def _say(self, fault: str) -> None:
        """Once, however often it is tried."""
        self._try_at = time.perf_counter() + RETRY
        if fault != self.fault:
            self.fault = fault
            log.warning("%s Going on without it.", fault)

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def close(self) -> None:
        self._worker.close()
        if not self._worker.running:
            self._let_go()
