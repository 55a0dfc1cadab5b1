"""Prepared packets against python-osc and golden bytes; the plain OSC layout."""

from __future__ import annotations

import timeit
from dataclasses import replace

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from app.outputs.osc import OscEncoder, OscSettings
from app.outputs.packets import MAX_PACKET, Message, PreparedPackets
from engine.blendshapes import BLENDSHAPES
from engine.data import FaceState
from engine.errors import SettingsError
from engine.geometry import euler_from_quaternion
from tests.states import HAPPY, T0, face, random_face


def decoded(datagrams: object) -> list[tuple[str, tuple[object, ...]]]:
    """(address, arguments) of all messages, in order."""
    return [
        (timed.message.address, tuple(timed.message.params))
        for datagram in datagrams
        for timed in OscPacket(bytes(datagram)).messages
    ]


def frame(state: FaceState, **settings: object) -> dict[str, tuple[object, ...]]:
    """The messages of one state by address."""
    return dict(decoded(OscEncoder(OscSettings(**settings)).encode(state)))


@pytest.mark.parametrize(
    ("message", "numbers", "expected"),
    [  # protocols.md §2.5: decoded by oscdump, npm osc and vmcp
        (
            Message("/VMC/Ext/Blend/Val", "JawOpen", float),
            [0.5],
            "2f564d432f4578742f426c656e642f56616c0000 2c736600 4a61774f70656e00 3f000000",
        ),
        (
            Message("/VMC/Ext/Blend/Apply"),
            [],
            "2f564d432f4578742f426c656e642f4170706c7900000000 2c000000",
        ),
        (Message("/VMC/Ext/OK", int), [1], "2f564d432f4578742f4f4b00 2c690000 00000001"),
        (
            Message("/VMC/Ext/Bone/Pos", "Head", *[float] * 7),
            [0.0] * 6 + [1.0],
            "2f564d432f4578742f426f6e652f506f73000000 2c73666666666666660000004865616400000000"
            + "00000000" * 6
            + "3f800000",
        ),
    ],
)
def test_golden_messages(message: Message, numbers: list[float], expected: str) -> None:
    (packet,) = PreparedPackets([message], bundled=False).fill(np.array(numbers))
    assert bytes(packet).hex() == expected.replace(" ", "")


def test_golden_bundle() -> None:
    (packet,) = PreparedPackets([Message("/VMC/Ext/Blend/Apply")]).fill(np.array([]))
    assert len(packet) == 48
    assert bytes(packet).hex().startswith("2362756e646c650000000000000000010000001c")


@pytest.mark.parametrize("text", ["", "a", "abc", "abcd", "abcde", "ä", "äbc"])
def test_numbers_find_their_place_behind_text_of_any_length(text: str) -> None:
    message = Message("/x", text, float, text, int, 7, float)
    (packet,) = PreparedPackets([message], bundled=False).fill(np.array([0.5, 3.0, -2.0]))
    assert decoded([packet]) == [("/x", (text, 0.5, text, 3, 7, -2.0))]


def test_bytes_equal_those_of_python_osc() -> None:
    rng = np.random.default_rng(1)
    encoder = OscEncoder(OscSettings())
    for i in range(20):
        state = random_face(rng, timestamp=i / 30)
        packets = [bytes(packet) for packet in encoder.encode(state)]
        assert packets == _built_by_python_osc(state, rate=30.0 if i else 0.0)


def _built_by_python_osc(state: FaceState, rate: float) -> list[bytes]:
    degrees = np.degrees
    messages = [
        ("/face/tracked", [int(state.tracked)]),
        ("/face/head/rot", degrees(euler_from_quaternion(state.head_rotation))),
        ("/face/head/quat", state.head_rotation),
        ("/face/head/pos", state.head_position),
        ("/face/eye/left", degrees(state.gaze[0])),
        ("/face/eye/right", degrees(state.gaze[1])),
        ("/face/fps", [rate]),
        *((f"/face/{n}", [w]) for n, w in zip(BLENDSHAPES, state.weights, strict=True)),
    ]
    packets: list[bytes] = []
    bundle = OscBundleBuilder(IMMEDIATELY)
    for address, arguments in messages:
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument if isinstance(argument, int) else float(argument))
        message = builder.build()
        if bundle.build().size + 4 + message.size > MAX_PACKET:
            packets.append(bundle.build().dgram)
            bundle = OscBundleBuilder(IMMEDIATELY)
        bundle.add_content(message)
    return [*packets, bundle.build().dgram]


