"""Answers in JSON to programs that ask over HTTP. The caller's thread does all the work."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import Any

from app.network.address import Address
from engine.errors import OutputError

Answer = tuple[int, object]
"""HTTP status, and what is sent as JSON; None: nothing."""

_PATIENCE = 1.0  # seconds for a client that is slow to say what it wants


class JsonServer:
    """Listens at a free port of an address of ours."""

    def __init__(self, address: Address, answer: Callable[[str], Answer]) -> None:
        """answer: to the path that a client asks for, with its query."""

        class Handler(BaseHTTPRequestHandler):
            timeout = _PATIENCE

            def do_GET(self) -> None:
                status, content = answer(self.path)
                body = b"" if content is None else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass  # who asks what is nobody's concern

        class Server(TCPServer):  # HTTPServer asks the network for the name of our address
            address_family = address.family

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a client that went away in the middle

        try:
            self._server = Server(address.sockaddr[:2], Handler)
        except OSError as error:
            raise OutputError(
                f"cannot listen at {address.host}: {error.strerror}; expected an address of this "
                "machine."
            ) from error

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def serve(self, timeout: float) -> None:
        """Answer one client, if there is one within `timeout` seconds."""
        self._server.timeout = timeout
        self._server.handle_request()

    def close(self) -> None:
        """Release the port."""
        self._server.server_close()
