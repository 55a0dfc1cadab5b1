"""VTube Studio's phone: what clients read, how they ask, and for how long they are sent to."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import pytest

from app.network import DatagramListener, resolve
from app.outputs import open_output, parse_output
from app.outputs.vtsphone import VtsPhoneLink, encode, request_from
from engine.blendshapes import BLENDSHAPES, pascal_case
from engine.data import FaceState
from engine.errors import OutputError
from tests.receivers import Clock, Receiver
from tests.states import T0, face, random_face

FIELDS = {  # of the official C# classes
    *("Timestamp", "Hotkey", "FaceFound", "Rotation", "Position", "BlendShapes"),
    *("EyeLeft", "EyeRight"),
}


@dataclass(frozen=True)
class Vector:
    """Strict: exactly these keys."""

    x: float
    y: float
    z: float


def vector(state: FaceState, name: str) -> list[float]:
    sent = Vector(**json.loads(encode(state, 0.0))[name])
    return [sent.x, sent.y, sent.z]


def weights(datagram: bytes) -> dict[str, float]:
    return {shape["k"]: shape["v"] for shape in json.loads(datagram)["BlendShapes"]}


def test_every_field_is_there_with_all_52_shapes_by_name() -> None:
    state = random_face(np.random.default_rng(8))
    sent = json.loads(encode(state, 1700000000.1239))
    assert sent.keys() == FIELDS
    assert (sent["Timestamp"], sent["Hotkey"], sent["FaceFound"]) == (1700000000123, -1, True)
    assert all(shape.keys() == {"k", "v"} for shape in sent["BlendShapes"])
    expected = map(pascal_case, BLENDSHAPES)
    assert weights(encode(state, 0.0)) == pytest.approx(
        dict(zip(expected, state.weights, strict=True)), abs=0.0006
    )


def test_rotation_is_yaw_pitch_roll() -> None:
    assert vector(face(rotation=T0), "Rotation") == pytest.approx([20.0, 10.0, 5.0], abs=1e-3)


def test_position_is_in_centimetres_to_the_persons_right() -> None:
    assert vector(face(position=(0.1, 0.2, -0.6)), "Position") == [-10.0, 20.0, -60.0]


def test_eyes_are_pitch_and_yaw() -> None:
    state = face(gaze=np.radians([[10.0, 5.0], [-8.0, -4.0]]))
    assert vector(state, "EyeLeft") == [5.0, 10.0, 0.0]
    assert vector(state, "EyeRight") == [-4.0, -8.0, 0.0]


def test_lost_face_is_told() -> None:
    assert json.loads(encode(face(tracked=False), 0.0))["FaceFound"] is False


def test_weights_are_clamped_and_none_is_written_with_many_digits() -> None:
    datagram = encode(face(jawOpen=1.2, tongueOut=-0.1, cheekPuff=1e-7, mouthClose=2 / 3), 0.0)
    sent = weights(datagram)
    assert (sent["JawOpen"], sent["TongueOut"], sent["CheekPuff"]) == (1.0, 0.0, 0.0)
    assert sent["MouthClose"] == 0.667
    assert len(encode(random_face(np.random.default_rng(9)), 1e9)) < 2200


def asking(*ports: object, **fields: object) -> bytes:
    message = {"messageType": "iOSTrackingDataRequest", "time": 5.0, "sentBy": "Test"}
    return json.dumps(message | {"ports": ports} | fields).encode()


@pytest.mark.parametrize(
    ("datagram", "seconds"),
    [
        (asking(5000), 5.0),
        (asking(5000, time=0.1), 0.5),
        (asking(5000, time=60), 10.0),
        (b'{"messageType":"iOSTrackingDataRequest","ports":[5000]}', 10.0),
        (b'{"messageType":"iOSTrackingDataRequest","sendForSeconds":3,"ports":[5000]}', 3.0),
    ],
)
def test_a_request_says_how_long(datagram: bytes, seconds: float) -> None:
    request = request_from(datagram)
    assert request is not None
    assert (request.ports, request.seconds) == ((5000,), seconds)


@pytest.mark.parametrize(
    "datagram",
    [
        *(b"", b"\xff", b"[]", b"{}", b"[" * 4000),
        *(asking(), asking(0), asking(65536), asking("5000"), asking(5000.5), asking(True)),
        *(asking(*range(1, 40)), asking(5000, messageType="other"), asking(5000, time="long")),
        asking(5000, time=float("nan")),
    ],
)
def test_anything_else_is_no_request(datagram: bytes) -> None:
    assert request_from(datagram) is None


class Phone:
    """A link that waits at a free port, and a socket of a client."""

    def __init__(self, stack: ExitStack) -> None:
        self.clock = Clock()
        listener = DatagramListener(resolve("127.0.0.1", 0))
        self._address = ("127.0.0.1", listener.port)
        self.link = VtsPhoneLink(listener, name="phone", clock=self.clock)
        self._asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        stack.callback(self._asker.close)
        stack.callback(self.link.close)

    def ask(self, datagram: bytes) -> None:
        self._asker.sendto(datagram, self._address)


@pytest.fixture
def phone() -> Iterator[Phone]:
    with ExitStack() as stack:
        yield Phone(stack)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def test_client_is_sent_to_for_as_long_as_it_asked(phone: Phone, receiver: Receiver) -> None:
    phone.link.send(face())
    phone.ask(asking(receiver.port, time=2.0))
    arrived = []
    for seconds in (0.0, 1.0, 1.9, 2.1, 5.0):
        phone.clock.seconds = seconds
        phone.link.send(face())
        arrived.append(len(receiver.read_all()))
    assert arrived == [1, 1, 1, 0, 0]
    assert phone.link.datagrams == 3


def test_asking_again_prolongs_and_does_not_double(phone: Phone, receiver: Receiver) -> None:
    for seconds in range(20):
        phone.clock.seconds = float(seconds)
        phone.ask(asking(receiver.port, time=2.0))
        phone.link.send(face())
        assert len(receiver.read_all()) == 1


def test_every_port_of_a_request_is_sent_to(phone: Phone) -> None:
    receivers = [Receiver() for _ in range(3)]
    phone.ask(asking(*(receiver.port for receiver in receivers)))
    phone.link.send(face(jawOpen=0.5))
    for receiver in receivers:
        assert weights(receiver.read())["JawOpen"] == 0.5
        receiver.close()


def test_client_that_ended_costs_one_line(
    phone: Phone, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    phone.ask(asking(receiver.port))
    phone.link.send(face())
    receiver.close()
    for _ in range(10):
        phone.link.send(face())
    assert len(caplog.records) == 1
    assert caplog.records[0].levelno == logging.WARNING


def test_the_timestamp_is_now(phone: Phone, receiver: Receiver) -> None:
    phone.ask(asking(receiver.port))
    phone.link.send(face())
    assert json.loads(receiver.read())["Timestamp"] / 1000 == pytest.approx(time.time(), abs=10.0)


def test_good_bye_is_no_face_at_rest(phone: Phone, receiver: Receiver) -> None:
    phone.ask(asking(receiver.port))
    phone.link.send(face(jawOpen=0.5))
    receiver.read_all()
    phone.link.farewell(face(jawOpen=0.5))
    (datagram,) = receiver.read_all()
    assert json.loads(datagram)["FaceFound"] is False
    assert not any(weights(datagram).values())


def test_a_taken_port_is_one_line_and_another_address_of_ours_is_not(receiver: Receiver) -> None:
    with pytest.raises(OutputError, match=f"cannot listen at 127.0.0.1:{receiver.port}"):
        open_output(parse_output(f"vtsphone::{receiver.port}"))
    open_output(parse_output(f"vtsphone:127.0.0.2:{receiver.port}")).close()
