"""Which cameras there are, and which of them a person means."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
from cv2_enumerate_cameras import enumerate_cameras

from app.sources.capture import quiet_opencv
from engine.errors import SourceError

VIRTUAL_NAMES = "virtual camera", "unity video capture"  # of OBS and others, in small letters
SYSTEM_VIDEO = Path("/sys/class/video4linux")  # of Linux; links to /sys/devices/virtual/… or a bus
NO_CAMERA = "no camera found. Plug one in, or try the built-in clip: --source demo."


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that is plugged in.

    number:  what `--source` takes; the system may give it to another camera after a replug.
    name:    as its maker calls it.
    path:    the system's own identification, which survives a replug; None if there is none.
    backend: OpenCV's number of the driver that `number` counts for.
    """

    number: int
    name: str
    path: str | None
    backend: int

    def __str__(self) -> str:
        return f"{self.number} ({self.name})"

    @property
    def title(self) -> str:
        """The name, and whether it is a virtual camera."""
        return f"{self.name}, virtual" if self.virtual else self.name

    def answers_to(self, name: str) -> bool:
        """Whether the system calls it so; nothing answers to an empty name."""
        return bool(name) and name in (self.name, self.path)

    @property
    def virtual(self) -> bool:
        """Whether a program makes its pictures; mien may be that program."""
        if self.path is not None and self.path.startswith("/dev/"):
            system = SYSTEM_VIDEO / Path(self.path).name
            return "virtual" in system.resolve().parts
        return any(word in self.name.casefold() for word in VIRTUAL_NAMES)


def preferred_backend() -> int:
    """The driver that opens fast and measures well on this system.

    DirectShow rather than Media Foundation on Windows: the latter takes 12 to 20 s to open some
    cameras (opencv#17687).
    """
    if sys.platform == "win32":
        return cv2.CAP_DSHOW
    return cv2.CAP_AVFOUNDATION if sys.platform == "darwin" else cv2.CAP_V4L2


def list_cameras(backend: int | None = None) -> tuple[Camera, ...]:
    """Cameras in the order of their numbers. Opens none of them."""
    quiet_opencv()
    found = enumerate_cameras(preferred_backend() if backend is None else backend)
    cameras = [Camera(info.index, info.name, info.path, info.backend) for info in found]
    return tuple(sorted(cameras, key=lambda camera: camera.number))


def find_camera(spec: str, cameras: tuple[Camera, ...]) -> Camera:
    """The camera with this number, path, or part of its name (upper and lower case are equal).

    Raises SourceError if there is none or more than one, and says which ones there are.
    """
    if not cameras:
        kind = "camera" if spec.isdecimal() else "file, folder or camera"
        raise SourceError(f"cannot open {kind} {spec!r}: {NO_CAMERA}")
    wanted = spec.casefold()
    if wanted.isdecimal():
        number = wanted.lstrip("0") or "0"
        matches = [camera for camera in cameras if str(camera.number) == number]
    else:
        matches = [camera for camera in cameras if camera.name.casefold() == wanted]
        matches = matches or [camera for camera in cameras if wanted in camera.name.casefold()]
        matches = [camera for camera in cameras if camera.path == spec] or matches
    if len(matches) == 1:
        return matches[0]
    listed = ", ".join(str(camera) for camera in matches or cameras)
    if matches:
        raise SourceError(f"camera {spec!r} is ambiguous: {listed}. Give the number.")
    raise SourceError(
        f"cannot open {spec!r}: no file, folder or camera of that name. Cameras: {listed}."
    )


def find_again(
    camera: Camera, before: tuple[Camera, ...], cameras: tuple[Camera, ...]
) -> Camera | None:
    """The same camera after a replug, when the system may have given it another number.

    before: the cameras when it was chosen. Of several of one name (twins, or a camera with two
    devices) the one of the same rank is taken once all of them are there, till then only the one
    at the very same path.
    """
    if camera in cameras:
        return camera
    ranks = [other for other in before if other.name == camera.name]
    named = [other for other in cameras if other.name == camera.name]
    return named[ranks.index(camera)] if len(named) == len(ranks) else None
