"""The network, and the only importer of `socket`. Here: datagrams to one receiver.

A receiver that is absent, restarts or moves is ordinary life: it costs one log line when the
condition changes, and nothing else.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from engine.errors import OutputError

QUIET_TIME = 3.0
"""Seconds without a complaint until a receiver counts as reached again. Systems limit "nobody
listens at this port" to about one answer a second, so a shorter silence proves nothing."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """A numeric address, found once: looking up a name may take seconds."""

    family: socket.AddressFamily
    sockaddr: tuple[Any, ...]


def resolve(host: str, port: int) -> Address:
    """The address of a host name, IPv4 or IPv6 address; raises OutputError if there is none.

    A name with both kinds gives IPv4: that is where avatar programs listen.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a host name"
        raise OutputError(
            f"cannot find host {host!r}: {reason}; expected a name or address in your network. "
            "Check the spelling or give the number, such as 192.168.1.5."
        ) from error
    family, _, _, _, sockaddr = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return Address(family, sockaddr)


class DatagramSender:
    """Sends to one address, at once or not at all: it never waits, raises or gives up.

    sent: datagrams that the network took. lost: those it refused.
    """

    def __init__(
        self, address: Address, *, name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """name: how the receiver is called in the log. clock: seconds."""
        self.sent = 0
        self.lost = 0
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
            self._last_trouble = None
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
        if self._last_trouble is None:
            if isinstance(error, ConnectionRefusedError | ConnectionResetError):
                log.warning("%s: nobody listens there; sending goes on", self._name)
            else:
                log.warning("%s: cannot send: %s; will keep trying", self._name, error.strerror)
        self._last_trouble = self._clock()


def is_port_taken(address: Address) -> bool:
    """Whether a program on this machine receives datagrams there. Asks by trying to be it."""
    with socket.socket(address.family, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind(address.sockaddr)
        except OSError:
            return True
    return False
