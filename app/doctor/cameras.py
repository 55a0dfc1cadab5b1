"""Cameras: whether each opens, gives pictures, and at which rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from app.doctor.finding import Finding, Verdict
from app.sources.camera import OpenDevice, open_camera_device
from app.sources.devices import Camera
from app.sources.source import SourceSettings
from engine.errors import SourceError

MEASURED_TIME = 1.0  # s
SLOW = 0.75  # of the rate that the driver states


def probe_cameras(
    cameras: Sequence[Camera],
    *,
    open_device: OpenDevice = open_camera_device,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Finding]:
    """One finding a camera; each is on for a second."""
    if not cameras:
        return [
            Finding(
                Verdict.WARN,
                "camera",
                "none found",
                "Plug one in. Without one: mien run --source demo, or a video file.",
            )
        ]
    return [_probe(camera, open_device, clock) for camera in cameras]


def _probe(camera: Camera, open_device: OpenDevice, clock: Callable[[], float]) -> Finding:
    subject = f"camera {camera.number}"
    try:
        capture = open_device(camera, SourceSettings())
    except SourceError as error:
        return Finding(Verdict.FAIL, subject, camera.name, str(error))
    image = capture.picture() if capture.grab() else None
    count, start = 0, clock()
    now = start
    while image is not None and now - start < MEASURED_TIME and capture.grab():
        count, now = count + 1, clock()
    stated, fourcc = capture.rate, capture.fourcc
    capture.close()
    if image is None:
        return Finding(
            Verdict.FAIL,
            subject,
            f"{camera.name} opens but gives no picture",
            "Close other programs that use it, plug it in again, try another USB socket.",
        )
    rate = count / (now - start) if now > start else 0.0
    text = (
        f"{camera.name}: {image.shape[1]}×{image.shape[0]} {fourcc or 'unknown format'}, "
        f"{rate:.1f} pictures/s"
    )
    if stated is not None and rate < SLOW * stated:
        return Finding(
            Verdict.WARN,
            subject,
            f"{text} instead of {stated:.0f}",
            "Usually too dark: more light, or a shorter exposure in the camera's own settings.",
        )
    return Finding(Verdict.OK, subject, text)
