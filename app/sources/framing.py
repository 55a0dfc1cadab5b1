"""Pictures turned upright and cut to what matters, for any source: [source] `rotate`, `crop`."""

from __future__ import annotations

import cv2
import numpy as np

from app.sources.capture import Image
from app.sources.source import Crop, Rotation, Source
from engine.closing import Closing
from engine.data import Frame

_TURNS: dict[Rotation, int] = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


class FramedSource(Closing):
    """A source whose pictures are turned, then cut. All else is as it was."""

    def __init__(self, source: Source, rotate: Rotation, crop: Crop) -> None:
        """Takes the source over: closing this closes it."""
        self._source = source
        self._rotate, self._crop = rotate, crop

    @property
    def name(self) -> str:
        """See `Source.name`."""
        return self._source.name

    @property
    def live(self) -> bool:
        """See `Source.live`."""
        return self._source.live

    @property
    def frame_count(self) -> int | None:
        """See `Source.frame_count`."""
        return self._source.frame_count

    @property
    def ended(self) -> bool:
        """See `Source.ended`."""
        return self._source.ended

    @property
    def rate(self) -> float | None:
        """See `Source.rate`."""
        return self._source.rate

    @property
    def trouble(self) -> str:
        """See `Source.trouble`."""
        return self._source.trouble

    @property
    def stuck(self) -> bool:
        """See `Source.stuck`."""
        return self._source.stuck

    def read(self) -> Frame | None:
        """The next picture, turned and cut; see `Source.read`."""
        frame = self._source.read()
        if frame is None:
            return None
        image = framed(frame.image, self._rotate, self._crop)
        return Frame(image, frame.timestamp, frame.arrived, frame.index)

    def look_at(self, limit: float) -> None:
        """See `Source.look_at`."""
        self._source.look_at(limit)

    def close(self) -> None:
        """Release the source."""
        self._source.close()


def framed(image: Image, rotate: Rotation, crop: Crop) -> Image:
    """The picture turned clockwise by `rotate` degrees, then cut to the shares `crop` of that.

    crop: left, top, right, bottom; at least one pixel is left.
    """
    if rotate:
        image = np.asarray(cv2.rotate(image, _TURNS[rotate]), np.uint8)
    height, width = image.shape[:2]
    left, top, right, bottom = crop
    x, y = min(int(left * width), width - 1), min(int(top * height), height - 1)
    end_x, end_y = max(round(right * width), x + 1), max(round(bottom * height), y + 1)
    return np.ascontiguousarray(image[y:end_y, x:end_x])
