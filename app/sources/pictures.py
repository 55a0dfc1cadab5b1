"""Folders of pictures and single pictures, played at a constant rate."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from app.sources.capture import Image, image_from_decoded, quiet_opencv
from app.sources.playback import MediaClock, Playback
from app.sources.source import SourceSettings
from engine.data import Frame
from engine.errors import SourceError

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"})
SIDE_LIMIT = 4096  # pixels; a scan or panorama beyond it is scaled down, no face needs more

log = logging.getLogger(__name__)


class PictureSource:
    """Plays picture files one after the other. Those that cannot be decoded are left out."""

    def __init__(self, name: str, paths: tuple[Path, ...], settings: SourceSettings) -> None:
        self.name = name
        self.live = False
        self.ended = False
        self._paths = paths
        self._loop = settings.loop
        self._period = 1.0 / settings.picture_rate
        self._clock = MediaClock(self._period)
        self._playback = Playback(settings.pace)
        self._place = 0  # of the next picture in `paths`
        self._left_out: set[Path] = set()
        self._index = 0
        self._frame = self._next()
        if self._frame is None:
            raise SourceError(
                f"cannot play {name}: none of its {len(paths)} picture(s) can be decoded. "
                "Expected png, jpg, bmp, webp or tif. Save them again with another program."
            )

    @property
    def frame_count(self) -> int | None:
        """Number of picture files; None if they repeat for ever."""
        return None if self._loop else len(self._paths)

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
        for _ in range(2 * len(self._paths)):
            if self._place == len(self._paths):
                if not self._loop:
                    return None
                self._place = 0
                self._clock.restart()
            path = self._paths[self._place]
            timestamp = self._clock.update(self._place * self._period)
            self._place += 1
            if path in self._left_out or self._playback.is_late(timestamp, self._period):
                continue
            image = image_from_file(path)
            if image is not None:
                return Frame(image, timestamp, time.perf_counter(), self._index)
            self._left_out.add(path)
            if len(self._paths) > 1:
                log.warning("%s is left out: it cannot be decoded as a picture", path.name)
        return None

    def close(self) -> None:
        """Nothing is held open between pictures."""
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


def open_pictures(path: Path, settings: SourceSettings) -> PictureSource:
    """Open a folder of pictures (in natural order: 2 before 10) or a single picture.

    Raises SourceError if there is none, or none can be decoded.
    """
    if not path.is_dir():
        return PictureSource(path.name, (path,), settings)
    try:
        paths = [
            entry
            for entry in path.iterdir()
            if entry.suffix.lower() in PICTURE_SUFFIXES and not entry.name.startswith(".")
        ]
    except OSError as error:
        raise SourceError(f"cannot read folder {path}: {error.strerror}.") from error
    if not paths:
        raise SourceError(
            f"cannot play folder {path}: no picture in it. Expected png, jpg, bmp, webp or tif "
            "files directly inside."
        )
    paths.sort(key=lambda entry: _natural_order(entry.name))
    return PictureSource(path.resolve().name, tuple(paths), settings)


def image_from_file(path: Path) -> Image | None:
    """(H, W, 3) uint8 BGR of one picture, upright, at most 4096 a side; None if undecodable."""
    quiet_opencv()
    try:
        encoded = np.fromfile(path, np.uint8)  # cv2.imread fails on foreign letters on Windows
    except OSError:
        return None
    if encoded.size == 0:
        return None
    jpeg = encoded[:2].tobytes() == b"\xff\xd8"
    try:
        # Only IMREAD_COLOR turns a photograph upright, only IMREAD_UNCHANGED keeps transparency.
        decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR if jpeg else cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if decoded is None:
        return None
    scale = SIDE_LIMIT / max(decoded.shape[:2])
    if scale < 1.0:
        size = [max(1, round(side * scale)) for side in decoded.shape[1::-1]]
        decoded = cv2.resize(decoded, size, interpolation=cv2.INTER_AREA)
    return image_from_decoded(decoded)


def _natural_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers inside a name count as numbers; letters without case."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple(
        (0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts if part
    )