def test_filling_in_costs_a_fraction_of_building() -> None:
    """About 0.02 of python-osc's time (benchmarks/outputs.py); the margin is for busy machines."""
    encoder = OscEncoder(OscSettings())
    state = face(jawOpen=0.5)
    filled = min(timeit.repeat(lambda: encoder.encode(state), number=20, repeat=10))
    built = min(timeit.repeat(lambda: _built_by_python_osc(state, 0.0), number=1, repeat=10)) * 20
    assert filled < built / 10


def test_layout_has_every_address_once() -> None:
    messages = decoded(OscEncoder(OscSettings()).encode(face()))
    assert [address for address, _ in messages] == [
        *("/face/tracked", "/face/head/rot", "/face/head/quat", "/face/head/pos"),
        *("/face/eye/left", "/face/eye/right", "/face/fps"),
        *(f"/face/{name}" for name in BLENDSHAPES),
    ]


@pytest.mark.parametrize("bundled", [True, False])
@pytest.mark.parametrize("only_changed", [True, False])
@pytest.mark.parametrize("prefix", ["/face", "/stage/a-very-long-name/of/a/performer.1"])
def test_receivers_can_digest_types_counts_and_sizes(
    bundled: bool, only_changed: bool, prefix: str
) -> None:
    rng = np.random.default_rng(2)
    settings = OscSettings(prefix=prefix, bundled=bundled, only_changed=only_changed)
    encoder = OscEncoder(settings)
    for i in range(5):
        datagrams = encoder.encode(random_face(rng, timestamp=i / 30))
        assert all(len(datagram) <= MAX_PACKET for datagram in datagrams)
        assert all((bytes(datagram[:7]) == b"#bundle") == bundled for datagram in datagrams)
        for _, arguments in decoded(datagrams):
            assert 1 <= len(arguments) <= 4
            assert {type(argument) for argument in arguments} <= {int, float, str}


def test_signs_and_units() -> None:
    # Left eye: 10° to the person's left, 5° down. Right eye: 8° to their right, 4° up.
    gaze = np.radians([[10.0, 5.0], [-8.0, -4.0]])
    sent = frame(face(rotation=T0, position=(0.1, 0.2, -0.6), gaze=gaze))
    assert sent["/face/head/rot"] == pytest.approx((10.0, 20.0, 5.0), abs=1e-4)
    assert sent["/face/head/quat"] == pytest.approx(
        (0.093296, 0.169079, 0.027673, 0.980787), abs=1e-6
    )
    assert sent["/face/head/pos"] == pytest.approx((0.1, 0.2, -0.6))
    assert sent["/face/eye/left"] == pytest.approx((10.0, 5.0))
    assert sent["/face/eye/right"] == pytest.approx((-8.0, -4.0))
    assert sent["/face/tracked"] == (1,)
    assert frame(face(tracked=False))["/face/tracked"] == (0,)


def test_each_shape_has_its_own_address() -> None:
    for name in BLENDSHAPES:
        sent = frame(face(**{name: 0.75}))
        assert [address for address, value in sent.items() if value == (0.75,)] == [f"/face/{name}"]


def test_weights_are_clamped() -> None:
    sent = frame(face(jawOpen=1.2, tongueOut=-0.1))
    assert sent["/face/jawOpen"] == (1.0,)
    assert sent["/face/tongueOut"] == (0.0,)


def test_prefix_is_the_users() -> None:
    assert frame(face(jawOpen=0.5), prefix="/stage/anna")["/stage/anna/jawOpen"] == (0.5,)
    assert frame(face(jawOpen=0.5), prefix="")["/jawOpen"] == (0.5,)


@pytest.mark.parametrize("prefix", ["face", "/face/", "/", "/fa ce", "/face*", "/{a}", "/#x", "/ä"])
def test_prefix_that_osc_forbids_is_refused(prefix: str) -> None:
    with pytest.raises(SettingsError, match="OSC prefix"):
        OscSettings(prefix=prefix)


def test_compact_form_replaces_the_52_addresses() -> None:
    weights = np.linspace(0.0, 1.0, 52)
    sent = frame(face(weights=weights), compact=True)
    assert sent["/face/blendshapes"] == pytest.approx(weights)
    assert not {f"/face/{name}" for name in BLENDSHAPES} & sent.keys()


