"""Receives mien's OSC: a thread of its own reads, so that arrival times are true.

Knows nothing of Blender, whose data only Blender's main thread may touch.
"""

from __future__ import annotations

import socket
import threading
import time

from .stream import Face, Stream
from .take import Take

PORT = 9009  # mien's
_LONGEST_DATAGRAM = 65536
_WAKE = 0.2  # seconds between looks whether to end


class ReceiveError(Exception):
    """Says in one line why nothing can be received."""


class Receiver:
    """Listens at a UDP port from construction to `close`."""

    def __init__(self, port: int, *, from_others: bool = False) -> None:
        """from_others: also what other computers send. Raises ReceiveError."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind(("" if from_others else "127.0.0.1", port))
        except OSError as error:
            self._socket.close()
            raise ReceiveError(
                f"Cannot listen at port {port}: {error.strerror}. End the other program that "
                "uses it, or choose another port here and in mien"
            ) from error
        self.port: int = self._socket.getsockname()[1]
        self._socket.settimeout(_WAKE)
        self._stream = Stream()
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="mien receiver", daemon=True)
        self._thread.start()

    def face(self) -> Face:
        """The last state; times are `time.monotonic`'s."""
        with self._lock:
            return self._stream.face()

    def begin_take(self) -> None:
        with self._lock:
            self._stream.begin_take(time.monotonic())

    def end_take(self) -> Take:
        with self._lock:
            return self._stream.end_take(time.monotonic())

    def close(self) -> None:
        """Release the port, end the thread. May be called twice."""
        self._ending.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._ending.is_set():
            try:
                datagram = self._socket.recv(_LONGEST_DATAGRAM)
            except OSError:  # nothing for a while, or Windows tells of an unreachable sender
                continue
            with self._lock:
                self._stream.read(datagram, time.monotonic())
