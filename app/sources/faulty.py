"""A camera that fails on schedule, for development: `--source "faulty:FILE?unplug@3+2,hang@8"`.

It plays a video again and again as a camera would, and goes through the same doors as a real one:
the list of cameras, opening by name, reopening (app/sources/camera.py). What it shows goes on while
no picture is taken. FILE may be `demo`.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from app.sources.camera import open_camera
from app.sources.capture import Capture, Image, VideoCapture
from app.sources.demo import demo_path
from app.sources.devices import Camera
from app.sources.faults import Fault, FaultKind, parse_faults
from app.sources.live import LiveSource
from app.sources.recorded import check_file
from app.sources.source import SourceSettings
from engine.errors import SourceError

PREFIX = "faulty:"
NAME = "Faulty Camera"
USUAL_RATE = 30.0
WAKING = 4  # old pictures that a driver still holds after a sleep
AHEAD = 8  # pictures that are passed over one by one; more are jumped over
LOOK = 0.01  # s between two looks whether a hang is over

log = logging.getLogger(__name__)


def open_faulty(settings: SourceSettings) -> LiveSource:
    """Open `faulty:FILE?FAULTS`. Raises SourceError if the file or a fault cannot be read."""
    file, mark, faults = settings.spec.removeprefix(PREFIX).rpartition("?")
    if not mark:
        file, faults = faults, ""
    if not file:
        raise SourceError(
            f"cannot play {settings.spec}: it names no file; expected {PREFIX}FILE?FAULTS, such as "
            f"{PREFIX}demo?unplug@3+2, or {PREFIX}FILE for a camera without a fault."
        )
    path = demo_path() if file == "demo" else Path(os.path.expanduser(file))
    check_file(path)
    camera = FaultyCamera(path, parse_faults(faults))
    return open_camera(
        replace(settings, spec=NAME),
        list_cameras=camera.list_cameras,
        open_device=camera.open_device,
    )


class FaultyCamera:
    """The camera itself, plugged into a computer of its own."""

    def __init__(
        self,
        path: Path,
        faults: tuple[Fault, ...],
        *,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.path = path
        self.clock, self.sleep = clock, sleep
        self._faults = faults
        self._started: float | None = None

    def time(self) -> float:
        """Seconds since it was opened first."""
        return 0.0 if self._started is None else self.clock() - self._started

    def fault(self, kind: FaultKind) -> Fault | None:
        """The fault of this kind that is happening."""
        now = self.time()
        return next((f for f in self._faults if f.kind == kind and f.is_on(now)), None)

    @property
    def plugged(self) -> bool:
        """Whether the computer sees it."""
        return self.fault("unplug") is None and self.fault("replug") is None

    def list_cameras(self) -> tuple[Camera, ...]:
        """The cameras of that computer: this one, if it is plugged in."""
        if not self.plugged:
            return ()
        moved = sum(f.kind == "replug" and f.end <= self.time() for f in self._faults)
        return (Camera(moved, NAME, f"faulty{moved}", cv2.CAP_ANY),)

    def open_device(self, camera: Camera, settings: SourceSettings) -> Capture:
        """Open it. Raises SourceError while it is busy or the computer sleeps."""
        if self.fault("busy") is not None or self.fault("sleep") is not None:
            raise SourceError(f"camera {camera} is there but gives no picture: it is busy.")
        self.wait_out(self.fault("slow"))
        capture = FaultyCapture(self, camera)
        if self._started is None:
            self._started = self.clock()
            log.info("%s: its faults count from now on", NAME)
        return capture

    def wait_out(self, fault: Fault | None) -> bool:
        """Return when it is over; whether there was one."""
        while fault is not None and fault.is_on(self.time()):
            self.sleep(LOOK)
        return fault is not None


class FaultyCapture:
    """One opening of the camera. A fault that an opening cures counts only if it began later."""

    def __init__(self, device: FaultyCamera, camera: Camera) -> None:
        self._device, self._camera = device, camera
        self._video = self._open()
        self.rate: float | None = self._video.rate or USUAL_RATE
        self.frame_count: int | None = None
        self.fourcc = "FILE"
        self._period = 1.0 / self.rate
        self._opened = device.time()
        self._due = self._opened
        self._at = 0  # pictures since the camera was opened first
        self._count = 0
        self._shown: Image | None = None
        self._old = 0  # pictures of before a sleep that are still to come
        self._dead = False  # since a sleep

    def _open(self) -> VideoCapture:
        video = VideoCapture(str(self._device.path.resolve()), cv2.CAP_FFMPEG)
        if not video.opened:
            video.close()
            raise SourceError(f"cannot play {self._device.path}: no video that can be decoded.")
        return video

    def grab(self) -> bool:
        """Wait for the next picture, as far as the faults let it come."""
        device = self._device
        if self._old:
            self._old -= 1
            self._dead = not self._old
            return True
        if self._dead or device.fault("busy") or self._camera not in device.list_cameras():
            return False
        slower = 2 if device.fault("dark") else 1
        if device.fault("error"):
            device.sleep(LOOK)
            raise OSError("Input/output error")
        self._due = max(self._due + slower * self._period, device.time())
        device.sleep(max(0.0, self._due - device.time()))
        device.wait_out(self._begun("hang"))
        if device.wait_out(self._begun("sleep")):
            self._old = WAKING
        self._count += 1
        return self._catch_up()

    def picture(self) -> Image | None:
        """The grabbed picture, with a few pixels of noise as every sensor has it."""
        if self._old or (self._shown is not None and self._begun("freeze")):
            return self._shown
        image = self._video.picture()
        if image is None:
            return None
        if self._device.fault("resize"):
            image = cv2.resize(image, None, fx=0.5, fy=0.5).astype(np.uint8, copy=False)
        image[-1, :8] = np.frombuffer(self._count.to_bytes(8, "little"), np.uint8)[:, None]
        if self._device.fault("corrupt"):
            if self._count % 2:
                return None
            image[len(image) // 2 :] = self._count * 37 % 256
        self._shown = image
        return image if not self._device.fault("odd") else odd(image, self._count)

    @property
    def position(self) -> float:
        """A camera has no clock of its own."""
        return 0.0

    def close(self) -> None:
        """Switch it off."""
        self._video.close()

    def _begun(self, kind: FaultKind) -> Fault | None:
        """The fault of this kind that is happening and began after this opening."""
        fault = self._device.fault(kind)
        return fault if fault is not None and fault.start >= self._opened else None

    def _catch_up(self) -> bool:
        """Go on to the picture of this moment: what is before a camera does not wait for it."""
        now = max(int(self._device.time() / self._period), self._at + 1)
        if now - self._at > AHEAD and self._video.frame_count:
            self._video.set(cv2.CAP_PROP_POS_FRAMES, (now - 1) % self._video.frame_count)
            self._at = now - 1
        passed, self._at = now - self._at, now
        return all(self._video.grab() or self._rewound() for _ in range(passed))

    def _rewound(self) -> bool:
        self._video.close()
        self._video = self._open()
        return self._video.grab()


def odd(image: Image, count: int) -> Image:
    """The picture as cameras and their wrappers give it that are not what was asked for."""
    kinds: tuple[Callable[[], cv2.typing.MatLike], ...] = (
        lambda: cv2.cvtColor(image, cv2.COLOR_BGR2GRAY),
        lambda: cv2.cvtColor(image, cv2.COLOR_BGR2BGRA),
        lambda: image.astype(np.uint16) * 257,
        lambda: image[:0],
    )
    return kinds[count % len(kinds)]()  # type: ignore[return-value]  # that is the point
