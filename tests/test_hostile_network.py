"""Whatever arrives at an open port: nothing raises, nothing grows, nobody waits."""

from __future__ import annotations

import json
import logging
import socket
import threading
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_message_builder import OscMessageBuilder

from app.actions import Wishes
from app.network import DatagramListener, resolve
from app.network.osc_packet import read_packet
from app.outputs.ifacialmocap import IFacialMocapLink, IFacialMocapSettings
from app.outputs.vtsphone import VtsPhoneLink, request_from
from app.remote import Remote
from tests.receivers import Receiver
from tests.states import face

JSON_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 5000, 65536, 10**400, -(10**400), 1e308, float("nan")),
    *(float("inf"), "", "x" * 5000, "\x1b[2J", [], {}, [[]], [5000] * 33, {"a": {}}),
)

IFACIALMOCAP_ASK = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"


def damaged(datagram: bytes, random: np.random.Generator) -> bytes:
    """With bytes changed, left out, or put in."""
    data = bytearray(datagram)
    for _ in range(int(random.integers(1, 6))):
        place = int(random.integers(0, len(data) + 1))
        length = int(random.integers(0, 9))
        data[place : place + length] = random.bytes(int(random.integers(0, 9)))
    return bytes(data)


@pytest.mark.parametrize("field", ["messageType", "sentBy", "time", "sendForSeconds", "ports"])
def test_a_clients_request_may_hold_anything(field: str) -> None:
    sound = {"messageType": "iOSTrackingDataRequest", "sentBy": "Test", "ports": [5000]}
    for value in JSON_VALUES:
        for wrapped in (value, [value]):
            request = request_from(json.dumps(sound | {field: wrapped}).encode())
            if request is not None:
                assert all(1 <= port <= 65535 for port in request.ports)
                assert 0.5 <= request.seconds <= 10.0
                assert request.client.isascii() and request.client.isprintable()


def test_a_clients_request_may_be_nested_as_deep_as_a_datagram_holds() -> None:
    for depth in (*range(850, 1000, 3), 30_000):
        nested = "[" * depth + "]" * depth
        text = f'{{"messageType":"iOSTrackingDataRequest","ports":[5000],"sentBy":{nested}}}'
        request = request_from(text.encode())
        assert request is None or len(request.client) <= 64


def test_damaged_osc_gives_messages_and_faults(random: np.random.Generator) -> None:
    builder = OscMessageBuilder("/mien/record")
    for argument in (1, 0.5, "text", b"blob", True):
        builder.add_arg(argument)
    sound = builder.build().dgram
    for _ in range(2000):
        packet = read_packet(damaged(sound, random))
        assert isinstance(packet.messages, tuple)


def test_a_flood_of_nonsense_at_the_open_ports_harms_nobody(
    random: np.random.Generator, caplog: pytest.LogCaptureFixture
) -> None:
    """remote, iFacialMocap and VTube Studio's phone, each at a real port."""
    threads = threading.active_count()
    builder = OscMessageBuilder("/mien/pause")
    builder.add_arg(1)
    sound = (
        builder.build().dgram,
        IFACIALMOCAP_ASK,
        b'{"messageType":"iOSTrackingDataRequest","ports":[5000],"sentBy":"x","time":1}',
    )
    receiver = Receiver()
    listeners = [DatagramListener(resolve("127.0.0.1", 0)) for _ in range(2)]
    mocap = IFacialMocapLink(
        IFacialMocapSettings(), None, listeners[0], name="m", port=receiver.port, tcp_port=9
    )
    phone = VtsPhoneLink(listeners[1], name="p")
    state = face()
    with (
        caplog.at_level(logging.INFO),
        Remote(resolve("127.0.0.1", 0)) as remote,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker,
    ):
        ports = [remote.port, *(listener.port for listener in listeners)]
        for count in range(600):
            datagram = damaged(sound[count % 3], random) if count % 2 else random.bytes(count)
            for port in ports:
                attacker.sendto(datagram, ("127.0.0.1", port))
            if count % 10 == 0:
                remote.actions(Wishes())
                mocap.send(state)
                phone.send(state)
        while remote.actions(Wishes()):  # whatever is still in the buffer
            pass
        attacker.sendto(sound[0], ("127.0.0.1", remote.port))
        for _ in range(40):
            mocap.send(state)
            phone.send(state)
        attacker.sendto(IFACIALMOCAP_ASK, ("127.0.0.1", listeners[0].port))
        mocap.send(state)
    assert receiver.read_all()  # who asks properly is still served
    mocap.close()
    phone.close()
    receiver.close()
    assert threading.active_count() == threads
    assert all(message.isprintable() for message in caplog.messages)
    assert len(caplog.messages) < 60
