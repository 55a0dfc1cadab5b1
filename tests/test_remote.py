"""Asking over OSC: what other programs send becomes actions, and nonsense becomes none."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from app.actions import Action, Calibrate, Recentre, SetMirror, SetPaused, SetRecording, Wishes
from app.network import resolve
from app.remote import AT_ONCE, MOST_TOLD, Remote
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


def asked(remote: Remote, *datagrams: bytes, wishes: Wishes | None = None) -> tuple[Action, ...]:
    """What is found after these datagrams; on the loopback they are there at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, ("127.0.0.1", remote.port))
    return remote.actions(wishes or Wishes())


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
    assert remote.actions(Wishes()) == ()
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
        message("/mien/record", "yes"),
        message("/mien/calibrate", "now"),
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
    assert "which mien does not understand; expected " in caplog.text


@pytest.mark.parametrize(
    ("datagram", "told"),
    [
        (
            message("/mien/pause", "yes"),
            "sends /mien/pause ('yes'), which mien does not understand; expected 1 or 0, or no "
            "argument to switch over",
        ),
        (message("/mien/calibrate", "x" * 500), "sends /mien/calibrate ('xxx"),
        (message("/mien/calibrate", "now"), "expected no argument, or 1 for pressed"),
        (message("/mien/format", 1, 2.5), "sends /mien/format (1 2.5)"),
        (message("/mien/format"), "(without an argument), which mien does not understand; "),
        (message("/mien/format"), "expected one of /mien/calibrate, /mien/recentre, /mien/pause"),
        (b"hello", "sends what is no OSC message ("),
    ],
)
def test_what_is_not_understood_is_told_with_what_it_was_and_what_is_expected(
    remote: Remote, datagram: bytes, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert asked(remote, datagram) == ()
    assert told in caplog.text and len(caplog.messages[0]) < 300


def test_a_flood_of_nonsense_does_not_fill_the_log(
    remote: Remote, caplog: pytest.LogCaptureFixture
) -> None:
    asked(remote, *(message(f"/fader/{number}", 1) for number in range(60)))
    assert len(caplog.records) == MOST_TOLD


def test_without_an_argument_a_switch_turns_over_what_is(remote: Remote) -> None:
    pause, mirror, record = map(message, ("/mien/pause", "/mien/mirror", "/mien/record"))
    assert asked(remote, pause) == (SetPaused(True),)
    assert asked(remote, pause, wishes=Wishes(paused=True)) == (SetPaused(False),)
    twice = asked(remote, mirror, record, mirror, wishes=Wishes(recording=True))
    assert twice == (SetMirror(True), SetRecording(False), SetMirror(False))


def test_a_flood_is_taken_in_by_portions(remote: Remote) -> None:
    flood = [message("/mien/recentre")] * (AT_ONCE + 6)
    assert len(asked(remote, *flood)) == AT_ONCE
    assert len(remote.actions(Wishes())) == 6


def test_a_taken_port_is_one_line(remote: Remote) -> None:
    with pytest.raises(OutputError, match="cannot listen at") as caught:
        Remote(resolve("127.0.0.1", remote.port))
    assert "\n" not in str(caught.value)
