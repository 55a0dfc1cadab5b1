"""Files and folders: every picture in order, at the recording's own pace, once or for ever."""

from __future__ import annotations

import logging
import math
import stat
import time
from collections.abc import Callable
from pathlib import Path

from app.sources.capture import Capture
from app.sources.playback import MediaClock, Playback
from app.sources.source import EARLY, SourceSettings
from engine.closing import Closing
from engine.data import Frame
from engine.errors import SourceError

USUAL_RATE = 30.0  # for the few recordings that state none
WHOLE = 0.95  # of the stated length; headers are a little wrong often
SPARE_FRAMES = 2  # that may be missing from a short one
DAMAGED = "it is cut off or damaged: copy or save it again"

log = logging.getLogger(__name__)


class RecordedSource(Closing):
    """Plays what `open_capture` opens. Looping opens it again: some containers seek badly.

    likely: why it may have no pictures, for the message.

    Raises SourceError if not one picture can be decoded, here and when it starts again.
    """

    def __init__(
        self,
        name: str,
        open_capture: Callable[[], Capture],
        settings: SourceSettings,
        *,
        likely: str = DAMAGED,
    ) -> None:
        self.name = name
        self.live = False
        self.ended = False
        self.trouble = ""  # a recording has none that a person could mend
        self.stuck = False
        self._loop = settings.loop
        self._taken = -math.inf  # timestamp of the newest picture that was decoded
        self._open_capture = open_capture
        self._capture = open_capture()
        self._period = 1.0 / (self._capture.rate or USUAL_RATE)
        self._realtime = settings.pace == "realtime"
        self.rate: float | None = None
        self.look_at(settings.limit)
        self._clock = MediaClock(self._period)
        self._playback = Playback(settings.pace)
        self._index = 0
        self._grabbed = 0
        self._length = 0.0  # s up to the end of the newest grabbed picture
        self._length_checked = False
        self._next = self._decode()  # read one ahead, so that it is ready when it is due
        if self._next is None:
            self.close()
            raise SourceError(
                f"cannot play {name}: not one picture in it can be decoded. Open it in another "
                f"program; if that fails too, {likely}."
            )

    @property
    def frame_count(self) -> int | None:
        """As the recording states it (a cut off file holds fewer); None if it loops."""
        return None if self._loop else self._capture.frame_count

    def read(self) -> Frame | None:
        """The next picture once it is due; see `Source.read`."""
        if self._next is None:
            self._next = self._decode()
        frame = self._next
        if frame is None:
            self.ended = True
            return None
        if not self._playback.wait(frame.timestamp):
            return None
        self._next = None
        self._index += 1
        return Frame(frame.image, frame.timestamp, time.perf_counter(), frame.index)

    def look_at(self, limit: float) -> None:
        """See `Source.look_at`."""
        own = 1.0 / self._period
        self.rate = min(own, limit) if limit and self._realtime else own
        self._shortest = (1.0 - EARLY) / limit if limit and self._realtime else 0.0

    def _decode(self) -> Frame | None:
        """The next picture that can be decoded and is not too late to be seen."""
        started_again = False
        while True:
            if not self._capture.grab():
                self._check_length()
                if not self._loop or self._index == 0 or started_again:
                    return None
                self._start_again()
                started_again = True
                continue
            timestamp = self._clock.update(self._capture.position)
            self._grabbed, self._length = self._grabbed + 1, timestamp + self._period
            if self._playback.is_late(timestamp, self._period):
                continue
            if timestamp < self._taken + self._shortest:
                continue
            image = self._capture.picture()
            if image is not None:
                self._taken = timestamp
                return Frame(image, timestamp, time.perf_counter(), self._index)

    def _check_length(self) -> None:
        """Say once if the recording is clearly shorter than it states, in pictures and in time.

        Time counts too because OpenCV only reckons the pictures of some files from it.
        """
        stated = self._capture.frame_count
        if self._length_checked or not self._grabbed or stated is None:
            return
        self._length_checked = True
        lacks = self._grabbed < min(WHOLE * stated, stated - SPARE_FRAMES)
        if lacks and self._length < WHOLE * stated * self._period:
            log.warning("%s ends early: %d of %d frames", self.name, self._grabbed, stated)

    def _start_again(self) -> None:
        self._capture.close()
        self._capture = self._open_capture()
        self._clock.restart()

    def close(self) -> None:
        """Close the file."""
        self._capture.close()
        self.ended = True


def check_file(path: Path) -> None:
    """Raise SourceError unless this is a file with something in it that we may read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceError(f"cannot play {path}: it is not a file.")
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}.") from error
    if empty:
        raise SourceError(f"cannot play {path}: the file is empty. Copy or record it again.")
