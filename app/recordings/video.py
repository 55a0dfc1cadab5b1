"""Reference video: the camera's pictures as they came, each at its own time.

Matroska with JPEG pictures (.mkv), which ffmpeg, Blender, Resolve, VLC and mien itself play; about
100 kB a picture at 1280×720. Its time begins with the take's first state, as that of every other
file of the take. A picture that shows as long as the camera is silent is written once.

A thread of its own encodes. Pictures wait for it up to a limit of memory; more than that are left
out, and the states go on undisturbed.
"""

from __future__ import annotations

import logging
from pathlib import Path

import cv2

from app.recordings.matroska import Matroska
from app.threads import Backlog, Worker
from engine.closing import Closing
from engine.data import Frame

QUALITY = 90  # of JPEG, 0..100
MEMORY = 96 << 20  # bytes of pictures that wait: a second of 1280×720 at 30 a second
PATIENCE = 0.1  # s that the thread waits for a picture before it looks whether it should end
CLOSING = 5.0  # s for the pictures that still wait at the end

log = logging.getLogger(__name__)


class Video(Closing):
    """Takes every picture that was tracked.

    rows: how many pictures are in the file.
    """

    def __init__(self, path: Path) -> None:
        """Raises RecordingError as `new_file` does."""
        self.path = path
        self._file = Matroska(path)
        self._size: tuple[int, int] | None = None  # of the first picture
        self._start: float | None = None
        self._last: Frame | None = None
        self._waiting: Backlog[Frame] = Backlog(MEMORY)
        self._left_out = 0
        self._closing = False
        self._worker = Worker(self._encode)
        self._worker.start()

    @property
    def rows(self) -> int:
        return self._file.pictures

    def add(self, frame: Frame) -> None:
        """Hand over a picture. Never waits. Raises RecordingError, also for one before."""
        self._worker.check()
        if self._last is not None and frame.image is self._last.image:
            return
        if self._start is None:
            self._start = frame.timestamp
        self._last = frame
        if not self._waiting.offer(frame, frame.image.nbytes):
            self._left_out += 1

    def _encode(self) -> bool:
        frame = self._waiting.take(0.0 if self._closing else PATIENCE)
        if frame is None:
            return not self._closing
        image = frame.image
        if self._size is None:
            self._size = (image.shape[1], image.shape[0])
        elif self._size != (image.shape[1], image.shape[0]):  # the camera came back with another
            image = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        assert self._start is not None
        self._file.append(jpeg.tobytes(), frame.timestamp - self._start, self._size)
        return True

    def close(self) -> None:
        """Encode what waits. May be called twice. Raises RecordingError."""
        if self._closing:
            return
        self._closing = True
        self._worker.wait(CLOSING)
        self._worker.close()
        if self._left_out:
            log.warning(
                "%s lacks %d pictures, which came faster than they could be encoded",
                self.path,
                self._left_out,
            )
        self._file.close()
        self._worker.check()
