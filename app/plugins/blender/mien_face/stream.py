"""Datagrams of mien's OSC become states, and takes with the times at which they arrived."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from .channels import NEUTRAL, tracked_of, values_of
from .osc import messages
from .take import Take

LONGEST_TAKE = 3600.0  # seconds; a take that is forgotten must not fill the memory
_FRAME_SPREAD = 0.005  # seconds within which the datagrams of one frame arrive
_MOST_FRAMES = 1000  # a second that are counted


@dataclass(frozen=True)
class Face:
    """The last state.

    number:  counts states; 0 before the first.
    changes: counts datagrams that told something; a state may come in several.
    row:     in the order of `channels`.
    tracked: whether mien sees a face.
    arrived: seconds.
    rate:    states that arrived in the second up to the last one.
    """

    number: int
    changes: int
    row: Sequence[float]
    tracked: bool
    arrived: float
    rate: int


class Stream:
    """Times are seconds on any clock that only rises."""

    def __init__(self) -> None:
        self._row = list(NEUTRAL)
        self._in_frame: set[str] = set()  # addresses of the present frame
        self._number = 0
        self._changes = 0
        self._tracked = False
        self._arrived = 0.0
        self._arrivals: deque[float] = deque(maxlen=_MOST_FRAMES)
        self._take: Take | None = None

    def read(self, datagram: bytes, arrived: float) -> None:
        """Take in what a datagram tells of a face; whatever else it holds is passed over."""
        found = False
        for address, numbers in messages(datagram):
            tracked, placed = tracked_of(address, numbers), values_of(address, numbers)
            if tracked is None and placed is None:
                continue
            found = True
            self._begin_frame_if_new(address, arrived)
            if tracked is not None:
                self._tracked = tracked
            if placed is not None:
                start, values = placed
                self._row[start : start + len(values)] = values
        self._changes += found
        # In a take, a frame is one row: its later datagrams complete it.
        if found and self._take is not None and self._take.seconds < LONGEST_TAKE:
            self._take.append(self._arrived, self._row)

    def face(self) -> Face:
        """The last state."""
        rate = sum(arrived > self._arrived - 1.0 for arrived in self._arrivals)
        return Face(
            self._number, self._changes, tuple(self._row), self._tracked, self._arrived, rate
        )

    def begin_take(self, now: float) -> None:
        """Keep from now on what arrives; the take begins now, with the last state."""
        self._take = Take()
        if self._number:
            self._take.append(now, self._row)

    def end_take(self, now: float) -> Take:
        """What arrived since `begin_take`, up to now; empty if nothing ever did."""
        take, self._take = self._take, None
        if take is None or not self._number:
            return Take()
        if take.seconds < LONGEST_TAKE:
            take.append(now, self._row)
        return take

    def _begin_frame_if_new(self, address: str, arrived: float) -> None:
        """What comes again, or later than the rest, belongs to a new frame."""
        if address in self._in_frame or arrived - self._arrived > _FRAME_SPREAD:
            self._in_frame.clear()
        if not self._in_frame:
            self._number += 1
            self._arrived = arrived
            self._arrivals.append(arrived)
        self._in_frame.add(address)
