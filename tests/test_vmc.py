"""VMC: names, signs, order and the way out."""

from __future__ import annotations

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from app.outputs.packets import MAX_PACKET
from app.outputs.vmc import VmcEncoder, VmcSettings
from engine.blendshapes import BLENDSHAPES, pascal_case
from engine.data import FaceState
from engine.errors import SettingsError
from engine.vrm_expressions import VRM0, VRM1
from tests.states import T0, face, random_face

PASCAL = [pascal_case(name) for name in BLENDSHAPES]
HEAD_T0 = (0.093296, -0.169079, -0.027673, 0.980787)  # protocols.md §0


class Frame:
    """The messages of one frame as a receiver sorts them."""

    def __init__(self, datagrams: object) -> None:
        self.messages = [
            (timed.message.address, tuple(timed.message.params))
            for datagram in datagrams
            for timed in OscPacket(bytes(datagram)).messages
        ]
        self.bones = {
            arguments[0]: arguments[1:]
            for address, arguments in self.messages
            if address == "/VMC/Ext/Bone/Pos"
        }
        self.values = {
            arguments[0]: arguments[1]
            for address, arguments in self.messages
            if address == "/VMC/Ext/Blend/Val"
        }

    def arguments(self, address: str) -> tuple[object, ...]:
        (found,) = [arguments for a, arguments in self.messages if a == address]
        return found

    def rotation(self, bone: str) -> tuple[float, ...]:
        return self.bones[bone][3:]


def frame(state: FaceState, **settings: object) -> Frame:
    return Frame(VmcEncoder(VmcSettings(**settings)).encode(state))


def test_a_frame_starts_with_ok_and_ends_with_apply() -> None:
    addresses = [address for address, _ in frame(face()).messages]
    assert addresses == [
        "/VMC/Ext/OK",
        "/VMC/Ext/T",
        *["/VMC/Ext/Bone/Pos"] * 4,
        *["/VMC/Ext/Blend/Val"] * (len(VRM0) + 52),
        "/VMC/Ext/Blend/Apply",
    ]


def test_bytes_equal_those_of_python_osc() -> None:
    encoder = VmcEncoder(VmcSettings(neck_share=0.4))
    rng = np.random.default_rng(4)
    for i in range(20):
        packets = [bytes(p) for p in encoder.encode(random_face(rng, timestamp=9.0 + i / 30))]
        assert all(len(packet) <= MAX_PACKET for packet in packets)
        assert packets == [_rebuilt(packet) for packet in packets]


def _rebuilt(packet: bytes) -> bytes:
    """Decoded and encoded again by python-osc: equal if types, padding and sizes are as its own."""
    bundle = OscBundleBuilder(IMMEDIATELY)
    for timed in OscPacket(packet).messages:
        builder = OscMessageBuilder(timed.message.address)
        for argument in timed.message.params:
            builder.add_arg(argument)
        bundle.add_content(builder.build())
    return bundle.build().dgram


def test_types_are_what_evmc4u_insists_on() -> None:
    signatures = {
        (address, tuple(type(argument).__name__[0] for argument in arguments))
        for address, arguments in frame(face(jawOpen=1.0)).messages
    }
    assert signatures == {
        ("/VMC/Ext/OK", ("i", "i", "i", "i")),
        ("/VMC/Ext/T", ("f",)),
        ("/VMC/Ext/Bone/Pos", ("s", *"fffffff")),
        ("/VMC/Ext/Blend/Val", ("s", "f")),
        ("/VMC/Ext/Blend/Apply", ()),
    }


def test_ok_tells_whether_the_face_is_tracked() -> None:
    assert frame(face()).arguments("/VMC/Ext/OK") == (1, 3, 0, 1)
    assert frame(face(tracked=False)).arguments("/VMC/Ext/OK") == (1, 3, 0, 0)


def test_head_turns_as_unity_counts() -> None:
    sent = frame(face(rotation=T0))
    assert sent.rotation("Head") == pytest.approx(HEAD_T0, abs=1e-6)
    assert sent.rotation("Neck") == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_neck_and_head_together_turn_as_far_as_the_person(share: float) -> None:
    sent = frame(face(rotation=T0), neck_share=share)
    neck, head = sent.rotation("Neck"), sent.rotation("Head")
    assert _product(neck, head) == pytest.approx(HEAD_T0, abs=1e-6)
    angle = 2.0 * np.arccos(HEAD_T0[3])
    assert 2.0 * np.arccos(min(neck[3], 1.0)) == pytest.approx(share * angle, abs=1e-3)


def _product(a: tuple[float, ...], b: tuple[float, ...]) -> list[float]:
    """Hamilton's product of quaternions xyzw: the child's rotation in the grandparent."""
    (ax, ay, az, aw), (bx, by, bz, bw) = a, b
    return [
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    ]


def test_eyes_turn_as_unity_counts() -> None:
    # Unity: yaw about +Y is positive to the avatar's right, pitch about +X positive down.
    left = frame(face(gaze=np.radians([[20.0, 0.0], [0.0, 0.0]]))).rotation("LeftEye")
    assert left == pytest.approx((0.0, -np.sin(np.radians(10.0)), 0.0, np.cos(np.radians(10.0))))
    right = frame(face(gaze=np.radians([[0.0, 0.0], [0.0, 20.0]]))).rotation("RightEye")
    assert right == pytest.approx((np.sin(np.radians(10.0)), 0.0, 0.0, np.cos(np.radians(10.0))))


