"""Texts over a WebSocket to one program. The caller's thread does all the waiting."""

from __future__ import annotations

import socket
import time

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

_LARGEST = 4_000_000  # bytes of a message
_CHUNK = 65536


class WebSocket:
    """An open connection. Everything raises OSError once the other side is gone or slow."""

    def __init__(self, host: str, port: int, *, timeout: float) -> None:
        """timeout: seconds for the connection, and later for each `send`."""
        place = f"[{host}]" if ":" in host else host
        self._protocol = ClientProtocol(parse_uri(f"ws://{place}:{port}"), max_size=_LARGEST)
        self._timeout = timeout
        self._parts: list[bytes] = []
        self._texts: list[str] = []
        self._socket = socket.create_connection((host, port), timeout)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._protocol.send_request(self._protocol.connect())
            self._flush()
            deadline = time.monotonic() + timeout
            while self._protocol.state is State.CONNECTING:
                if self._protocol.handshake_exc is not None:
                    raise ConnectionError(f"no WebSocket: {self._protocol.handshake_exc}")
                if not self._receive(deadline - time.monotonic()):
                    raise TimeoutError("no answer")
        except OSError:
            self._socket.close()
            raise

    def send(self, text: str) -> None:
        """Send it, within the timeout."""
        if self._protocol.state is not State.OPEN:
            raise ConnectionError("the connection was closed")
        self._protocol.send_text(text.encode())
        self._flush()

    def read(self, timeout: float) -> str | None:
        """The next text, or None if none came within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not self._texts:
            if not self._receive(deadline - time.monotonic()):
                return None
        return self._texts.pop(0)

    def close(self) -> None:
        """Say so to the other side, without waiting for its answer. May be called twice."""
        try:
            if self._protocol.state is State.OPEN:
                self._protocol.send_close()
                self._flush()
        except OSError:
            pass  # it is gone already
        finally:
            self._socket.close()

    def _receive(self, timeout: float) -> bool:
        """Whether something came."""
        self._socket.settimeout(max(timeout, 1e-4))
        try:
            data = self._socket.recv(_CHUNK)
        except TimeoutError:
            return False
        if not data:
            self._protocol.receive_eof()
            raise ConnectionError("the connection was closed")
        try:
            self._protocol.receive_data(data)
        except WebSocketException as error:
            raise ConnectionError(f"no WebSocket: {error}") from error
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
        self._flush()  # answers to pings
        if self._protocol.state in (State.CLOSING, State.CLOSED) and not self._texts:
            raise ConnectionError("the connection was closed")
        return True

    def _take(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.CONT):
            return
        self._parts.append(bytes(frame.data))
        if frame.fin:
            self._texts.append(b"".join(self._parts).decode("utf-8", "replace"))
            self._parts.clear()

    def _flush(self) -> None:
        self._socket.settimeout(self._timeout)
        for data in self._protocol.data_to_send():
            if data:
                self._socket.sendall(data)
