"""Messages over TCP to one receiver."""

from __future__ import annotations

import logging
import os
import select
import socket
import time
from collections.abc import Callable

from app.network.address import Address

RETRY = 2.0  # seconds between attempts to connect

log = logging.getLogger(__name__)


class StreamSender:
    """Connects and reconnects; a message is sent whole, or not at all while the receiver is slow.

    Never waits and never raises.
    sent: messages that the network took. lost: those left out.
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
        self._connected = False
        self._rest = b""  # of a message of which the network took only the beginning
        self._next_attempt = -float("inf")
        self._troubled = False
        self._closed = False

    def send(self, message: bytes) -> None:
        """Send it, unless the receiver is away or still busy with an earlier one."""
        try:
            taken = self._send(message)
        except OSError as error:
            taken = False
            self._disconnect()
            self.trouble = f"Cannot send: {error.strerror}"
            if not self._troubled:
                self._troubled = True
                log.warning("%s: cannot send: %s; will keep trying", self._name, error.strerror)
        if taken:
            self.sent += 1
        else:
            self.lost += 1

    def close(self) -> None:
        """Release the connection. May be called twice; nothing can be sent afterwards."""
        self._closed = True
        self._disconnect()

    def _send(self, message: bytes) -> bool:
        if self._closed:
            raise ValueError(f"{self._name} is closed")
        if not self._connect():
            return False
        assert self._socket is not None
        try:
            if self._rest:
                self._rest = self._rest[self._socket.send(self._rest) :]
                if self._rest:
                    return False
            self._rest = message[self._socket.send(message) :]
        except BlockingIOError:
            return False
        return True

    def _connect(self) -> bool:
        """Whether the connection stands. Begins it if it is time to."""
        if self._connected:
            return True
        if self._socket is None:
            if self._clock() < self._next_attempt:
                return False
            self._next_attempt = self._clock() + RETRY
            self._socket = socket.socket(self._address.family, socket.SOCK_STREAM)
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.connect_ex(self._address.sockaddr)
        _, writable, failed = select.select([], [self._socket], [self._socket], 0.0)
        if not writable and not failed:
            return False
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))
        self._connected, self._troubled, self.trouble = True, False, ""
        log.info("%s: connected", self._name)
        return True

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._connected, self._rest = None, False, b""
