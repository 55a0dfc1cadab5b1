"""One opening of a camera or stream, on a thread of its own: any call of a driver may hang."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from app.sources.capture import DRIVER_FAULTS, Capture, Image, image_from_decoded
from app.threads import Errands
from engine.errors import SourceError

CLOSING = 0.5  # s that a driver may take to let go before it is left to itself

Clock = Callable[[], float]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A picture came.

    image:  None if it cannot be decoded, or was not wanted.
    wanted: whether it was to be decoded.
    """

    arrived: float
    image: Image | None
    wanted: bool


def opened(name: str, open_capture: Callable[[], Capture]) -> Capture:
    """What it opens. Raises SourceError, whatever the driver raises."""
    try:
        return open_capture()
    except DRIVER_FAULTS as error:
        raise SourceError(f"cannot open {name}: {error}") from error


class Device:
    """Opens, grabs, decodes and closes on its own thread; nobody waits longer than asked.

    capture: opened already, by whoever makes this; else `open` comes first.
    """

    def __init__(self, name: str, clock: Clock, capture: Capture | None = None) -> None:
        self.name = name
        self.capture = capture
        self._clock = clock
        self._thread: Errands[Arrival] = Errands(name)

    @property
    def busy(self) -> bool:
        """Whether a call is under way."""
        return self._thread.busy

    @property
    def running(self) -> bool:
        """False once it has been let go of for good."""
        return self._thread.running

    def open(self, open_capture: Callable[[], Capture]) -> None:
        """Begin to open; `wait` tells when that is over, `capture` what came of it."""

        def call() -> None:
            self.capture = opened(self.name, open_capture)

        self._thread.start(call)

    def grab(self, wanted_from: float) -> None:
        """Begin to wait for a picture; it is decoded if it arrives at `wanted_from` or later."""

        def call() -> Arrival | None:
            assert self.capture is not None
            try:
                if not self.capture.grab():
                    return None
                arrived = self._clock()
                wanted = arrived >= wanted_from
                image = self.capture.picture() if wanted else None
                usable = None if image is None else image_from_decoded(image)
                return Arrival(arrived, usable, wanted)
            except DRIVER_FAULTS:  # a picture that breaks its decoder is a missing one
                return None

        self._thread.start(call)

    def wait(self, timeout: float) -> bool:
        """Whether the call is over within `timeout` seconds."""
        return self._thread.wait(max(0.0, timeout))

    def result(self) -> Arrival | None:
        """What `grab` gave, None if no picture came; raises what `open` raised."""
        return self._thread.result()

    def let_go(self, patience: float = CLOSING) -> bool:
        """Release it, at once or when a hanging call returns; False if that is yet to come.

        Drivers crash when a device is released under a thread that waits for its picture, so its
        own thread does it.
        """
        return self._thread.stop(self._close, patience)

    def _close(self) -> None:
        if self.capture is None:
            return
        try:
            self.capture.close()
        except DRIVER_FAULTS as error:  # what is gone already cannot be switched off
            log.info("%s failed as it was closed: %s", self.name, error)
