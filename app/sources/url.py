"""Addresses (rtsp, http, udp, …): streams, files, pictures. Passwords stay out of every message."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

import cv2

from app.privacy import masked_url
from app.sources.capture import Capture, Image, VideoCapture
from app.sources.live import LiveSource
from app.sources.pictures import PICTURE_SUFFIXES
from app.sources.recorded import DAMAGED, RecordedSource
from app.sources.source import Source, SourceSettings
from engine.errors import SourceError

SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "srt", "udp", "tcp", "rtp")
TIMEOUT_MS = 5000  # for opening and for each picture
HANGS = TIMEOUT_MS / 1000 + 1.5  # s; the timeout is FFmpeg's own, and not all of it keeps to it
NO_SEEKING = "or its index is at its end and the server cannot seek: download it first"


class FetchedPicture:
    """A `Capture` of one picture, fetched once, however often it is played."""

    def __init__(self, image: Image, rate: float) -> None:
        self._image = image
        self._grabbed = False
        self.rate: float | None = rate
        self.frame_count: int | None = 1
        self.fourcc = ""
        self.position = 0.0

    def grab(self) -> bool:
        """True the first time."""
        first, self._grabbed = not self._grabbed, True
        return first

    def picture(self) -> Image | None:
        """The picture."""
        return self._image

    def close(self) -> None:
        """Nothing is held open."""


def open_url(settings: SourceSettings) -> Source:
    """Open an address. A stream is live and comes back by itself; a file behind an address plays.

    A picture is one only if its name ends like one: of another address nobody can say that nothing
    more will come.
    Raises SourceError if nothing answers, or what answers holds no pictures.
    """
    try:
        name = masked_url(settings.spec)
    except ValueError as error:
        raise SourceError(
            f"cannot open the address: {error}; expected for example rtsp://camera/stream."
        ) from error
    scheme = settings.spec.partition("://")[0].lower()
    if scheme not in SCHEMES:
        raise SourceError(
            f"cannot open {name}: {scheme}:// is not understood; expected one of "
            f"{', '.join(SCHEMES)}."
        )
    opened = _open_stream(settings.spec, name)
    if PurePosixPath(urlsplit(settings.spec).path).suffix.lower() in PICTURE_SUFFIXES:
        image = opened.picture() if opened.grab() else None
        goes_on = opened.grab()  # a camera's stream may have such a name
        opened.close()
        if image is None:
            raise SourceError(f"cannot open {name}: it cannot be read as a picture.")
        if not goes_on:
            rate = settings.picture_rate
            return RecordedSource(name, lambda: FetchedPicture(image, rate), settings)
        opened = _open_stream(settings.spec, name)
    unused = [opened]

    def open_capture() -> Capture:
        return unused.pop() if unused else _open_stream(settings.spec, name)

    if opened.frame_count is not None:
        likely = f"{DAMAGED}, {NO_SEEKING}"
        return RecordedSource(name, open_capture, settings, likely=likely)
    return LiveSource(name, open_capture, hangs=HANGS, camera=False, limit=settings.limit)


def _open_stream(url: str, name: str) -> VideoCapture:
    timeouts = (
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        TIMEOUT_MS,
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        TIMEOUT_MS,
    )
    capture = VideoCapture(url, cv2.CAP_FFMPEG, timeouts)
    if not capture.opened:
        raise SourceError(
            f"cannot open {name}: nothing there that plays within {TIMEOUT_MS // 1000} s. "
            "Check the address (does it play in VLC?), user and password, and the network."
        )
    return capture
