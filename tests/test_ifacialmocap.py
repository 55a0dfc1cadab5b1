"""iFacialMocap: the text, two parsers unlike each other, and receivers that ask."""

from __future__ import annotations

import locale
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest

from app.network import Address, DatagramListener, resolve
from app.outputs import open_output, parse_output
from app.outputs.ifacialmocap import (
    PORT,
    IFacialMocapLink,
    IFacialMocapSettings,
    encode,
    shape_name,
)
from engine.blendshapes import BLENDSHAPES
from engine.data import FaceState
from engine.errors import OutputError, SettingsError
from engine.geometry import quaternion_from_euler
from tests.receivers import Receiver
from tests.states import T0, face, random_face

ASK = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"
ASK_TCP = b"iFacialMocap_UDPTCP_sahuasouryya9218sauhuiayeta91555dy3719"
STOP_TCP = b"iFacialMocap_UDPTCPSTOP_sahuasouryya9218sauhuiayeta91555dy3719"
V2 = b"|sendDataVersion=v2"

NAMES = """browDown_L browDown_R browInnerUp browOuterUp_L browOuterUp_R cheekPuff cheekSquint_L
cheekSquint_R eyeBlink_L eyeBlink_R eyeLookDown_L eyeLookDown_R eyeLookIn_L eyeLookIn_R
eyeLookOut_L eyeLookOut_R eyeLookUp_L eyeLookUp_R eyeSquint_L eyeSquint_R eyeWide_L eyeWide_R
jawForward jawLeft jawOpen jawRight mouthClose mouthDimple_L mouthDimple_R mouthFrown_L
mouthFrown_R mouthFunnel mouthLeft mouthLowerDown_L mouthLowerDown_R mouthPress_L mouthPress_R
mouthPucker mouthRight mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper mouthSmile_L
mouthSmile_R mouthStretch_L mouthStretch_R mouthUpperUp_L mouthUpperUp_R noseSneer_L noseSneer_R
tongueOut""".split()  # protocols.md §4.2


def strictly_parsed(text: bytes, mark: str = "-") -> tuple[dict[str, int], dict[str, list[float]]]:
    """Shapes and poses. As receivers read that split at "=" first (VMagicMirror)."""
    shapes, poses = text.decode("ascii").split("=")
    assert shapes.endswith("|") and poses.endswith("|")
    pairs = [field.split(mark) for field in shapes[:-1].split("|")]
    found = [field.split("#") for field in poses[:-1].split("|")]
    return (
        {name: int(number) for name, number in pairs},
        {name: [float(number) for number in numbers.split(",")] for name, numbers in found},
    )


def awkwardly_parsed(text: bytes, mark: str = "-") -> dict[str, int]:
    """Shapes. As a receiver reads that drops the first and the last field (VRC_iFacialMocap)."""
    shapes = {}
    for field in text.decode("ascii").split("|")[1:-1]:
        if mark in field and "#" not in field:
            name, number = field.split(mark)
            shapes[name] = int(number)
    return shapes


@pytest.mark.parametrize(("version", "mark"), [(1, "-"), (2, "&")])
def test_both_parsers_find_all_52_shapes(version: int, mark: str) -> None:
    state = random_face(np.random.default_rng(7))
    text = encode(state, version)  # type: ignore[arg-type]
    expected = {
        shape_name(name): round(100 * weight)
        for name, weight in zip(BLENDSHAPES, state.weights, strict=True)
    }
    assert sorted(expected) == NAMES
    shapes, poses = strictly_parsed(text, mark)
    assert shapes == {"trackingStatus": 1, "hapihapi": 0, **expected}
    assert list(poses) == ["head", "rightEye", "leftEye"]
    assert [len(numbers) for numbers in poses.values()] == [6, 3, 3]
    assert awkwardly_parsed(text, mark) == {"hapihapi": 0, **expected}
    assert len(text) <= 1400


def test_text_begins_and_ends_as_the_apps() -> None:
    text = encode(face(eyeBlinkLeft=0.12, rotation=T0), 1)
    assert text.startswith(b"trackingStatus-1|eyeBlink_L-12|")
    assert text.endswith(
        b"|=head#10.000,20.000,5.000,0.0000,0.0000,-0.5000|"
        b"rightEye#0.000,0.000,0|leftEye#0.000,0.000,0|"
    )
    assert encode(face(), 2).startswith(b"trackingStatus&1|eyeBlink_L&0|")


def test_the_official_sample_comes_out_as_it_is() -> None:
    """https://www.ifacialmocap.com/for-developer: head and eyes of its example."""
    _, poses = strictly_parsed(
        b"trackingStatus-1|=head#-21.488,-6.035,-6.6,-0.0307,-0.1029,-0.6584|"
        b"rightEye#6.03,2.44,0.25|leftEye#6.03,-1.67,-0.17|"
    )
    pitch, yaw, roll, *position = poses["head"]
    state = face(
        rotation=quaternion_from_euler(*np.radians([pitch, yaw, roll])),
        position=position,
        gaze=np.radians([[-1.67, 6.03], [2.44, 6.03]]),
    )
    _, sent = strictly_parsed(encode(state, 1))
    assert sent["head"] == pytest.approx(poses["head"], abs=1e-3)
    assert sent["rightEye"][:2] == pytest.approx([6.03, 2.44])
    assert sent["leftEye"][:2] == pytest.approx([6.03, -1.67])


def test_head_and_eyes_have_our_own_signs() -> None:
    # Left eye: 10° to the person's left, 5° down. Right eye: 8° to their right, 4° up.
    gaze = np.radians([[10.0, 5.0], [-8.0, -4.0]])
    _, poses = strictly_parsed(encode(face(rotation=T0, position=(0.1, 0.2, -0.6), gaze=gaze), 1))
    assert poses["head"] == pytest.approx([10.0, 20.0, 5.0, 0.1, 0.2, -0.6])
    assert poses["leftEye"] == pytest.approx([5.0, 10.0, 0.0])
    assert poses["rightEye"] == pytest.approx([-4.0, -8.0, 0.0])


def test_weights_are_whole_per_cent_within_0_and_100() -> None:
    shapes, _ = strictly_parsed(encode(face(jawOpen=1.2, tongueOut=-0.1, mouthClose=0.126), 1))
    assert (shapes["jawOpen"], shapes["tongueOut"], shapes["mouthClose"]) == (100, 0, 13)


def test_lost_face_is_told() -> None:
    assert strictly_parsed(encode(face(tracked=False), 1))[0]["trackingStatus"] == 0


def test_decimals_have_a_point_whatever_the_country(monkeypatch: pytest.MonkeyPatch) -> None:
    before = locale.setlocale(locale.LC_ALL)
    available = [name for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "C") if _is_available(name)]
    try:
        locale.setlocale(locale.LC_ALL, available[0])
        assert b"-0.5000|" in encode(face(), 1)
    finally:
        locale.setlocale(locale.LC_ALL, before)


def _is_available(name: str) -> bool:
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        return False
    return True


def test_settings_that_do_not_exist_are_refused() -> None:
    with pytest.raises(SettingsError, match="version is 3"):
        IFacialMocapSettings(version=3)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="auto, always, never"):
        IFacialMocapSettings(answer="maybe")  # type: ignore[arg-type]


def test_a_receiver_that_does_not_ask_gets_every_state_and_a_good_bye() -> None:
    receiver = Receiver()
    output = open_output(parse_output(f"ifacialmocap::{receiver.port}"))
    for i in range(3):
        output.send(face(timestamp=i / 30, jawOpen=0.1 * i, rotation=T0))
    opened = [strictly_parsed(text)[0]["jawOpen"] for text in receiver.read_all()]
    assert opened == [0, 10, 20]
    output.close()
    ((shapes, poses),) = map(strictly_parsed, receiver.read_all())
    assert not any(shapes.values())
    assert poses["head"][:3] == [0.0, 0.0, 0.0]
    output.close()
    assert receiver.read_all() == []
    assert output.datagrams == 4
    receiver.close()


class Phone:
    """A link that listens at a free port, and a socket of somebody who asks there."""

    def __init__(self, stack: ExitStack, target: Address | None, port: int, tcp_port: int) -> None:
        listener = DatagramListener(resolve("127.0.0.1", 0))
        self.link = IFacialMocapLink(
            IFacialMocapSettings(), target, listener, name="phone", port=port, tcp_port=tcp_port
        )
        stack.callback(self.link.close)
        self._address = ("127.0.0.1", listener.port)
        self._asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        stack.callback(self._asker.close)

    def ask(self, text: bytes) -> None:
        self._asker.sendto(text, self._address)

    def send(self, state: FaceState) -> None:
        self.link.send(state)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def tcp_receiver() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(2.0)
        yield server


