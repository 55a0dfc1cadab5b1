"""Receivers for the tests of outputs, and a clock for them."""

from __future__ import annotations

import socket


class Receiver:
    """Listens on a free port of this machine."""

    def __init__(self, family: socket.AddressFamily = socket.AF_INET, port: int = 0) -> None:
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", port))
        self._socket.settimeout(2.0)
        self.port = self._socket.getsockname()[1]

    def read(self) -> bytes:
        return self._socket.recv(65536)

    def read_all(self) -> list[bytes]:
        """What has arrived; the loopback delivers before `send` returns."""
        self._socket.setblocking(False)
        datagrams = []
        try:
            while True:
                datagrams.append(self._socket.recv(65536))
        except BlockingIOError:
            return datagrams

    def close(self) -> None:
        self._socket.close()


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds
