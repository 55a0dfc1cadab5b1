"""Outputs that are switched while states are sent, to a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from pythonosc.osc_bundle import OscBundle

from app.destinations import Destinations
from app.outputs import OutputSettings, parse_output
from engine.errors import OutputError
from tests.states import face


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.setblocking(False)
        yield udp


def osc(receiver: socket.socket) -> OutputSettings:
    return parse_output(f"osc:127.0.0.1:{receiver.getsockname()[1]}")


def arrived(udp: socket.socket) -> list[OscBundle]:
    found = []
    try:
        while True:
            found.append(OscBundle(udp.recv(65536)))
    except BlockingIOError:
        return found


def test_switched_off_it_says_good_bye_and_nothing_more(receiver: socket.socket) -> None:
    settings = osc(receiver)
    with Destinations([settings]) as destinations:
        assert destinations.send(face())
        assert len(arrived(receiver)) == 2  # osc sends two a state
        destinations.switch(settings, on=False)
        assert len(arrived(receiver)) == 2  # the good-bye
        assert not destinations.send(face())
        assert arrived(receiver) == []
        (off,) = destinations.every
        assert off.output is None and off.fault == "" and off.datagrams == 4
        destinations.switch(settings, on=True)
        assert destinations.send(face()) and len(arrived(receiver)) == 2
        assert destinations.every[0].datagrams == 6


def test_another_profile_has_its_own_receivers(receiver: socket.socket) -> None:
    first, second = osc(receiver), parse_output("vmc::9")
    with Destinations([first]) as destinations:
        destinations.only((second,))
        assert [d.settings for d in destinations.every if d.output is not None] == [second]


def test_one_that_cannot_be_opened_ends_the_start_or_is_off_with_a_line(
    receiver: socket.socket,
) -> None:
    missing = parse_output("vmc:no-such-host.invalid")
    with pytest.raises(OutputError, match=r"no-such-host\.invalid"):
        Destinations([osc(receiver), missing])
    with Destinations([missing, osc(receiver)], forgiving=True) as destinations:
        assert "no-such-host.invalid" in destinations.every[0].fault
        assert destinations.send(face())
