"""Cameras: how they are opened, and what is said when they cannot be."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2

from app.sources.capture import MJPG, Capture, VideoCapture
from app.sources.devices import Camera, find_again, find_camera, list_cameras
from app.sources.live import LiveSource
from app.sources.source import SourceSettings
from engine.errors import SourceError

FIRST_PICTURE_ATTEMPTS = 3  # of one second each on Linux; a cold sensor may need two

log = logging.getLogger(__name__)

OpenDevice = Callable[[Camera, SourceSettings], Capture]
ListCameras = Callable[[], tuple[Camera, ...]]


def open_camera(
    settings: SourceSettings,
    *,
    list_cameras: ListCameras = list_cameras,
    open_device: OpenDevice | None = None,
    own_camera: str = "",
) -> LiveSource:
    """Open the camera that `settings.spec` names; it is found again by name after a replug.

    own_camera: name or path of the virtual camera that shows our own picture; empty: none does.
    Raises SourceError if it is absent, ambiguous, busy, forbidden or our own.
    """
    present = list_cameras()
    camera = find_camera(settings.spec, present)
    if camera.answers_to(own_camera):
        raise SourceError(
            f"camera {camera} is the virtual camera that shows mien's own picture; expected a "
            "camera that sees a face. See: mien cameras"
        )
    open_one = open_device or open_camera_device
    return LiveSource(
        f"camera {camera.name}",
        reopening(camera, present, settings, list_cameras=list_cameras, open_device=open_one),
        limit=settings.limit,
    )


def reopening(
    camera: Camera,
    before: tuple[Camera, ...],
    settings: SourceSettings,
    *,
    list_cameras: ListCameras,
    open_device: OpenDevice,
) -> Callable[[], Capture]:
    """A function that opens the camera wherever it is plugged in at that moment.

    before: the cameras when it was chosen. An exposure that the driver does not hold is asked for
    once only.
    """
    asked = settings

    def open_capture() -> Capture:
        nonlocal asked
        found = find_again(camera, before, list_cameras())
        if found is None:
            raise SourceError(f"camera {camera.name} is not plugged in.")
        capture = open_device(found, asked)
        if isinstance(capture, VideoCapture) and not capture.exposure_held:
            asked = replace(asked, exposure=0.0)
        return capture

    return open_capture


def open_camera_device(camera: Camera, settings: SourceSettings) -> VideoCapture:
    """Open one camera and wait for its first picture.

    Raises SourceError, also if it opens but gives no picture.
    """
    if sys.platform == "linux" and camera.path is not None:
        _check_permission(camera, Path(camera.path))
    capture = VideoCapture(camera.number, camera.backend)
    if not capture.opened and camera.backend == cv2.CAP_DSHOW:
        capture = _open_by_media_foundation(camera) or capture
    if capture.opened:
        # The format comes first: size and rate are only offered within it, and uncompressed
        # pictures of this size come at 5 to 10 a second over USB 2.
        capture.set(cv2.CAP_PROP_FOURCC, MJPG)
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
        capture.set(cv2.CAP_PROP_FPS, settings.rate)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # a longer queue is only older pictures
        if any(capture.grab() for _ in range(FIRST_PICTURE_ATTEMPTS)):
            if settings.exposure and not capture.hold_exposure(settings.exposure):
                log.warning(
                    "camera %s: its driver does not hold an exposure of %g ms; going on as the "
                    "camera chooses. Try another value, or 0",
                    camera.name,
                    settings.exposure,
                )
            return capture
    capture.close()
    raise SourceError(
        f"camera {camera} is there but gives no picture: probably another program uses it. "
        f"Close that program, then try again.{_privacy_advice()}"
    )


def _open_by_media_foundation(camera: Camera) -> VideoCapture | None:
    for other in list_cameras(cv2.CAP_MSMF):
        if other.name == camera.name:
            return VideoCapture(other.number, cv2.CAP_MSMF)
    return None


def _check_permission(camera: Camera, path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    except PermissionError as error:
        raise SourceError(
            f"camera {camera}: no permission to open {path}. Join its group (usually: sudo "
            "usermod -aG video $USER), then log out and in again."
        ) from error
    except OSError as error:
        raise SourceError(f"camera {camera}: cannot open {path}: {error.strerror}.") from error


def _privacy_advice() -> str:
    if sys.platform == "darwin":
        return " Or allow it: System Settings, Privacy & Security, Camera, your terminal."
    if sys.platform == "win32":
        return " Or allow it: Settings, Privacy, Camera, desktop apps."
    return ""
