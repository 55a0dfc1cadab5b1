"""Folders of pictures and single pictures, played at a constant rate."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import cv2
import numpy as np

from app.sources.capture import Image, image_from_decoded, quiet_opencv
from app.sources.recorded import RecordedSource, check_file
from app.sources.source import SourceSettings
from engine.errors import SourceError

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"})
SIDE_LIMIT = 4096  # pixels; a scan or panorama beyond it is scaled down, no face needs more

log = logging.getLogger(__name__)


class PictureCapture:
    """A `Capture` of picture files one after the other. The undecodable are named once."""

    def __init__(self, paths: tuple[Path, ...], rate: float, left_out: set[Path]) -> None:
        self._paths = paths
        self._left_out = left_out
        self._place = -1  # of the grabbed picture in `paths`
        self.rate: float | None = rate
        self.frame_count: int | None = len(paths)
        self.fourcc = ""

    def grab(self) -> bool:
        """Go to the next file; False after the last."""
        self._place += 1
        return self._place < len(self._paths)

    def picture(self) -> Image | None:
        """The picture in the file; None if it cannot be decoded."""
        path = self._paths[self._place]
        image = image_from_file(path)
        if image is None and path not in self._left_out and len(self._paths) > 1:
            log.warning("%s is left out: it cannot be read as a picture", path.name)
            self._left_out.add(path)
        return image

    @property
    def position(self) -> float:
        """Seconds since the first picture."""
        return self._place / self.rate if self.rate else 0.0

    def close(self) -> None:
        """Nothing is held open between pictures."""


def open_pictures(path: Path, settings: SourceSettings) -> RecordedSource:
    """Open a folder of pictures (in natural order: 2 before 10) or a single picture.

    Raises SourceError if there is none, or none can be decoded.
    """
    if path.is_dir():
        name, paths = path.resolve().name, _paths_in(path)
    else:
        check_file(path)
        name, paths = path.name, (path,)
    left_out: set[Path] = set()
    return RecordedSource(
        name, lambda: PictureCapture(paths, settings.picture_rate, left_out), settings
    )


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
    except cv2.error:  # more pixels than OpenCV allows
        return None
    if decoded is None:
        return None
    scale = SIDE_LIMIT / max(decoded.shape[:2])
    if scale < 1.0:
        size = [max(1, round(side * scale)) for side in decoded.shape[1::-1]]
        decoded = cv2.resize(decoded, size, interpolation=cv2.INTER_AREA)
    return image_from_decoded(decoded)


def _paths_in(folder: Path) -> tuple[Path, ...]:
    try:
        paths = [
            path
            for path in folder.iterdir()
            if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")
        ]
    except OSError as error:
        raise SourceError(f"cannot read folder {folder}: {error.strerror}.") from error
    if not paths:
        raise SourceError(
            f"cannot play folder {folder}: no picture in it. Expected png, jpg, bmp, webp or tif "
            "files directly inside."
        )
    return tuple(sorted(paths, key=lambda path: _natural_order(path.name)))


def _natural_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers inside a name count as numbers; letters without case."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple(
        (0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts if part
    )
