"""Datagrams to one receiver, and from whoever asks.

A receiver that is absent, restarts or moves is ordinary life: it costs one log line when the
condition changes, and nothing else.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterable

from app.network.address import Address
from engine.errors import OutputError

QUIET_TIME = 3.0
"""Seconds without a complaint until a receiver counts as reached again. Systems limit "nobody
listens at this port" to about one answer a second, so a shorter silence proves nothing."""

_LONGEST_DATAGRAM = 65_535  # bytes; UDP has no longer ones

log = logging.getLogger(__name__)


class DatagramSender:
    """Sends to one address, at once or not at all: it never waits, raises or gives up.

    sent: datagrams that the network took. lost: those it refused.
    trouble: what is wrong with the receiver, for people; empty: nothing is known against it.
    """

    def __init__(
        self, address: Address, *, name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """name: how the receiver is called in the log. clock: seconds."""
        self.sent = 0
        self.lost = 0
        self.trouble = ""
        self._address = address
        self._name = name
        self._clock = clock
        self._socket: socket.socket | None = None
        self._last_trouble: float | None = None
        self._closed = False

    def send(self, datagrams: Iterable[bytes | memoryview]) -> None:
        """Send them in order. Each is copied before this returns."""
        for datagram in datagrams:
            try:
                self._send(datagram)
            except OSError as error:
                self.lost += 1
                self._note(error)
                if not isinstance(error, BlockingIOError):
                    # A socket remembers the route by which it was connected. After a change of
                    # network only a fresh one finds the new route.
                    self._disconnect()
            else:
                self.sent += 1
        if self._last_trouble is not None and self._clock() - self._last_trouble > QUIET_TIME:
            self._last_trouble, self.trouble = None, ""
            log.info("%s: reached again", self._name)

    def close(self) -> None:
        """Release the socket. May be called twice; nothing can be sent afterwards."""
        self._closed = True
        self._disconnect()

    def _send(self, datagram: bytes | memoryview) -> None:
        if self._socket is None:
            self._socket = self._connect()
        try:
            self._socket.send(datagram)
        except (ConnectionRefusedError, ConnectionResetError) as error:
            # The answer to an earlier datagram: nobody listened. This one has not left yet.
            self._note(error)
            self._socket.send(datagram)

    def _connect(self) -> socket.socket:
        """Connected, because only then the system tells that nobody listens."""
        if self._closed:
            raise ValueError(f"{self._name} is closed")
        connection = socket.socket(self._address.family, socket.SOCK_DGRAM)
        try:
            connection.setblocking(False)
            if self._address.family == socket.AF_INET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            connection.connect(self._address.sockaddr)
        except OSError:
            connection.close()
            raise
        return connection

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _note(self, error: OSError) -> None:
        nobody = isinstance(error, ConnectionRefusedError | ConnectionResetError)
        self.trouble = "No program listens there" if nobody else f"Cannot send: {error.strerror}"
        if self._last_trouble is None:
            if nobody:
                log.warning("%s: nobody listens there; sending goes on", self._name)
            else:
                log.warning("%s: cannot send: %s; will keep trying", self._name, error.strerror)
        self._last_trouble = self._clock()


class DatagramListener:
    """Receives at one address of this machine. Never waits."""

    def __init__(self, address: Address, *, shared: bool = False) -> None:
        """Raises OutputError if the address is not ours or taken.

        shared: with others that share it, too; each gets what is sent to everybody.
        """
        self._socket = socket.socket(address.family, socket.SOCK_DGRAM)
        try:
            if shared:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setblocking(False)
            self._socket.bind(address.sockaddr)
        except OSError as error:
            self._socket.close()
            host, port = address.sockaddr[:2]
            raise OutputError(
                f"cannot listen at {host}:{port}: {error.strerror}; expected a free port of this "
                "machine. End the program that has it, or give another address."
            ) from error

    @property
    def port(self) -> int:
        """The one that was asked for, or which the system chose for 0."""
        return int(self._socket.getsockname()[1])

    def read(self) -> tuple[bytes, str] | None:
        """A datagram and the host it came from, or None if there is none."""
        try:
            datagram, sender = self._socket.recvfrom(_LONGEST_DATAGRAM)
        except OSError:  # none there; or, on Windows, a complaint about one that was too long
            return None
        return datagram, str(sender[0])

    def close(self) -> None:
        """Release the port. May be called twice."""
        self._socket.close()