@pytest.fixture
def open_phone(
    receiver: Receiver, tcp_receiver: socket.socket
) -> Iterator[Callable[[Address | None], Phone]]:
    with ExitStack() as stack:
        tcp_port = tcp_receiver.getsockname()[1]
        yield lambda target: Phone(stack, target, receiver.port, tcp_port)


OpenPhone = Callable[[Address | None], Phone]


def test_who_asks_gets_what_was_asked_for(open_phone: OpenPhone, receiver: Receiver) -> None:
    phone = open_phone(None)
    phone.send(face())
    assert receiver.read_all() == []
    phone.ask(ASK)
    phone.send(face())
    assert strictly_parsed(receiver.read())
    phone.ask(ASK + V2)
    phone.send(face())
    (text,) = receiver.read_all()
    assert strictly_parsed(text, "&")
    assert phone.link.datagrams == 2


def test_the_target_that_asks_is_no_second_receiver(
    open_phone: OpenPhone, receiver: Receiver
) -> None:
    phone = open_phone(resolve("127.0.0.1", receiver.port))
    for _ in range(3):
        phone.ask(ASK + V2)
        phone.send(face())
        (text,) = receiver.read_all()
        assert text.startswith(b"trackingStatus&")


@pytest.mark.parametrize("text", [b"", b"hello", ASK[:-1], b"\xff\x00" * 2000])
def test_anything_else_is_no_request(
    text: bytes, open_phone: OpenPhone, receiver: Receiver
) -> None:
    phone = open_phone(None)
    phone.ask(text)
    phone.send(face())
    assert receiver.read_all() == []


def test_tcp_messages_are_whole_until_stop_is_asked(
    open_phone: OpenPhone, tcp_receiver: socket.socket
) -> None:
    phone = open_phone(None)
    phone.ask(ASK_TCP + V2)
    phone.send(face())
    connection, _ = tcp_receiver.accept()
    connection.settimeout(2.0)
    for i in range(1, 200):
        phone.send(face(jawOpen=i / 200))
    phone.ask(STOP_TCP)
    phone.send(face(jawOpen=1.0))
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    connection.close()
    *messages, rest = received.split(b"___iFacialMocap")
    assert rest == b""
    assert len(messages) == phone.link.datagrams >= 199
    opened = [strictly_parsed(message, "&")[0]["jawOpen"] for message in messages]
    assert opened == sorted(opened) and opened[-1] == round(100 * 199 / 200)


def test_tcp_receiver_that_reads_nothing_delays_nobody(
    open_phone: OpenPhone, receiver: Receiver, tcp_receiver: socket.socket
) -> None:
    phone = open_phone(None)
    phone.ask(ASK_TCP)
    phone.send(face())
    connection, _ = tcp_receiver.accept()
    for i in range(8000):  # more than the system's buffers hold
        phone.send(face(timestamp=i / 60))
    assert 0 < phone.link.datagrams < 8000
    connection.settimeout(2.0)
    received = b""
    while received.count(b"___iFacialMocap") < phone.link.datagrams - 1:
        received += connection.recv(1 << 20)
    phone.link.close()
    connection.close()
    messages = received.split(b"___iFacialMocap")[:-1]
    assert all(strictly_parsed(message)[0]["trackingStatus"] == 1 for message in messages)


def test_only_so_many_may_ask(receiver: Receiver) -> None:
    listener = DatagramListener(resolve("0.0.0.0", 0))
    link = IFacialMocapLink(
        IFacialMocapSettings(), None, listener, name="phone", port=receiver.port
    )
    for number in range(1, 30):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.bind((f"127.0.0.{number}", 0))
            asker.sendto(ASK, ("127.0.0.1", listener.port))
        link.send(face())
    assert len(link._receivers) == 8
    assert list(link._receivers)[-1] == "127.0.0.29"
    link.close()


def test_a_taken_port_leaves_the_target_its_states(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    settings = parse_output(f"ifacialmocap::{receiver.port}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", PORT))
        settings = replace(settings, options=IFacialMocapSettings(answer="always"))
        with open_output(settings) as output:
            output.send(face())
            assert receiver.read()
        assert len(caplog.records) == 1
        assert "cannot answer" in caplog.text
        with pytest.raises(OutputError, match=f"cannot listen at 0.0.0.0:{PORT}"):
            open_output(parse_output("ifacialmocap:0.0.0.0"))


def test_on_the_same_machine_the_port_is_left_to_the_receiver() -> None:
    with open_output(parse_output("ifacialmocap")) as output:
        output.send(face())
        Receiver(port=PORT).close()
