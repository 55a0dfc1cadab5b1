"""Network streams (rtsp, http, udp, …): the latest picture; passwords stay out of every message."""

from __future__ import annotations

import cv2

from app.privacy import masked_url
from app.sources.capture import Capture, VideoCapture
from app.sources.live import LiveSource
from app.sources.recorded import RecordedSource
from app.sources.source import Source, SourceSettings
from engine.errors import SourceError

SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "srt", "udp", "tcp", "rtp")
TIMEOUT_MS = 5000  # for opening and for each picture


def open_url(settings: SourceSettings) -> Source:
    """Open an address. A stream is live and comes back by itself; a file behind an address plays.

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
    unused = [opened]

    def open_capture() -> Capture:
        return unused.pop() if unused else _open_stream(settings.spec, name)

    if opened.frame_count is not None:
        return RecordedSource(name, open_capture, settings)
    return LiveSource(name, open_capture)


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