def test_bones_rest_where_a_receiver_that_applies_positions_can_leave_them() -> None:
    bones = frame(face(position=(1.0, 2.0, -3.0))).bones
    assert list(bones) == ["Neck", "Head", "LeftEye", "RightEye"]
    assert bones["LeftEye"][0] < 0.0 < bones["RightEye"][0], "Unity's +X is the avatar's right"
    assert all(0.05 <= position[1] <= 0.15 for position in bones.values())


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("vrm0+perfectsync", [*VRM0, *PASCAL]),
        ("vrm0", list(VRM0)),
        ("vrm1", list(VRM1)),
        ("perfectsync", PASCAL),
        ("perfectsync-camel", list(BLENDSHAPES)),
    ],
)
def test_names_are_those_that_were_asked_for(names: str, expected: list[str]) -> None:
    assert list(frame(face(), names=names).values) == expected


def test_default_names_have_all_52_shapes_and_no_blink_beside_its_halves() -> None:
    names = frame(face()).values
    assert set(PASCAL) <= names.keys()
    assert "TongueOut" in names and "Blink_L" in names and "Blink" not in names


def test_emotions_can_be_left_out() -> None:
    assert set(frame(face()).values) - set(frame(face(), emotions=False).values) == {
        *("Joy", "Angry", "Sorrow", "Surprised")
    }
    assert "happy" not in frame(face(), names="vrm1", emotions=False).values


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(SettingsError, match="vrm0, vrm1"):
        VmcSettings(names="VRM2")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="neck_share"):
        VmcSettings(neck_share=1.5)


def test_each_shape_moves_its_own_name() -> None:
    for name in BLENDSHAPES:
        values = frame(face(**{name: 0.75}), names="perfectsync").values
        assert [n for n, value in values.items() if value] == [pascal_case(name)]
        assert values[pascal_case(name)] == 0.75


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ({"jawOpen": 0.8}, {"A": 0.8}),
        ({"mouthPucker": 0.9}, {"U": 0.9}),
        ({"jawOpen": 0.5, "mouthFunnel": 0.8}, {"A": 0.1, "O": 0.8}),
        ({"mouthStretchLeft": 0.6, "mouthStretchRight": 0.4}, {"I": 0.5}),
        ({"mouthUpperUpLeft": 1.0, "mouthUpperUpRight": 1.0}, {"E": 0.5}),
        ({"mouthSmileLeft": 1.0, "mouthSmileRight": 0.6}, {"I": 0.4, "Joy": 0.8}),
        ({"mouthFrownLeft": 0.5, "mouthFrownRight": 0.5}, {"Sorrow": 0.5}),
        ({"browDownLeft": 1.0, "browDownRight": 1.0}, {"Angry": 1.0}),
        ({"browInnerUp": 0.5, "eyeWideLeft": 1.0, "eyeWideRight": 1.0}, {"Surprised": 0.5}),
        ({"eyeBlinkLeft": 1.0}, {"Blink_L": 1.0}),
        ({"eyeBlinkRight": 1.0}, {"Blink_R": 1.0}),
        ({"eyeLookOutLeft": 0.6, "eyeLookInRight": 0.8}, {"LookLeft": 0.7}),
        ({"eyeLookInLeft": 0.6, "eyeLookOutRight": 0.8}, {"LookRight": 0.7}),
        ({"eyeLookUpLeft": 0.5, "eyeLookUpRight": 0.5}, {"LookUp": 0.5}),
        ({"eyeLookDownLeft": 0.5, "eyeLookDownRight": 0.5}, {"LookDown": 0.5}),
    ],
)
def test_presets_follow_the_face(shapes: dict[str, float], expected: dict[str, float]) -> None:
    values = frame(face(**shapes), names="vrm0").values
    assert {n: v for n, v in values.items() if v} == pytest.approx(expected, abs=1e-6)
    renamed = dict(zip(VRM1, values.values(), strict=True))
    assert frame(face(**shapes), names="vrm1").values == renamed


def test_no_value_leaves_0_to_1() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        values = frame(face(weights=rng.uniform(-0.5, 1.5, 52))).values
        assert all(0.0 <= value <= 1.0 for value in values.values())


def test_time_is_relative_and_stays_small() -> None:
    encoder = VmcEncoder(VmcSettings())
    day = 86_417.0  # seconds after the machine was started
    times = [
        Frame(encoder.encode(face(timestamp=t))).arguments("/VMC/Ext/T")[0]
        for t in (day, day + 1 / 60, day + 5 * 3600.0 + 0.25)
    ]
    assert times == pytest.approx([0.0, 1 / 60, 0.25], abs=1e-5)


def test_farewell_is_zero_for_every_name_and_rest_for_every_bone() -> None:
    encoder = VmcEncoder(VmcSettings(neck_share=0.5))
    rng = np.random.default_rng(6)
    last = random_face(rng)
    sent = Frame(encoder.encode(last))
    parting = Frame(encoder.farewell(last))
    assert list(parting.values) == list(sent.values)
    assert not any(parting.values.values())
    assert all(parting.rotation(bone) == (0.0, 0.0, 0.0, 1.0) for bone in parting.bones)
    assert parting.arguments("/VMC/Ext/OK") == (1, 3, 0, 0)
    assert parting.messages[-1] == ("/VMC/Ext/Blend/Apply", ())
