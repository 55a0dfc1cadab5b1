"""Destinations by name, datagrams on the loopback, and receivers that are not there."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from pythonosc.osc_packet import OscPacket

from app.network import QUIET_TIME, Address, DatagramSender, resolve
from app.outputs import PROTOCOLS, OutputSettings, open_output, parse_output
from app.outputs.axes import AxisSettings, adjusted
from app.outputs.osc import OscSettings
from app.outputs.vmc import VmcSettings
from engine.errors import OutputError, SettingsError
from tests.receivers import Clock, Receiver
from tests.states import T0, face


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def closed_port() -> int:
    receiver = Receiver()
    receiver.close()
    return receiver.port


@pytest.mark.parametrize(
    ("spec", "protocol", "host", "port"),
    [
        ("osc", "osc", "127.0.0.1", 9009),
        ("vmc", "vmc", "127.0.0.1", 39539),
        ("VMC", "vmc", "127.0.0.1", 39539),
        ("vmc:192.168.1.5", "vmc", "192.168.1.5", 39539),
        ("vmc:192.168.1.5:", "vmc", "192.168.1.5", 39539),
        ("vmc::39540", "vmc", "127.0.0.1", 39540),
        ("osc:studio-pc.local:7000", "osc", "studio-pc.local", 7000),
        ("osc:192.168.1.255:7000", "osc", "192.168.1.255", 7000),
        ("osc:[::1]", "osc", "::1", 9009),
        ("osc:[fe80::1%eth0]:7000", "osc", "fe80::1%eth0", 7000),
    ],
)
def test_specification_names_protocol_host_and_port(
    spec: str, protocol: str, host: str, port: int
) -> None:
    settings = parse_output(spec)
    assert (settings.protocol, settings.host, settings.port) == (protocol, host, port)


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("", "osc, vmc"),
        ("vcm", "osc, vmc"),
        ("39539", "osc, vmc"),
        ("vmc:host:http", "bad port 'http'"),
        ("vmc:host:0", "bad port '0'"),
        ("vmc:host:65536", "bad port '65536'"),
        ("vmc:host:-1", "bad port '-1'"),
        ("vmc:host:²", "bad port '²'"),
        ("vmc:39540", "vmc::39540"),
        ("vmc:::1", "brackets"),
        ("vmc:fe80::1:39540", "brackets"),
        ("vmc:[::1", "[IPv6]"),
        ("vmc:[::1]39540", "[IPv6]"),
        ("vmc:[]:39540", "[IPv6]"),
    ],
)
def test_bad_specification_is_refused_in_one_line(spec: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_output(spec)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_port_of_a_profile_is_checked(port: int) -> None:
    with pytest.raises(SettingsError, match="bad port"):
        OutputSettings(OscSettings(), "127.0.0.1", port)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_of_the_table_opens_and_is_called_by_its_name(
    name: str, closed_port: int
) -> None:
    with open_output(parse_output(f"{name}::{closed_port}")) as output:
        assert output.name == f"{name} 127.0.0.1:{closed_port}"
        output.send(face())
        output.send(face(weights=np.full(52, np.nan)))
    output.close()


@pytest.mark.parametrize("name", ["osc", "vmc", "ifacialmocap", "livelink"])
def test_receiver_that_does_not_ask_gets_datagrams(name: str, receiver: Receiver) -> None:
    with open_output(parse_output(f"{name}::{receiver.port}")) as output:
        output.send(face())
    assert receiver.read()


@pytest.mark.parametrize("name", ["osc", "vmc", "ifacialmocap", "livelink"])
def test_every_output_has_its_axes_set_right(name: str) -> None:
    wanted = AxisSettings(yaw=-1.0, mirror=True)
    turned = face(rotation=T0, jawLeft=0.5)
    start = -244 if name == "livelink" else 0  # before that stands the time of day
    arrived = []
    for axes, state in (
        (AxisSettings(), turned),
        (AxisSettings(), adjusted(turned, wanted)),
        (wanted, turned),
    ):
        receiver = Receiver()
        settings = parse_output(f"{name}::{receiver.port}")
        options = replace(settings.options, axes=axes)
        with open_output(replace(settings, options=options)) as output:
            output.send(state)
            arrived.append([datagram[start:] for datagram in receiver.read_all()])
        receiver.close()
    assert arrived[0] != arrived[1] == arrived[2]


@pytest.mark.parametrize("host", ["no-such-host.invalid", "300.1.1.1", "a..b", "x" * 70, "a b"])
def test_unknown_host_is_refused_in_one_line(host: str) -> None:
    with pytest.raises(OutputError, match="cannot find host") as caught:
        open_output(OutputSettings(VmcSettings(), host, 39539))
    assert "\n" not in str(caught.value)


def test_a_name_with_both_kinds_of_address_gives_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [
        (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("::1", 9, 0, 0)),
        (socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", 9)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    assert resolve("localhost", 9) == Address(socket.AF_INET, ("127.0.0.1", 9))


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 in this Python")
def test_ipv6_receiver_gets_datagrams() -> None:
    receiver = Receiver(socket.AF_INET6)
    with open_output(parse_output(f"osc:[::1]:{receiver.port}")) as output:
        assert output.name == f"osc [::1]:{receiver.port}"
        output.send(face())
    assert receiver.read()
    receiver.close()


def test_broadcast_addresses_are_allowed(receiver: Receiver) -> None:
    sender = DatagramSender(resolve("127.255.255.255", receiver.port), name="all")
    sender.send([b"hello"])
    assert (sender.sent, sender.lost) == (1, 0)
    sender.close()


def test_each_target_of_several_gets_every_frame() -> None:
    receivers = [Receiver() for _ in range(3)]
    protocols = ("vmc", "vmc", "osc")
    outputs = [
        open_output(parse_output(f"{protocol}::{receiver.port}"))
        for protocol, receiver in zip(protocols, receivers, strict=True)
    ]
    for i in range(4):
        for output in outputs:
            output.send(face(timestamp=i / 30, jawOpen=i / 10))
    arrived = [receiver.read_all() for receiver in receivers]
    assert arrived[0] == arrived[1]
    assert [len(datagrams) for datagrams in arrived] == [output.datagrams for output in outputs]
    assert all(len(datagrams) % 4 == 0 and datagrams for datagrams in arrived)
    for closable in (*outputs, *receivers):
        closable.close()


def test_absent_receiver_costs_one_line_and_no_datagram_once_it_is_there(
    closed_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    output = open_output(parse_output(f"vmc::{closed_port}"))
    for i in range(60):
        output.send(face(timestamp=i / 60))
    assert [record.message for record in caplog.records] == [
        f"vmc 127.0.0.1:{closed_port}: nobody listens there; sending goes on"
    ]
    assert output.datagrams == 60 * 3
    late = Receiver(port=closed_port)
    output.send(face(timestamp=1.0))
    assert len(late.read_all()) == 3
    output.close()
    late.close()


def test_return_of_a_receiver_is_said_once(
    closed_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    sender = DatagramSender(resolve("127.0.0.1", closed_port), name="there", clock=clock)
    for _ in range(3):
        sender.send([b"x"])
    receiver = Receiver(port=closed_port)
    for seconds in (0.5, QUIET_TIME - 0.1, QUIET_TIME + 1.0, QUIET_TIME + 2.0, 100.0):
        clock.seconds = seconds
        sender.send([b"x"])
    assert [record.message for record in caplog.records][1:] == ["there: reached again"]
    receiver.close()
    sender.close()


def test_refused_datagram_is_counted_and_said_once(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    too_long = bytes(70_000)
    sender = DatagramSender(resolve("127.0.0.1", receiver.port), name="there")
    for _ in range(5):
        sender.send([b"before", too_long, b"after"])
    assert (sender.sent, sender.lost) == (10, 5)
    assert receiver.read_all() == [b"before", b"after"] * 5
    assert len(caplog.records) == 1
    assert "cannot send" in caplog.text
    sender.close()


def test_network_that_cannot_be_reached_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    # A link-local address needs an interface; without one there is no way to it.
    nowhere = Address(socket.AF_INET6, ("fe80::1", 9, 0, 0))
    sender = DatagramSender(nowhere, name="nowhere")
    for _ in range(3):
        sender.send([b"x"])
    assert (sender.sent, sender.lost) == (0, 3)
    assert len(caplog.records) == 1
    sender.close()


def test_full_buffer_loses_datagrams_instead_of_waiting(receiver: Receiver) -> None:
    class Full(socket.socket):
        def send(self, *_: object) -> int:
            raise BlockingIOError(11, "Resource temporarily unavailable")

    sender = DatagramSender(resolve("127.0.0.1", receiver.port), name="there")
    full = Full(socket.AF_INET, socket.SOCK_DGRAM)
    sender._socket = full
    sender.send([b"x", b"y"])
    assert (sender.sent, sender.lost) == (0, 2)
    assert sender._socket is full, "a full buffer is no reason for a new socket"
    sender.close()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("field", ["weights", "rotation", "position", "gaze"])
def test_state_with_a_number_that_is_not_finite_is_not_sent(
    bad: float, field: str, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    size = {"weights": (52,), "rotation": (4,), "position": (3,), "gaze": (2, 2)}[field]
    values = np.full(size, 0.25)
    values.flat[-1] = bad
    with open_output(parse_output(f"osc::{receiver.port}")) as output:
        output.send(face(**{field: values}))
        output.send(face(**{field: values}))
        assert receiver.read_all() == []
        assert len(caplog.records) == 1
        output.send(face())
        assert receiver.read_all() != []


@pytest.mark.parametrize("name", ["osc", "vmc"])
def test_close_brings_the_receiver_to_rest_once(name: str, receiver: Receiver) -> None:
    output = open_output(parse_output(f"{name}::{receiver.port}"))
    output.send(face(jawOpen=0.8, mouthSmileLeft=1.0))
    receiver.read_all()
    output.close()
    values = {
        message.params[0] if name == "vmc" else message.address: message.params[-1]
        for datagram in receiver.read_all()
        for message in (timed.message for timed in OscPacket(datagram).messages)
        if message.address.startswith(("/VMC/Ext/Blend/Val", "/face/"))
    }
    assert len(values) >= 52
    shapes = [value for key, value in values.items() if "jaw" in key.lower() or "mouth" in key]
    assert shapes and not any(shapes)
    output.close()
    assert receiver.read_all() == []


def test_output_that_never_sent_says_no_good_bye(receiver: Receiver) -> None:
    open_output(parse_output(f"vmc::{receiver.port}")).close()
    assert receiver.read_all() == []
