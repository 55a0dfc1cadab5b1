"""Asking over OSC: what other programs send becomes actions, and nonsense becomes none."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from app.actions import Action, Calibrate, Recentre, SetMirror, SetPaused, SetRecording
from app.network import resolve
from app.remote import AT_ONCE, Remote
from engine.errors import OutputError


@pytest.fixture
def remote() -> Iterator[Remote]:
    with Remote(resolve("127.0.0.1", 0)) as remote:
        yield remote


def message(address: str, *arguments: object) -> bytes:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return bytes(builder.build().dgram)


def asked(remote: Remote, *datagrams: bytes) -> tuple[Action, ...]:
    """What is found after these datagrams; on the loopback they are there at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, ("127.0.0.1", remote.port))
    return remote.actions()


@pytest.mark.parametrize(
    ("address", "arguments", "expected"),
    [
        ("/mien/calibrate", (), (Calibrate(),)),
        ("/mien/calibrate", (1,), (Calibrate(),)),
        ("/mien/calibrate", (0,), ()),
        ("/mien/recentre", (1.0,), (Recentre(),)),
        ("/mien/pause", (True,), (SetPaused(True),)),
        ("/mien/pause", (0.0,), (SetPaused(False),)),
        ("/mien/mirror", (1,), (SetMirror(True),)),
        ("/mien/record", (1,), (SetRecording(True),)),
        ("/mien/record", (0,), (SetRecording(False),)),
    ],
)
def test_each_address_asks_for_its_action(
    remote: Remote,
    address: str,
    arguments: tuple[object, ...],
    expected: tuple[Action, ...],
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert asked(remote, message(address, *arguments)) == expected
    assert remote.actions() == ()
    assert caplog.records == []


def test_a_bundle_asks_for_all_that_is_in_it(remote: Remote) -> None:
    builder = OscBundleBuilder(IMMEDIATELY)
    for address in ("/mien/recentre", "/mien/record"):
        part = OscMessageBuilder(address)
        part.add_arg(1)
        builder.add_content(part.build())
    assert asked(remote, builder.build().dgram) == (Recentre(), SetRecording(True))


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"hello",
        b"/mien/record",
        message("/mien/record"),
        message("/mien/record", "yes"),
        message("/mien/format", 1),
        b"#bundle\0",
        message("/mien/pause", 1)[:-2],
    ],
)
def test_what_is_not_understood_is_told_once_and_does_nothing(
    remote: Remote, datagram: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert asked(remote, datagram, datagram, message("/mien/recentre")) == (Recentre(),)
    assert len(caplog.records) == 1
    assert "expected /mien/calibrate" in caplog.text


def test_a_flood_is_taken_in_by_portions(remote: Remote) -> None:
    flood = [message("/mien/recentre")] * (AT_ONCE + 6)
    assert len(asked(remote, *flood)) == AT_ONCE
    assert len(remote.actions()) == 6


def test_a_taken_port_is_one_line(remote: Remote) -> None:
    with pytest.raises(OutputError, match="cannot listen at") as caught:
        Remote(resolve("127.0.0.1", remote.port))
    assert "\n" not in str(caught.value)
