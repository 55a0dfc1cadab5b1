"""What has arrived so far: counts, the newest of every value, and what was wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.latency import Rate
from app.listening.reading import Reading

_MOST_NAMES = 200  # of each kind: whoever sends random names must not fill the memory
_MOST_HOSTS = 8
PAUSE = 1.0
"""Seconds without a datagram after which nothing counts as arriving."""


@dataclass(slots=True)
class Tally:
    """How often something came, and the last example of it."""

    count: int = 0
    example: str = ""


class Traffic:
    """Everything that arrived at one port. Times are seconds of any clock."""

    def __init__(self) -> None:
        self.datagrams = 0
        self.understood = 0
        self.bytes = 0
        self.smallest = 0
        self.largest = 0
        self.hosts: list[str] = []
        self.tracked: bool | None = None
        self.title = ""
        self.values: dict[str, float] = {}
        """The newest of each of `CHANNELS` that ever came."""
        self.extras: dict[str, float] = {}
        self.unknown: dict[str, Tally] = {}
        self.faults: dict[str, Tally] = {}
        self._newest: float | None = None
        self._datagram_rate = Rate(240)
        self._rates: dict[str, Rate] = {}  # of each value

    def add(self, reading: Reading, size: int, host: str, time: float) -> None:
        """Note a datagram."""
        self.datagrams += 1
        self.understood += reading.is_understood
        self.bytes += size
        self.smallest = min(self.smallest or size, size)
        self.largest = max(self.largest, size)
        self._newest = time
        self._datagram_rate.add(time)
        if host not in self.hosts and len(self.hosts) < _MOST_HOSTS:
            self.hosts.append(host)
        if reading.tracked is not None:
            self.tracked = reading.tracked
        self.title = reading.title or self.title
        for value in reading.values:
            self.values[value.name] = value.number
            self._rates.setdefault(value.name, Rate()).add(time)
        for extra in reading.extras:
            if extra.name in self.extras or len(self.extras) < _MOST_NAMES:
                self.extras[extra.name] = extra.number
        _count(self.unknown, ((name, "") for name in reading.unknown))
        _count(self.faults, ((fault.what, fault.example) for fault in reading.faults))

    def age(self, time: float) -> float | None:
        """Seconds since the newest datagram."""
        return None if self._newest is None else time - self._newest

    def is_arriving(self, time: float) -> bool:
        """Whether anything came lately."""
        age = self.age(time)
        return age is not None and age <= PAUSE

    def datagram_rate(self, time: float) -> float:
        """Datagrams per second."""
        return self._datagram_rate.hertz() if self.is_arriving(time) else 0.0

    def face_rate(self, time: float) -> float:
        """Faces per second: how often the most frequent value came."""
        if not self.is_arriving(time):
            return 0.0
        return max((rate.hertz() for rate in self._rates.values()), default=0.0)


def _count(tallies: dict[str, Tally], found: Iterable[tuple[str, str]]) -> None:
    for name, example in found:
        if name not in tallies and len(tallies) >= _MOST_NAMES:
            name = "(others)"
        tally = tallies.setdefault(name, Tally())
        tally.count += 1
        tally.example = example
