"""What every source of pictures offers, and how it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol, Self

from engine.data import Frame

Pace = Literal["realtime", "fast"]
Rotation = Literal[0, 90, 180, 270]
Crop = tuple[float, float, float, float]
WHOLE_PICTURE: Crop = (0.0, 0.0, 1.0, 1.0)

EARLY = 0.25
"""Of a period: how much earlier than `limit` asks a picture may come and still be looked at. So
15 takes every second picture of a camera that gives 30, however its pictures jitter."""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Where pictures come from.

    spec:         camera number, part of a camera's name, video file, picture, folder of pictures,
                  address (rtsp, http, …) or `demo`.
    pace:         how files play: `realtime` waits until each picture is due, `fast` never waits.
    loop:         whether files start again at their end.
    width, height, rate: what a camera is asked for; it gives what it can. 1280×720 makes a face at
                  an arm's length about 200 pixels wide, which is what the landmark network looks
                  at (256); 640×480 would halve that, 1920×1080 only costs decoding. 60 pictures a
                  second halve the delay and sample a blink (0.15 s) nine times; a camera that
                  has no such mode stays at 30.
    picture_rate: pictures per second of a folder, which has no clock of its own.
    limit:        pictures a second that are looked at, at most about; the rest is not even decoded.
                  0: all of them. At pace `fast` it does not count.
    rotate:       degrees clockwise that turn the picture upright, for a camera on its side.
    crop:         left, top, right, bottom of the part that is looked at, in shares of the upright
                  picture: a booth's visitor, not the queue. What is cut off makes the face look
                  nearer than it is, for a camera's angle of view is taken for granted.
    exposure:     milliseconds for which a camera exposes each picture, where its driver can hold
                  that; 0: as the camera chooses, which in the dark costs it half its pictures.
    """

    spec: str = "0"
    pace: Pace = "realtime"
    loop: bool = False
    width: int = 1280
    height: int = 720
    rate: float = 60.0
    picture_rate: float = 30.0
    limit: float = 0.0
    rotate: Rotation = 0
    crop: Crop = WHOLE_PICTURE
    exposure: float = 0.0

    def __post_init__(self) -> None:
        if not self.spec:
            raise ValueError("spec is empty; expected a camera, file, folder, address or `demo`")
        for name, value in (("width", self.width), ("height", self.height)):
            if not 1 <= value <= 16384:
                raise ValueError(f"{name} is {value}; expected 1 to 16384 pixels")
        for name, rate in (("rate", self.rate), ("picture_rate", self.picture_rate)):
            if not 0.0 < rate <= 1000.0:
                raise ValueError(f"{name} is {rate}; expected more than 0, at most 1000 per second")
        if not (self.limit == 0.0 or 1.0 <= self.limit <= 1000.0):
            raise ValueError(f"limit is {self.limit}; expected 1 to 1000 pictures a second, or 0")
        left, top, right, bottom = self.crop
        if not (0.0 <= left < right <= 1.0 and 0.0 <= top < bottom <= 1.0):
            raise ValueError(
                f"crop is {list(self.crop)}; expected shares of the picture from 0 to 1: left, "
                "top, right, bottom"
            )
        if not (self.exposure == 0.0 or 0.01 <= self.exposure <= 10_000.0):
            raise ValueError(f"exposure is {self.exposure}; expected 0.01 to 10000 ms, or 0")


class Source(Protocol):
    """Delivers pictures in order. Leaving the `with` closes it."""

    @property
    def name(self) -> str:
        """For people: a camera's or file's name, an address without its password."""

    @property
    def live(self) -> bool:
        """True if pictures come when they come; False if they wait to be read."""

    @property
    def frame_count(self) -> int | None:
        """How many pictures a file or folder says it has; None if unknown or endless."""

    @property
    def ended(self) -> bool:
        """True once no picture will ever come again. A camera never ends."""

    @property
    def rate(self) -> float | None:
        """Pictures a second that it should give; None: not known."""

    @property
    def trouble(self) -> str:
        """What is wrong with the pictures that come, for people; empty: nothing."""

    @property
    def stuck(self) -> bool:
        """True while no picture can come because calls into its driver do not return."""

    def read(self) -> Frame | None:
        """The next picture; None if none came within about a second, or at the end (see `ended`).

        A network stream that stalls or is sought again may take five seconds for that. At pace
        `fast` a file answers None only at its end.
        """

    def look_at(self, limit: float) -> None:
        """From now on decode at most about so many pictures a second: `SourceSettings.limit`."""

    def close(self) -> None:
        """Release the device or file. May be called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
