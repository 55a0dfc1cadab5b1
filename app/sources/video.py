"""Video files, and streams with an end: every picture in order, at the file's own pace."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2

from app.sources.capture import Capture, VideoCapture
from app.sources.playback import MediaClock, Playback
from app.sources.source import SourceSettings
from engine.data import Frame
from engine.errors import SourceError

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".gif"})
USUAL_RATE = 30.0  # for the few files that state none
BROKEN_LIMIT = 100  # undecodable pictures in a row after which a file counts as ended


class VideoSource:
    """Plays what `open_capture` opens, once or for ever."""

    def __init__(
        self,
        name: str,
        open_capture: Callable[[], Capture],
        settings: SourceSettings,
    ) -> None:
        self.name = name
        self.live = False
        self.ended = False
        self._open_capture = open_capture
        self._loop = settings.loop
        self._capture = open_capture()
        self._period = 1.0 / (self._capture.rate or USUAL_RATE)
        self._clock = MediaClock(self._period)
        self._playback = Playback(settings.pace)
        self._frame: Frame | None = None  # the next one, waiting until it is due
        self._index = 0
        self._frame = self._next()
        if self._frame is None:
            self.close()
            raise SourceError(
                f"cannot play {name}: no picture in it can be read. Is it cut off or damaged? "
                "Play it in a video player; if that fails too, copy or export it again."
            )

    @property
    def frame_count(self) -> int | None:
        """As the file's header states it (a cut off file holds fewer); None if it loops."""
        return None if self._loop else self._capture.frame_count

    def read(self) -> Frame | None:
        """The next picture once it is due; see `Source.read`."""
        frame = self._frame or self._next()
        self._frame = None
        if frame is None:
            self.ended = True
            return None
        if not self._playback.wait(frame.timestamp):
            self._frame = frame
            return None
        self._index += 1
        return Frame(frame.image, frame.timestamp, time.perf_counter(), self._index - 1)

    def _next(self) -> Frame | None:
        """Decode the next picture that is not too late to be seen."""
        broken = 0
        restarted = False
        while broken < BROKEN_LIMIT:
            if not self._capture.grab():
                if not self._loop or restarted or self._index == 0:
                    return None
                self._restart()
                restarted = True
                continue
            timestamp = self._clock.update(self._capture.position)
            if self._playback.is_late(timestamp, self._period):
                continue
            image = self._capture.picture()
            if image is not None:
                return Frame(image, timestamp, time.perf_counter(), self._index)
            broken += 1
        return None

    def _restart(self) -> None:
        # Opened anew: seeking to 0 lands on the wrong picture in some containers.
        self._capture.close()
        self._capture = self._open_capture()
        self._clock.restart()

    def close(self) -> None:
        """Close the file."""
        self._capture.close()
        self.ended = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_video(path: Path, settings: SourceSettings) -> VideoSource:
    """Open a video file.

    Raises SourceError if it is missing, empty, unreadable, or has no picture.
    """
    return VideoSource(path.name, lambda: _open_file(path), settings)


def _open_file(path: Path) -> VideoCapture:
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}.") from error
    if empty:
        raise SourceError(f"cannot play {path}: the file is empty.")
    capture = VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG)
    if not capture.opened:
        raise SourceError(
            f"cannot play {path}: no video in it that can be decoded. Expected mp4, mov, mkv, "
            "avi, webm or gif with a picture track, complete to its end."
        )
    return capture
