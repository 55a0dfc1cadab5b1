"""Messages over TCP: receivers that are absent, come late, go and come again."""

from __future__ import annotations

import logging
import socket

import pytest

from app.network import StreamSender, resolve
from tests.receivers import Clock


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def attempt(sender: StreamSender, clock: Clock) -> None:
    """Long enough after the last attempt; twice, for a refusal is known only at the second."""
    clock.seconds += 10.0
    sender.send(b"x")
    sender.send(b"x")


def test_absent_receiver_costs_one_line_and_one_attempt_in_two_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    sender = StreamSender(resolve("127.0.0.1", free_port()), name="there", clock=clock)
    for i in range(100):
        clock.seconds = i / 10
        sender.send(b"x")
    assert (sender.sent, sender.lost) == (0, 100)
    assert len(caplog.records) == 1
    assert caplog.messages[0].startswith("there: cannot send: ")
    sender.close()
    sender.close()


def test_receiver_that_goes_and_comes_again_is_found(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    port = free_port()
    clock = Clock()
    sender = StreamSender(resolve("127.0.0.1", port), name="there", clock=clock)
    attempt(sender, clock)
    for _ in range(2):
        with socket.create_server(("127.0.0.1", port)) as server:
            server.settimeout(2.0)
            attempt(sender, clock)
            connection, _ = server.accept()
            sender.send(b"hello")
            connection.settimeout(2.0)
            assert connection.recv(5)
            connection.close()
        while sender._socket is not None:  # until the system has told that it is gone
            sender.send(b"gone")
    said = [message.split(": ")[1] for message in caplog.messages]
    assert said == ["cannot send", "connected", "cannot send", "connected", "cannot send"]
    sender.close()


def test_a_message_of_which_only_the_beginning_was_taken_is_completed() -> None:
    class Slow(socket.socket):
        def send(self, data: bytes, flags: int = 0) -> int:
            return super().send(data[:1000], flags)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(2.0)
        sender = StreamSender(resolve("127.0.0.1", server.getsockname()[1]), name="there")
        sender.send(b"first")
        connection, _ = server.accept()
        assert sender._socket is not None
        sender._socket = Slow(fileno=sender._socket.detach())
        for letter in (b"a", b"b", b"c", b"d", b"e", b"f", b"g"):
            sender.send(letter * 2500)
        sender.close()
        connection.settimeout(2.0)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        connection.close()
    assert received.removeprefix(b"first") == b"a" * 2500 + b"c" * 2500 + b"e" * 2500 + b"g" * 1000
    assert (sender.sent, sender.lost) == (5, 3)
