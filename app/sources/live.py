"""Pictures as they come, from a camera or stream that may go away, hang, freeze and come back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.sources.capture import Capture
from app.sources.device import CLOSING, Arrival, Device, opened
from app.sources.pulse import Pulse, Stillness
from app.sources.source import EARLY
from engine.closing import Closing
from engine.data import Frame
from engine.errors import SourceError

RETRY_PERIOD = 0.5  # s between attempts to open again
PATIENCE = 0.5  # s without a picture after which the source counts as gone
CAMERA_HANGS = 1.2  # s in one call after which it is given up; Linux' own limit for it is 1 s
OPENING_HANGS = 30.0  # s; Media Foundation takes up to 20 s for some cameras
READ_LIMIT = 1.0  # s that a read may wait, so that a shutdown need not
STEADY = 1.0  # s of pictures after which a source that was gone counts as back
PAUSE = 0.01  # s between reads that fail at once
SETTLING = 0.5  # s after opening in which cameras find their exposure and streams hurry
SLOW_AGAIN = 60.0  # s at its usual rate after which it is told again that it is slow
HANGING_LIMIT = 8  # devices given up whose drivers have not returned; then no more are opened

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LiveFormat:
    """What the driver really gives, as opposed to what it was asked for.

    width, height: pixels of the pictures that arrive.
    fourcc:        four letters of the transfer format, empty if the driver does not tell.
    rate:          pictures per second, counted over a second soon after opening; None before.
    """

    width: int
    height: int
    fourcc: str
    rate: float | None

    def __str__(self) -> str:
        rate = "" if self.rate is None else f", {self.rate:.1f} pictures/s"
        return f"{self.width}×{self.height} {self.fourcc or 'unknown format'}{rate}"


class LiveSource(Closing):
    """Reads what `open_capture` opens and opens it again whenever it is lost.

    `open_capture` raises SourceError while there is nothing to open.

    hangs:  seconds in one call after which the device is given up and opened anew.
    camera: whether it is one: its pictures have noise and a rate of their own, so the same picture
            for a second is a fault, and so is half the usual rate.
    limit:  pictures a second that are looked at, at most about; the rest is not decoded. 0: all.
    """

    def __init__(
        self,
        name: str,
        open_capture: Callable[[], Capture],
        *,
        hangs: float = CAMERA_HANGS,
        camera: bool = True,
        limit: float = 0.0,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self.live = True
        self.ended = False
        self.frame_count: int | None = None
        self.format: LiveFormat | None = None
        self._open_capture = open_capture
        self._hangs, self._camera = hangs, camera
        self.look_at(limit)
        self._clock = clock
        self._sleep = sleep
        self._gone = False  # since the loss was told, till it is back for good
        self._back_since: float | None = None  # first picture after the loss
        self._index = 0
        # On the caller's thread: macOS asks for its permission on the main one only.
        self._device: Device | None = Device(name, clock, opened(name, open_capture))
        self._given_up: list[Device] = []
        self._opened = clock()
        self._last_sign = self._opened  # of life: a picture, an opening, or an attempt at one
        self._attempted = self._opened - RETRY_PERIOD
        self._taken = -RETRY_PERIOD  # when the newest picture that was looked at came
        self._pulse: Pulse | None = None
        self._tell_slow_from = self._opened  # not sooner
        self._stillness = Stillness()
        self._hanging_told = False

    @property
    def rate(self) -> float | None:
        """Pictures a second that it should give; None: not known."""
        usual = None if self._pulse is None else self._pulse.usual or None
        return min(usual, self._limit) if usual and self._limit else usual

    @property
    def trouble(self) -> str:
        """What is wrong with the pictures that come, for people; empty: nothing."""
        if self._gone:
            return ""  # whoever waits for pictures sees that
        if self._stillness.still:
            return "The picture stands still: covered, or switched off?"
        pulse = self._pulse
        if pulse is not None and pulse.slow and self._camera:
            return f"Only {pulse.now:.0f} of {pulse.usual:.0f} pictures a second: too dark?"
        return ""

    @property
    def stuck(self) -> bool:
        """See `Source.stuck`."""
        return sum(device.running for device in self._given_up) >= HANGING_LIMIT

    def look_at(self, limit: float) -> None:
        """See `Source.look_at`."""
        self._limit = limit
        self._shortest = (1.0 - EARLY) / limit if limit else 0.0

    def read(self) -> Frame | None:
        """The next picture, or None if none came in time. Never raises."""
        frame = self._read()
        if self.ended:
            self._let_go()
        return frame

    def _read(self) -> Frame | None:
        while not self.ended:
            if not self._ready():
                return None
            device = self._device
            assert device is not None
            if not device.busy:
                device.grab(self._taken + self._shortest)
            patience = self._hangs if self._gone else PATIENCE
            if not device.wait(min(READ_LIMIT, self._last_sign + patience - self._clock())):
                self._miss(hanging=True)
                return None
            arrival = device.result()
            if arrival is None or (arrival.wanted and arrival.image is None):
                self._miss(hanging=False)
                return None
            self._came(arrival, device)
            image = arrival.image
            if image is None:  # not wanted
                continue
            if self._camera and self._stillness.update(image, arrival.arrived):
                self._open_anew()
                return None
            self._taken = arrival.arrived
            self._index += 1
            return Frame(image, arrival.arrived, arrival.arrived, self._index - 1)
        return None

    def _ready(self) -> bool:
        """Whether a device is open; if not, go on opening it."""
        if self._device is None and not self._begin_opening():
            return False
        device = self._device
        assert device is not None
        if device.capture is not None:
            return True
        if not device.wait(READ_LIMIT):
            if self._clock() - self._attempted > OPENING_HANGS:
                self._let_go(hanging=True)
            return False
        try:
            device.result()
        except SourceError as error:
            log.debug("%s is still away: %s", self.name, error)
            self._let_go()
            return False
        self._opened = self._last_sign = self._clock()
        self._pulse = self.format = None
        return True

    def _begin_opening(self) -> bool:
        self._sleep(max(0.0, self._attempted + RETRY_PERIOD - self._clock()))
        if self.ended:
            return False
        self._attempted = self._last_sign = self._clock()
        self._given_up = [device for device in self._given_up if device.running]
        if self.stuck:
            if not self._hanging_told:
                self._hanging_told = True
                log.warning("%s hangs in its driver: unplug it, wait, plug it in", self.name)
            return False
        self._device = Device(self.name, self._clock)
        self._device.open(self._open_capture)
        return True

    def _miss(self, *, hanging: bool) -> None:
        silent = self._clock() - self._last_sign
        if silent < PATIENCE and not hanging:
            self._sleep(PAUSE)
            return
        self._back_since = None
        if not self._gone:  # told once, however often it comes for a moment only
            self._gone = True
            log.warning("%s gives no pictures; waiting for it to come back", self.name)
        if hanging and silent < self._hangs:
            return
        self._let_go(hanging=hanging)

    def _open_anew(self) -> None:
        log.warning(
            "%s sends one and the same picture: frozen, covered, or switched off by a key? "
            "Opening it anew",
            self.name,
        )
        self._let_go()

    def _came(self, arrival: Arrival, device: Device) -> None:
        self._last_sign = arrival.arrived
        if not self._gone:
            self._back_since = None
        elif self._back_since is None:
            self._back_since = arrival.arrived
        elif arrival.arrived - self._back_since >= STEADY:
            self._gone = False
            log.warning("%s is back", self.name)
        assert device.capture is not None
        if arrival.image is not None:
            height, width = arrival.image.shape[:2]
            self._measure(device.capture, width, height)
        if self._pulse is not None and arrival.arrived - self._opened >= SETTLING:
            self._count(self._pulse, device.capture, arrival.arrived)

    def _measure(self, capture: Capture, width: int, height: int) -> None:
        before = self.format
        if before is None or (before.width, before.height) != (width, height):
            self.format = LiveFormat(width, height, capture.fourcc, None)
            self._pulse = Pulse(capture.rate if self._camera else None)

    def _count(self, pulse: Pulse, capture: Capture, arrived: float) -> None:
        pulse.update(arrived)
        if pulse.rate is None or self.format is None:
            return
        if self.format.rate is None:
            self.format = LiveFormat(
                self.format.width, self.format.height, self.format.fourcc, pulse.rate
            )
            stated = "" if capture.rate is None else f" (driver says {capture.rate:.0f})"
            log.info("%s gives %s%s", self.name, self.format, stated)
        if not (self._camera and pulse.slow):
            return
        if arrived >= self._tell_slow_from:
            log.warning(
                "%s gives %.0f of %.0f pictures a second: too dark? More light helps, or a fixed "
                "`exposure` under [source] in the profile",
                self.name,
                pulse.now,
                pulse.usual,
            )
        self._tell_slow_from = arrived + SLOW_AGAIN

    def _let_go(self, *, hanging: bool = False) -> None:
        device, self._device = self._device, None
        if device is not None and not device.let_go(0.0 if hanging else CLOSING):
            self._given_up.append(device)

    def close(self) -> None:
        """Release the device; if its driver hangs, that happens when it returns."""
        self.ended = True
        device = self._device  # the reading thread may let go of it, too
        if device is not None:
            device.let_go()
