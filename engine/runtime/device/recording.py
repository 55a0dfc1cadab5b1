"""A card made of ordinary memory that writes down every call, for machines without a card.

It is as late as a card may be: what a stream is given happens only when somebody waits for the
stream, or for another stream that waits for it. Code that reads a result too soon, or changes
memory that is still being uploaded, gets wrong numbers here as it would there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from engine.errors import ModelError
from engine.runtime.device import Bytes, Gpu

Work = Callable[[], None]


@dataclass(slots=True)
class _Event:
    stream: int | None = None
    happened: bool = False


@dataclass(slots=True)
class _Stream:
    work: deque[Work] = field(default_factory=deque)
    noted: list[Work] | None = None  # while capturing


class RecordingDevice:
    """See `Device`.

    calls:  names of the calls so far.
    things: what was given out and not yet given back: number to kind.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.things: dict[int, str] = {}
        self.is_open = True
        self._depth = 0
        self._next = 4096
        self._memory: dict[int, Bytes] = {}
        self._pinned: dict[int, Bytes] = {}
        self._streams: dict[int, _Stream] = {}
        self._events: dict[int, _Event] = {}
        self._graphs: dict[int, list[Work]] = {}

    @property
    def gpu(self) -> Gpu:
        """A card that nobody makes."""
        return Gpu("Recording", (8, 9), "13.0")

    @contextmanager
    def current(self) -> Iterator[None]:
        """See `Device`."""
        self._depth += 1
        self.calls.append("push")
        try:
            yield
        finally:
            self._depth -= 1
            self.calls.append("pop")

    def pinned(self, size: int) -> Bytes:
        """See `Device`."""
        memory = np.full(size, 0xAA, np.uint8)
        self._pinned[self._given("pinned", memory.ctypes.data)] = memory
        return memory

    def free_pinned(self, memory: Bytes) -> None:
        """See `Device`."""
        self._taken("pinned", memory.ctypes.data)
        del self._pinned[memory.ctypes.data]

    def allocate(self, size: int) -> int:
        """See `Device`."""
        address = self._given("memory")
        self._next += size  # addresses of one block do not meet those of another
        self._memory[address] = np.full(size, 0xAA, np.uint8)
        return address

    def free(self, address: int) -> None:
        """See `Device`."""
        self._taken("memory", address)
        del self._memory[address]

    def open_stream(self) -> int:
        """See `Device`."""
        stream = self._given("stream")
        self._streams[stream] = _Stream()
        return stream

    def close_stream(self, stream: int) -> None:
        """See `Device`."""
        self._taken("stream", stream)
        del self._streams[stream]

    def open_event(self) -> int:
        """See `Device`."""
        event = self._given("event")
        self._events[event] = _Event()
        return event

    def close_event(self, event: int) -> None:
        """See `Device`."""
        self._taken("event", event)
        del self._events[event]

    def upload(self, address: int, memory: Bytes, stream: int) -> None:
        """See `Device`."""
        self._called("upload")
        self.give(stream, lambda: self._copy(self.memory(address, memory.nbytes), memory))

    def download(self, memory: Bytes, address: int, stream: int) -> None:
        """See `Device`."""
        self._called("download")
        self.give(stream, lambda: self._copy(memory, self.memory(address, memory.nbytes)))

    def record(self, event: int, stream: int) -> None:
        """See `Device`."""
        self._called("record")
        happening = self._events[event] = _Event(stream)

        def happen() -> None:
            happening.happened = True

        self.give(stream, happen)

    def wait(self, stream: int, event: int) -> None:
        """See `Device`."""
        self._called("wait")
        awaited = self._events[event]

        def reach() -> None:
            while not awaited.happened:
                if awaited.stream is None:
                    raise ModelError("a stream waits for an event that was not recorded")
                self._streams[awaited.stream].work.popleft()()

        self.give(stream, reach)

    def milliseconds(self, start: int, end: int) -> float:
        """See `Device`. Nothing takes time here."""
        self._called("milliseconds")
        if not (self._events[start].happened and self._events[end].happened):
            raise ModelError("an event was asked for its time before it happened")
        return 0.0

    def synchronize(self, stream: int) -> None:
        """See `Device`."""
        self._called("synchronize")
        work = self._streams[stream].work
        while work:
            work.popleft()()

    def begin_capture(self, stream: int) -> None:
        """See `Device`."""
        self._called("begin_capture")
        self._streams[stream].noted = []

    def end_capture(self, stream: int) -> int:
        """See `Device`."""
        graph = self._given("graph")
        noted, self._streams[stream].noted = self._streams[stream].noted, None
        if noted is None:
            raise ModelError("a capture was ended that had not begun")
        self._graphs[graph] = noted
        return graph

    def launch(self, graph: int, stream: int) -> None:
        """See `Device`."""
        self._called("launch")
        for work in self._graphs[graph]:
            self.give(stream, work)

    def free_graph(self, graph: int) -> None:
        """See `Device`."""
        self._taken("graph", graph)
        del self._graphs[graph]

    def close(self) -> None:
        """See `Device`."""
        self.is_open = False

    def give(self, stream: int, work: Work) -> None:
        """Let a stream do this when its turn comes; what TensorRT does with its kernels."""
        entry = self._streams[stream]
        (entry.work if entry.noted is None else entry.noted).append(work)

    def memory(self, address: int, size: int) -> Bytes:
        """The card's memory there, also inside of a block."""
        for start, block in self._memory.items():
            if start <= address and address + size <= start + block.nbytes:
                return block[address - start : address - start + size]
        raise ModelError(f"{size} bytes at {address} are not the card's")

    def _copy(self, target: Bytes, source: Bytes) -> None:
        target[...] = source

    def _called(self, name: str) -> None:
        if not (self.is_open and self._depth):
            raise ModelError(f"{name} was called while the context was not current")
        self.calls.append(name)

    def _given(self, kind: str, number: int | None = None) -> int:
        self._called(f"open {kind}")
        if number is None:
            self._next += 4096
            number = self._next
        self.things[number] = kind
        return number

    def _taken(self, kind: str, number: int) -> None:
        self._called(f"close {kind}")
        if self.things.pop(number, None) != kind:
            raise ModelError(f"{kind} {number} was given back but is not given out")