def test_rate_is_that_of_the_timestamps() -> None:
    encoder = OscEncoder(OscSettings())
    assert dict(decoded(encoder.encode(face(timestamp=5.0))))["/face/fps"] == (0.0,)
    for timestamp in (*np.arange(5.0, 7.0, 1 / 60), *np.arange(7.0, 12.0, 1 / 25)):
        sent = dict(decoded(encoder.encode(face(timestamp=timestamp))))
    assert sent["/face/fps"] == pytest.approx((25.0,), rel=0.02)


def test_a_repeated_timestamp_is_no_infinite_rate() -> None:
    encoder = OscEncoder(OscSettings())
    encoder.encode(face(timestamp=1.0))
    assert dict(decoded(encoder.encode(face(timestamp=1.0))))["/face/fps"] == (0.0,)


@pytest.mark.parametrize("bundled", [True, False])
def test_only_changed_leaves_out_the_rest(bundled: bool) -> None:
    encoder = OscEncoder(OscSettings(only_changed=True, bundled=bundled))
    assert len(decoded(encoder.encode(face(timestamp=0.0)))) == 59
    encoder.encode(face(timestamp=0.1))  # the rate becomes known
    assert decoded(encoder.encode(face(timestamp=0.2))) == []
    moved = face(timestamp=0.3, jawOpen=0.5, rotation=T0, tracked=False)
    assert [address for address, _ in decoded(encoder.encode(moved))] == [
        *("/face/tracked", "/face/head/rot", "/face/head/quat", "/face/jawOpen")
    ]


def test_only_changed_lets_slow_drift_through() -> None:
    encoder = OscEncoder(OscSettings(only_changed=True))
    encoder.encode(face())
    received = 0.0
    for i in range(1, 900):
        weight = i * 0.0004
        state = face(timestamp=i / 1000, jawOpen=weight)
        received = dict(decoded(encoder.encode(state))).get("/face/jawOpen", (received,))[0]
        assert abs(received - weight) < 0.0015


def test_only_changed_repeats_everything_each_second() -> None:
    encoder = OscEncoder(OscSettings(only_changed=True))
    complete = [i for i in range(100) if len(decoded(encoder.encode(face(timestamp=i / 32)))) == 59]
    assert complete == [0, 32, 64, 96]


def test_a_receiver_of_changes_ends_with_the_same_picture() -> None:
    rng = np.random.default_rng(3)
    encoder = OscEncoder(OscSettings(only_changed=True))
    picture: dict[str, tuple[object, ...]] = {}
    state = random_face(rng)
    for i in range(30):
        weights = state.weights.copy()
        weights[rng.integers(52, size=5)] = rng.random(5)
        state = replace(state, timestamp=i / 30, weights=weights)
        picture |= dict(decoded(encoder.encode(state)))
    expected = frame(state)
    for name in BLENDSHAPES:
        assert picture[f"/face/{name}"] == pytest.approx(expected[f"/face/{name}"], abs=0.001)


def test_farewell_is_complete_and_neutral() -> None:
    encoder = OscEncoder(OscSettings(only_changed=True))
    last = face(position=(0.1, 0.2, -0.6), rotation=T0, jawOpen=1.0)
    encoder.encode(last)
    sent = dict(decoded(encoder.farewell(last)))
    assert len(sent) == 59
    assert sent["/face/tracked"] == (0,)
    assert sent["/face/jawOpen"] == (0.0,)
    assert sent["/face/head/quat"] == (0.0, 0.0, 0.0, 1.0)
    assert sent["/face/head/pos"] == pytest.approx((0.1, 0.2, -0.6))


EMOTION = {
    "/face/emotion/neutral": (0.25,),
    "/face/emotion/happy": (0.625,),
    "/face/emotion/sad": (0.125,),
    "/face/valence": (0.5,),
    "/face/arousal": (-0.25,),
}


@pytest.mark.parametrize("only_changed", [False, True])
def test_an_emotion_is_sent_from_the_first_one_on_and_is_0_without_a_face(
    only_changed: bool,
) -> None:
    encoder = OscEncoder(OscSettings(only_changed=only_changed))
    before = dict(decoded(encoder.encode(face())))
    with_it = dict(decoded(encoder.encode(replace(face(timestamp=0.1), emotion=HAPPY))))
    lost = dict(decoded(encoder.encode(face(timestamp=0.2))))
    assert not EMOTION.keys() & before.keys()
    assert with_it == before | EMOTION | {"/face/fps": (10.0,)}
    assert {name: lost[name] for name in EMOTION} == dict.fromkeys(EMOTION, (0.0,))
    farewell = dict(decoded(encoder.farewell(face())))
    assert {name: farewell[name] for name in EMOTION} == dict.fromkeys(EMOTION, (0.0,))
