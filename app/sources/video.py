"""Video files."""

from __future__ import annotations

from pathlib import Path

import cv2

from app.sources.capture import VideoCapture
from app.sources.recorded import RecordedSource, check_file
from app.sources.source import SourceSettings
from engine.errors import SourceError

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".gif"})
DAMAGE_LIMIT = 100  # packets in a row that cannot be decoded before a file counts as ended


def open_video(path: Path, settings: SourceSettings) -> RecordedSource:
    """Open a video file.

    Raises SourceError if it is missing, empty, unreadable, or has no picture.
    """
    return RecordedSource(path.name, lambda: _open_file(path), settings)


def _open_file(path: Path) -> VideoCapture:
    check_file(path)
    capture = VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG, attempts=DAMAGE_LIMIT)
    if not capture.opened:
        raise SourceError(
            f"cannot play {path}: no video in it that can be decoded. Expected mp4, mov, mkv, "
            "avi, webm or gif with a picture track, complete to its end."
        )
    return capture
