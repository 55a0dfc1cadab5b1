"""VRChat: floats and bits, only what has changed, what an avatar has, and who tells it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from app.network import DatagramSender, resolve
from app.network.mdns import Service
from app.outputs import OutputSettings, open_output
from app.outputs.packets import MAX_PACKET, Message
from app.outputs.unified import UNIFIED
from app.outputs.vrchat import (
    ACTIVE,
    PARAMETERS,
    VrchatEncoder,
    VrchatSettings,
    avatar_parameters,
    open_blind_encoder,
    open_encoder,
)
from app.outputs.vrchat_avatar import VrchatLink
from engine.data import FaceState
from engine.errors import SettingsError
from tests.receivers import Clock, Receiver
from tests.states import T0, face, random_face

GAZE, CLOSED = "/tracking/eye/LeftRightPitchYaw", "/tracking/eye/EyesClosedAmount"

Described = list[tuple[str, str]]

BINARY: Described = [
    *((f"{PARAMETERS}FT/v2/JawOpen{power}", "T") for power in (1, 2, 4, 8)),
    *((f"{PARAMETERS}v2/JawX{end}", "F") for end in ("1", "2", "4", "Negative")),
    *((f"{PARAMETERS}v2/SmileFrown{power}", "T") for power in (1, 2)),
]


def decoded(datagrams: object) -> dict[str, object]:
    """Address to argument, or tuple of arguments."""
    messages = [
        timed.message for datagram in datagrams for timed in OscPacket(bytes(datagram)).messages
    ]
    values = {m.address: m.params[0] if len(m.params) == 1 else tuple(m.params) for m in messages}
    assert len(values) == len(messages), "an address twice in a frame"
    return values


def blind(prefix: str = "FT/") -> VrchatEncoder:
    return open_blind_encoder(VrchatSettings(prefix=prefix))


def avatar(described: Described) -> VrchatEncoder:
    return open_encoder(avatar_parameters(described), VrchatSettings())


def test_golden_messages() -> None:
    """protocols.md §3.7."""
    message = OscMessageBuilder("/avatar/parameters/FT/v2/JawOpen")
    message.add_arg(0.5)
    datagrams = blind().encode(face(jawOpen=0.5))
    golden = message.build().dgram
    assert len(golden) == 44 and golden.endswith(bytes.fromhex("2c6600003f000000"))
    assert any(golden in bytes(datagram) for datagram in datagrams)
    (true,) = [Message(f"{PARAMETERS}FT/v2/JawOpen1", True).built.dgram]
    assert len(true) == 40 and true.endswith(bytes.fromhex("2c540000"))
    datagrams = avatar([(f"{PARAMETERS}FT/v2/JawOpen1", "T")]).encode(face(jawOpen=1.0))
    assert any(true in bytes(datagram) for datagram in datagrams)


def test_blind_sends_every_name_and_the_flags() -> None:
    sent = decoded(blind().encode(random_face(np.random.default_rng(1))))
    names = {f"{PARAMETERS}FT/v2/{name}" for name in UNIFIED} | {PARAMETERS + n for n in ACTIVE}
    assert sent.keys() == names | {GAZE, CLOSED}
    assert decoded(blind("").encode(face(jawOpen=0.5)))[f"{PARAMETERS}v2/JawOpen"] == 0.5


def test_bundles_are_small_enough() -> None:
    rng = np.random.default_rng(2)
    encoder = blind("a-long-prefix/of/some.Avatar/")
    for i in range(3):
        datagrams = encoder.encode(random_face(rng, timestamp=i / 30))
        assert all(len(datagram) <= MAX_PACKET for datagram in datagrams)


@pytest.mark.parametrize("prefix", ["FT", "/FT/", "F T/", "ä/", "a//"])
def test_prefix_that_is_none_is_refused(prefix: str) -> None:
    with pytest.raises(SettingsError, match="VRChat prefix"):
        VrchatSettings(prefix=prefix)
    with pytest.raises(SettingsError, match="auto, avatar, blind"):
        VrchatSettings(parameters="all")  # type: ignore[arg-type]


def test_native_eyes_count_down_and_right_in_degrees() -> None:
    # Left eye: 10° to the person's left, 5° down. Right eye: 8° to their right, 4° up.
    state = face(gaze=np.radians([[10.0, 5.0], [-8.0, -4.0]]), eyeBlinkLeft=0.5)
    sent = decoded(avatar([]).encode(state))
    assert sent == {GAZE: pytest.approx((5.0, -10.0, -4.0, 8.0)), CLOSED: 0.25}


@pytest.mark.parametrize(
    ("name", "left_out"), [("EyeLeftX", GAZE), ("EyeX", GAZE), ("EyeLidLeft", CLOSED)]
)
def test_eyes_are_not_driven_twice(name: str, left_out: str) -> None:
    sent = decoded(avatar([(f"{PARAMETERS}v2/{name}", "f")]).encode(face()))
    assert {GAZE, CLOSED} - sent.keys() == {left_out}


def test_native_eyes_can_be_switched_off() -> None:
    settings = VrchatSettings(native_eyes=False)
    for encoder in (open_blind_encoder(settings), open_encoder((), settings)):
        assert {GAZE, CLOSED}.isdisjoint(decoded(encoder.encode(face())))


def test_flags_tell_whether_a_face_is_tracked() -> None:
    for tracked in (True, False):
        sent = decoded(blind().encode(face(tracked=tracked)))
        assert [sent[PARAMETERS + name] for name in ACTIVE] == [tracked] * 3


def bits(sent: dict[str, object], stem: str, count: int) -> float:
    """As an avatar adds them up."""
    total = sum(bool(sent[f"{PARAMETERS}{stem}{1 << k}"]) << k for k in range(count))
    return total / (2**count - 1)


@pytest.mark.parametrize("weight", [0.0, 0.05, 0.3, 0.5, 0.7, 0.94, 1.0])
def test_bits_add_up_to_the_value(weight: float) -> None:
    sent = decoded(avatar(BINARY).encode(face(jawOpen=weight, jawLeft=weight)))
    assert bits(sent, "FT/v2/JawOpen", 4) == pytest.approx(weight, abs=1 / 15)
    assert bits(sent, "v2/JawX", 3) == pytest.approx(weight, abs=1 / 7)
    assert sent[f"{PARAMETERS}v2/JawXNegative"] is (weight > 0.0)


def test_bits_are_those_of_vrcfacetracking() -> None:
    """floor(|value| · 2^bits), and all of them from 0.99999 on."""
    sent = decoded(avatar(BINARY).encode(face(jawOpen=0.7)))
    assert [sent[f"{PARAMETERS}FT/v2/JawOpen{1 << k}"] for k in range(4)] == [
        *(True, True, False, True)  # 0.7 · 16 = 11.2
    ]
    sent = decoded(avatar(BINARY).encode(face(jawRight=1.0)))
    assert bits(sent, "v2/JawX", 3) == 1.0
    assert sent[f"{PARAMETERS}v2/JawXNegative"] is False


def test_what_cannot_show_a_sign_shows_nothing_below_zero() -> None:
    sent = decoded(avatar(BINARY).encode(face(mouthFrownLeft=1.0, mouthFrownRight=1.0)))
    assert bits(sent, "v2/SmileFrown", 2) == 0.0


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (f"{PARAMETERS}VelocityX", "f"),
        (f"{PARAMETERS}v2/NoSuchName", "f"),
        (f"{PARAMETERS}v2/JawOpen", "T"),
        (f"{PARAMETERS}v2/JawOpen", "i"),
        (f"{PARAMETERS}v2/JawOpen1", "f"),
        (f"{PARAMETERS}v2/JawOpen3", "T"),
        (f"{PARAMETERS}v2/JawOpen0", "T"),
        (f"{PARAMETERS}v2/JawOpen99999999999999999999", "T"),
        (f"{PARAMETERS}xv2/JawOpen", "f"),
        (f"{PARAMETERS}v2/JawOpen/More", "f"),
        (f"{PARAMETERS}EyeTrackingActive", "f"),
        ("/chatbox/v2/JawOpen", "f"),
        ("", ""),
    ],
)
def test_parameters_that_are_none_of_ours_are_left_alone(address: str, kind: str) -> None:
    assert avatar_parameters([(address, kind)]) == ()


def test_parameters_are_found_behind_any_prefix() -> None:
    described = [
        (f"{PARAMETERS}v2/JawOpen", "f"),
        (f"{PARAMETERS}A/B_c/v2/Head/Yaw", "f"),
        (f"{PARAMETERS}FT/EyeTrackingActive", "T"),
    ]
    found = avatar_parameters(described)
    assert [(p.kind, p.name) for p in found] == [
        *(("float", "JawOpen"), ("float", "Head/Yaw"), ("active", "EyeTrackingActive"))
    ]
    sent = decoded(avatar(described).encode(face(rotation=T0)))
    assert sent[f"{PARAMETERS}A/B_c/v2/Head/Yaw"] == pytest.approx(-0.2222, abs=1e-4)


def test_only_what_has_changed_is_sent() -> None:
    encoder = avatar([*BINARY, (f"{PARAMETERS}v2/MouthClosed", "f")])
    assert len(decoded(encoder.encode(face(timestamp=0.0)))) == len(BINARY) + 3
    assert encoder.encode(face(timestamp=0.1, mouthClose=0.001)) == []
    sent = decoded(encoder.encode(face(timestamp=0.2, mouthClose=0.5, jawOpen=0.07)))
    assert sent == {f"{PARAMETERS}v2/MouthClosed": 0.5, f"{PARAMETERS}FT/v2/JawOpen1": True}
    assert encoder.encode(face(timestamp=0.3, mouthClose=0.5, jawOpen=0.07)) == []


def test_slow_drift_gets_through() -> None:
    encoder = avatar([(f"{PARAMETERS}v2/JawOpen", "f")])
    received: object = 0.0
    for i in range(900):
        state = face(timestamp=i / 1000, jawOpen=i * 0.0005)
        received = decoded(encoder.encode(state)).get(f"{PARAMETERS}v2/JawOpen", received)
        assert received == pytest.approx(i * 0.0005, abs=0.003)


def test_everything_is_repeated_every_five_seconds_but_eyes_without_a_face() -> None:
    encoder = blind()
    counts = [len(decoded(encoder.encode(face(timestamp=i / 2)))) for i in range(22)]
    complete = len(UNIFIED) + 3 + 2
    assert [i for i, count in enumerate(counts) if count == complete] == [0, 10, 20]
    assert sum(counts) == 3 * complete
    encoder.encode(face(timestamp=11.0, tracked=False))
    sent = decoded(encoder.encode(face(timestamp=16.0, tracked=False)))
    assert len(sent) == len(UNIFIED) + 3 and GAZE not in sent


def test_position_counts_from_where_the_face_was_first_seen() -> None:
    encoder = avatar([(f"{PARAMETERS}v2/Head/PosX", "f")])
    encoder.encode(face(tracked=False, position=(9.0, 0.0, -0.5)))
    encoder.encode(face(timestamp=0.1, position=(0.2, 0.0, -0.5)))
    sent = decoded(encoder.encode(face(timestamp=0.2, position=(0.1, 0.0, -0.5))))
    assert sent[f"{PARAMETERS}v2/Head/PosX"] == pytest.approx(0.2)


def test_farewell_is_complete_neutral_and_not_tracked() -> None:
    encoder = blind()
    last = random_face(np.random.default_rng(3))
    encoder.encode(last)
    sent = decoded(encoder.farewell(last))
    assert len(sent) == len(UNIFIED) + 3 + 2
    assert (sent[GAZE], sent[CLOSED]) == ((0.0, 0.0, 0.0, 0.0), 0.0)
    assert sent[f"{PARAMETERS}FT/v2/JawOpen"] == 0.0
    assert not any(sent[PARAMETERS + name] for name in ACTIVE)


class VrChat:
    """Answers OSCQuery over HTTP, as VRChat does."""

    def __init__(self, osc_port: int, described: Described) -> None:
        self.described = described
        self.osc_port = osc_port
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = chat.answer(self.path)
                self.send_response(200 if body else 404)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.service = Service("VRChat-Client-0A1B2C", *self._server.server_address)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def answer(self, path: str) -> bytes:
        if path == "/?HOST_INFO":
            return json.dumps({"NAME": "VRChat-Client-0A1B2C", "OSC_PORT": self.osc_port}).encode()
        if path != "/avatar/parameters":
            return b""
        root: dict[str, object] = {"FULL_PATH": "/avatar/parameters", "ACCESS": 0}
        for address, kind in self.described:
            node = root
            path = "/avatar/parameters"
            for part in address.removeprefix(PARAMETERS).split("/"):
                path += f"/{part}"
                contents = node.setdefault("CONTENTS", {})
                node = contents.setdefault(part, {"FULL_PATH": path})
            node |= {"TYPE": kind, "ACCESS": 3, "VALUE": [0]}
        return json.dumps(root).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Network:
    """Stands in for the search in the network."""

    def __init__(self, *services: Service) -> None:
        self.found = list(services)
        self.closed = False

    def services(self) -> list[Service]:
        return self.found

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def chat(receiver: Receiver) -> Iterator[VrChat]:
    chat = VrChat(receiver.port, [(f"{PARAMETERS}FT/v2/JawOpen", "f"), *BINARY[4:]])
    yield chat
    chat.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def open_link(stack: ExitStack, receiver: Receiver, network: Network, clock: Clock) -> VrchatLink:
    link = VrchatLink(
        DatagramSender(resolve("127.0.0.1", receiver.port), name="vrchat"),
        network,
        name="vrchat",
        osc_port=receiver.port,
        settings=VrchatSettings(),
        pause=0.005,
        clock=clock,
    )
    stack.callback(link.close)
    return link


def until_sent(link: VrchatLink, receiver: Receiver, address: str, state: FaceState) -> None:
    """Send until the link knows an avatar with that address."""
    waiting = threading.Event()
    for _ in range(1000):
        link.send(state)
        if address in decoded(receiver.read_all()):
            return
        waiting.wait(0.005)
    raise AssertionError(f"{address} never came")


def test_the_avatar_gets_what_it_has_and_the_next_one_what_that_has(
    stack: ExitStack, receiver: Receiver, chat: VrChat
) -> None:
    link = open_link(stack, receiver, Network(chat.service), Clock())
    until_sent(link, receiver, f"{PARAMETERS}FT/v2/JawOpen", face(jawOpen=0.5))
    chat.described = [(f"{PARAMETERS}v2/MouthClosed", "f"), (f"{PARAMETERS}v2/EyeX", "f")]
    until_sent(link, receiver, f"{PARAMETERS}v2/MouthClosed", face(mouthClose=0.5))
    link.send(face(jawOpen=1.0))
    assert f"{PARAMETERS}FT/v2/JawOpen" not in decoded(receiver.read_all())


def test_eyes_move_before_an_avatar_is_known(stack: ExitStack, receiver: Receiver) -> None:
    link = open_link(stack, receiver, Network(), Clock())
    link.send(face())
    assert decoded(receiver.read_all()).keys() == {GAZE, CLOSED}


def test_other_programs_are_left_alone(
    stack: ExitStack, receiver: Receiver, chat: VrChat, caplog: pytest.LogCaptureFixture
) -> None:
    other = VrChat(1234, [(f"{PARAMETERS}v2/MouthClosed", "f")])
    stack.callback(other.close)
    deaf = Service("VRChat-Client-GONE", "127.0.0.1", 9)
    network = Network(
        Service("Lamp", "127.0.0.1", chat.service.port), deaf, other.service, chat.service
    )
    link = open_link(stack, receiver, network, Clock())
    until_sent(link, receiver, f"{PARAMETERS}FT/v2/JawOpen", face(jawOpen=0.5))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "write vrchat::1234" in caplog.text


@pytest.mark.parametrize(
    "answer",
    [b"[]", b"{}", b"no JSON", b'{"CONTENTS":[]}', b'{"CONTENTS":{"a":7}}', b"[" * 5000],
)
def test_nonsense_is_passed_over(
    answer: bytes, stack: ExitStack, receiver: Receiver, chat: VrChat
) -> None:
    right = chat.answer
    chat.answer = lambda path: answer  # type: ignore[method-assign]
    link = open_link(stack, receiver, Network(chat.service), Clock())
    link.send(face())
    assert decoded(receiver.read_all()).keys() == {GAZE, CLOSED}
    chat.answer = right  # type: ignore[method-assign]
    until_sent(link, receiver, f"{PARAMETERS}FT/v2/JawOpen", face(jawOpen=0.5))


def test_if_nobody_is_there_it_is_said_once(
    stack: ExitStack, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    clock = Clock()
    asked = threading.Semaphore(0)

    class Empty(Network):
        def services(self) -> list[Service]:
            asked.release()
            return []

    open_link(stack, receiver, Empty(), clock)
    for _ in range(5):
        asked.acquire(timeout=2.0)
    assert caplog.records == []
    clock.seconds = 16.0
    for _ in range(5):
        asked.acquire(timeout=2.0)
    assert len(caplog.records) == 1 and 'parameters = "blind"' in caplog.text


def test_close_ends_the_search(stack: ExitStack, receiver: Receiver) -> None:
    network = Network()
    link = open_link(stack, receiver, network, Clock())
    link.close()
    assert network.closed and not link._worker.running


def test_other_machines_are_sent_to_blindly(receiver: Receiver) -> None:
    settings = VrchatSettings(parameters="blind", prefix="")
    with open_output(OutputSettings(settings, "127.0.0.1", receiver.port)) as output:
        output.send(face(jawOpen=0.5))
        assert decoded(receiver.read_all())[f"{PARAMETERS}v2/JawOpen"] == 0.5
