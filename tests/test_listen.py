"""What we send is what we hear: every protocol's decoder on our own packets and on other people's,
and on bytes that nobody should send."""

from __future__ import annotations

import importlib.util
import math
import struct
from collections.abc import Sequence

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from app.listening import PROTOCOLS, livelink, osc, parse_place, protocols_of, vmc
from app.listening.reading import Reading
from app.listening.traffic import Traffic
from app.network.osc_packet import read_packet
from app.outputs.ifacialmocap import encode as ifacialmocap_text
from app.outputs.livelink import LiveLinkEncoder, LiveLinkSettings
from app.outputs.osc import OscEncoder, OscSettings
from app.outputs.vmc import VmcEncoder, VmcSettings
from app.outputs.vrchat import VrchatSettings, open_blind_encoder
from app.outputs.vtsphone import encode as vtsphone_json
from app.outputs.vtsphone import request_from
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import FaceState
from engine.errors import SettingsError
from engine.geometry import euler_from_quaternion
from tests.states import T0, face, random_face

SAMPLE = (  # the official one's numbers, https://www.ifacialmocap.com/for-developer
    b"trackingStatus-1|mouthSmile_R-12|eyeLookOut_L-0|jawLeft-7|hapihapi-0|"
    b"=head#-21.488958,-6.038993,-6.6019735,-0.030653415,-0.10287084,-0.6584072"
    b"|rightEye#6.0297494,2.4403017,0.25649446|leftEye#6.034903,-1.6660284,-0.17520553|"
)


def sent(protocol: str, state: FaceState) -> list[bytes]:
    """Our datagrams for a state."""
    match protocol:
        case "osc":
            return copied(OscEncoder(OscSettings()).encode(state))
        case "osc compact":
            return copied(OscEncoder(OscSettings("/a/b", compact=True)).encode(state))
        case "osc single":
            return copied(OscEncoder(OscSettings(bundled=False)).encode(state))
        case "vmc":
            return copied(VmcEncoder(VmcSettings()).encode(state))
        case "vmc camel":
            return copied(
                VmcEncoder(VmcSettings("perfectsync-camel", neck_share=0.4)).encode(state)
            )
        case "livelink":
            return copied(LiveLinkEncoder(LiveLinkSettings()).encode(state))
        case "ifacialmocap":
            return [ifacialmocap_text(state, 1)]
        case "ifacialmocap 2":
            return [ifacialmocap_text(state, 2)]
        case "vtsphone":
            return [vtsphone_json(state, 1.0)]
        case "vrchat":
            return copied(open_blind_encoder(VrchatSettings()).encode(state))
    raise ValueError(protocol)


SPELLINGS = (
    *("osc", "osc compact", "osc single", "vmc", "vmc camel", "livelink"),
    *("ifacialmocap", "ifacialmocap 2", "vtsphone", "vrchat"),
)
WHOLE = SPELLINGS[:-1]  # VRChat's are mixtures


def copied(datagrams: Sequence[bytes | memoryview]) -> list[bytes]:
    return [bytes(datagram) for datagram in datagrams]


def heard(protocol: str, state: FaceState) -> Traffic:
    traffic = Traffic()
    decode = PROTOCOLS[protocol.split()[0]].decode
    for datagram in sent(protocol, state):
        traffic.add(decode(datagram), len(datagram), "127.0.0.1", state.timestamp)
    return traffic


def expected_values(state: FaceState) -> dict[str, float]:
    pitch, yaw, roll = euler_from_quaternion(state.head_rotation)
    (left_yaw, left_pitch), (right_yaw, right_pitch) = state.gaze.tolist()
    x, y, z = state.head_position.tolist()
    return {
        **dict(zip(BLENDSHAPES, state.weights.tolist(), strict=True)),
        **{"head pitch": pitch, "head yaw": yaw, "head roll": roll},
        **{"head x": x, "head y": y, "head z": z},
        **{"left eye yaw": left_yaw, "left eye pitch": left_pitch},
        **{"right eye yaw": right_yaw, "right eye pitch": right_pitch},
    }


@pytest.mark.parametrize("protocol", WHOLE)
def test_what_we_send_is_heard_in_our_names_units_and_signs(protocol: str) -> None:
    state = random_face(np.random.default_rng(7))
    traffic = heard(protocol, state)
    expected = expected_values(state)
    if protocol.startswith(("vmc", "livelink")):  # know no place before a camera
        expected = {name: v for name, v in expected.items() if name not in POSITION}
    assert set(traffic.values) == set(expected)
    tolerance = 0.0051 if protocol.startswith("ifacialmocap") else 1.1e-3
    for name, number in expected.items():
        assert traffic.values[name] == pytest.approx(number, abs=tolerance), name
    assert traffic.tracked is True
    assert (traffic.faults, traffic.unknown) == ({}, {})


POSITION = ("head x", "head y", "head z")


@pytest.mark.parametrize("protocol", SPELLINGS)
def test_a_lost_face_is_heard(protocol: str) -> None:
    traffic = heard(protocol, face(tracked=False))
    assert traffic.tracked is False
    assert (traffic.faults, traffic.unknown) == ({}, {})


def test_vrchats_sides_and_turns_are_heard() -> None:
    state = face(
        rotation=T0,
        gaze=((0.2, 0.1), (0.3, -0.1)),
        jawOpen=0.6,
        eyeBlinkLeft=0.9,
        mouthSmileRight=0.7,
    )
    traffic = heard("vrchat", state)
    assert np.degrees([traffic.values[f"head {a}"] for a in ("pitch", "yaw", "roll")]) == (
        pytest.approx([10.0, 20.0, 5.0], abs=1e-3)
    )
    for name, number in expected_values(state).items():
        if name in traffic.values and name not in POSITION:
            assert traffic.values[name] == pytest.approx(number, abs=1e-3), name
    assert {"jawOpen", "eyeBlinkLeft", "mouthSmileRight", "left eye yaw"} <= set(traffic.values)
    assert "FT/v2/JawOpen" in traffic.extras
    assert (traffic.faults, traffic.unknown) == ({}, {})


def test_an_avatars_own_eye_parameters_are_heard() -> None:
    state = face(gaze=((0.2, 0.1), (0.3, -0.1)))
    traffic = Traffic()
    encoder = open_blind_encoder(VrchatSettings(native_eyes=False))
    for datagram in copied(encoder.encode(state)):
        traffic.add(PROTOCOLS["vrchat"].decode(datagram), len(datagram), "127.0.0.1", 0.0)
    for name in ("left eye yaw", "left eye pitch", "right eye yaw", "right eye pitch"):
        assert traffic.values[name] == pytest.approx(expected_values(state)[name], abs=1e-3)


@pytest.mark.parametrize(
    "protocol", ["osc", "vmc", "livelink", "ifacialmocap", "vtsphone", "vrchat"]
)
def test_a_datagram_of_another_protocol_is_recognised(protocol: str) -> None:
    assert protocols_of(sent(protocol, face(jawOpen=0.5))[0]) == (protocol,)


def test_the_official_ifacialmocap_sample_is_understood() -> None:
    reading = PROTOCOLS["ifacialmocap"].decode(SAMPLE)
    values = {value.name: value.number for value in reading.values}
    assert (reading.unknown, reading.faults, reading.tracked) == ((), (), True)
    assert (values["mouthSmileRight"], values["jawLeft"]) == (0.12, 0.07)
    assert math.degrees(values["head pitch"]) == pytest.approx(-21.488958)
    assert values["head z"] == pytest.approx(-0.6584072)
    assert math.degrees(values["left eye yaw"]) == pytest.approx(-1.6660284)


def test_the_phone_hears_our_request() -> None:
    request = PROTOCOLS["vtsphone"].request
    assert request is not None
    understood = request_from(request(50123))
    assert understood is not None and understood.ports == (50123,)


@pytest.mark.peer
@pytest.mark.skipif(
    not importlib.util.find_spec("pylivelinkface"), reason="PyPI's PyLiveLinkFace is missing"
)
def test_pylivelinkfaces_packets_are_understood() -> None:
    from pylivelinkface import FaceBlendShape, PyLiveLinkFace

    author = PyLiveLinkFace(name="Anna")
    author.set_blendshape(FaceBlendShape.JawOpen, 0.5, no_filter=True)
    author.set_blendshape(FaceBlendShape.EyeBlinkLeft, 0.25, no_filter=True)
    author.set_blendshape(FaceBlendShape.HeadPitch, 0.1, no_filter=True)
    author.set_blendshape(FaceBlendShape.LeftEyeYaw, 0.2, no_filter=True)
    reading = livelink.decode(bytes(author.encode()))
    values = {value.name: value.number for value in reading.values}
    assert reading.title == "Anna"
    assert (values["jawOpen"], values["eyeBlinkLeft"]) == (0.5, 0.25)
    assert values["head pitch"] == pytest.approx(-0.1)  # the app counts up
    assert values["left eye yaw"] == pytest.approx(-0.2)  # the app counts to the right
    assert reading.unknown == ()


def test_python_oscs_bundles_in_bundles_are_read() -> None:
    inner = OscBundleBuilder(IMMEDIATELY)
    inner.add_content(built("/face/jawOpen", 0.5))
    outer = OscBundleBuilder(IMMEDIATELY)
    outer.add_content(built("/face/tracked", 1))
    outer.add_content(inner.build())
    reading = osc.decode(outer.build().dgram)
    assert reading.tracked is True
    assert [(v.name, v.number) for v in reading.values] == [("jawOpen", 0.5)]


def test_every_type_that_python_osc_writes_is_read() -> None:
    arguments = (1, 0.5, "täxt", b"blob!", True, False, None, [1, 2])
    (message,) = read_packet(built("/x", *arguments).dgram).messages
    assert message.tags == "ifsbTFNii"
    assert message.arguments == (1, 0.5, "täxt", b"blob!", True, False, None, 1, 2)


def test_a_vmc_sender_with_wrong_types_is_told_so() -> None:
    builder = OscMessageBuilder("/VMC/Ext/Blend/Val")
    builder.add_arg("JawOpen")
    builder.add_arg(0.5, OscMessageBuilder.ARG_TYPE_DOUBLE)
    reading = vmc.decode(builder.build().dgram)
    assert reading.values == ()
    assert [(f.what, f.example) for f in reading.faults] == [
        ("/VMC/Ext/Blend/Val not of type sf", "sd")
    ]


def test_head_turns_of_a_whole_spine_add_up() -> None:
    half = (0.0, -math.sin(math.radians(10) / 2), 0.0, math.cos(math.radians(10) / 2))
    bundle = OscBundleBuilder(IMMEDIATELY)
    for bone in ("Spine", "Neck", "Head"):
        bundle.add_content(built("/VMC/Ext/Bone/Pos", bone, 0.0, 0.0, 0.0, *half))
    values = {v.name: v.number for v in vmc.decode(bundle.build().dgram).values}
    assert math.degrees(values["head yaw"]) == pytest.approx(30.0, abs=1e-3)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_noted_and_not_taken(number: float) -> None:
    for decode, message in (
        (osc.decode, built("/face/jawOpen", number)),
        (vmc.decode, built("/VMC/Ext/Blend/Val", "JawOpen", number)),
        (vmc.decode, built("/VMC/Ext/Bone/Pos", "Head", *[0.0] * 6, number)),
    ):
        reading = decode(message.dgram)
        assert reading.values == () and len(reading.faults) == 1


def test_numbers_out_of_range_are_noted_and_taken() -> None:
    reading = osc.decode(built("/face/jawOpen", 1.7).dgram)
    assert reading.values[0].number == pytest.approx(1.7)
    assert [(f.what, f.example) for f in reading.faults] == [("jawOpen outside 0 to 1", "1.7")]


def test_names_that_are_not_understood_are_listed_and_cannot_steer_a_terminal() -> None:
    reading = osc.decode(built("/face/\x1b[2Jjaw\u202e", 0.5).dgram)
    assert reading.unknown == ("/face/\\x1b[2Jjaw\\u202e",)
    expression = vmc.decode(built("/VMC/Ext/Blend/Val", "Sparkle", 0.5).dgram)
    assert expression.unknown == ("expression Sparkle",)
    text = PROTOCOLS["ifacialmocap"].decode(b"trackingStatus-1|FM_x-5|=|")
    assert text.unknown == ("FM_x",)


def test_a_bundle_that_is_cut_off_gives_what_came_before() -> None:
    (datagram, *_) = sent("osc", face(tracked=True))
    reading = osc.decode(datagram[:-10])
    assert reading.tracked is True
    assert [fault.what for fault in reading.faults] == ["a bundle is cut off"]


def test_a_blob_longer_than_its_message_is_cut_off() -> None:
    for size in (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\x01"):
        packet = read_packet(b"/x\0\0,b\0\0" + size)
        assert packet.messages == () and packet.faults[0].what == "a message is cut off"


def test_bundles_within_bundles_have_an_end() -> None:
    packet = built("/face/jawOpen", 0.5).dgram
    for _ in range(200):
        packet = b"#bundle\0" + bytes(8) + struct.pack(">i", len(packet)) + packet
    reading = osc.decode(packet)
    assert [fault.what for fault in reading.faults] == ["bundles are nested deeper than 8"]


HOSTILE = (
    b"",
    b"#bundle\0",
    b"#bundle\0" + bytes(8) + b"\x7f\xff\xff\xff",
    b"#bundle\0" + bytes(8) + b"\x80\0\0\0" * 100,
    b"#bundle\0" + bytes(4000),
    b"/x\0\0,b\0\0\xff\xff\xff\xff",
    b"/x\0\0,b\0\0\x7f\xff\xff\xff",
    b"/x\0\0,sssssss",
    b"/" * 4096,
    b"/face/jawOpen\0\0\0,f\0\0",
    b"\x06\x7f\xff\xff\xff",
    b"\x06\xff\xff\xff\xff" + bytes(300),
    b"\x06\0\0\0\x24" + bytes(36) + b"\x7f\xff\xff\xff",
    b"[" * 4096,
    b'{"FaceFound":true,"BlendShapes":[{"k":"JawOpen","v":' + b"9" * 4000 + b"}]}",
    b'{"Rotation":{"x":NaN,"y":Infinity,"z":1e999},"BlendShapes":[1,null,{"k":[]}]}',
    b"jawOpen-nan|jawOpen-" + b"9" * 400 + b"|=head#nan,inf,1,2,3,4|leftEye#1|#|",
)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_hostile_datagrams_are_only_faults(protocol: str) -> None:
    for datagram in HOSTILE:
        assert_harmless(PROTOCOLS[protocol].decode(datagram))


@pytest.mark.parametrize("protocol", SPELLINGS)
def test_random_and_damaged_datagrams_never_raise(protocol: str) -> None:
    rng = np.random.default_rng(11)
    decode = PROTOCOLS[protocol.split()[0]].decode
    real = [*sent(protocol, random_face(rng)), *sent(protocol, face(tracked=False))]
    for _ in range(400):
        assert_harmless(decode(rng.bytes(int(rng.integers(0, 400)))))
        assert_harmless(decode(damaged(real[int(rng.integers(len(real)))], rng)))


def damaged(datagram: bytes, rng: np.random.Generator) -> bytes:
    """Cut, with some bytes changed, a piece repeated or left out."""
    data = bytearray(datagram)
    for _ in range(int(rng.integers(1, 6))):
        where = int(rng.integers(len(data))) if data else 0
        length = int(rng.integers(1, 40))
        match int(rng.integers(4)):
            case 0:
                data[where : where + 1] = rng.bytes(1)
            case 1:
                del data[where : where + length]
            case 2:
                data[where:where] = data[where : where + length]
            case 3:
                data[where : where + 4] = [b"\xff" * 4, b"\x7f\xff\xff\xff", bytes(4)][length % 3]
    return bytes(data[: int(rng.integers(len(data) + 1))] if rng.random() < 0.3 else data)


def assert_harmless(reading: Reading) -> None:
    assert all(math.isfinite(value.number) for value in (*reading.values, *reading.extras))
    texts = [*reading.unknown, reading.title, *(value.name for value in reading.extras)]
    texts += [text for fault in reading.faults for text in (fault.what, fault.example)]
    assert all(text.isascii() and (text.isprintable() or not text) for text in texts)


def test_random_names_do_not_fill_the_memory() -> None:
    traffic = Traffic()
    for number in range(1000):
        reading = osc.decode(built(f"/name{number}", 0.5).dgram)
        traffic.add(reading, 20, f"10.0.0.{number}", float(number))
    assert len(traffic.unknown) <= 201 and len(traffic.hosts) <= 8
    assert sum(tally.count for tally in traffic.unknown.values()) == 1000


def test_rates_are_those_of_the_datagrams_and_of_the_faces() -> None:
    traffic = Traffic()
    encoder = VmcEncoder(VmcSettings())
    for frame in range(61):
        time = frame / 60.0
        for datagram in copied(encoder.encode(face(timestamp=time))):
            traffic.add(vmc.decode(datagram), len(datagram), "127.0.0.1", time)
    assert traffic.face_rate(1.0) == pytest.approx(60.0)
    assert traffic.datagram_rate(1.0) == pytest.approx(60.0 * traffic.datagrams / 61, rel=0.05)
    assert traffic.age(1.25) == pytest.approx(0.25)
    assert (traffic.face_rate(2.5), traffic.datagram_rate(2.5)) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("spec", "name", "port"),
    [("vmc", "vmc", 39539), ("VMC:39540", "vmc", 39540), ("vtsphone", "vtsphone", 21412)],
)
def test_the_place_is_a_protocol_and_perhaps_a_port(spec: str, name: str, port: int) -> None:
    place = parse_place(spec)
    assert (place.protocol.name, place.port) == (name, port)


@pytest.mark.parametrize("spec", ["morse", "vts", "vmc:", "vmc:0", "vmc:70000", "vmc:x", "vmc:1:2"])
def test_a_bad_place_is_one_line(spec: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_place(spec)
    assert "\n" not in str(caught.value)


def built(address: str, *arguments: object) -> OscMessage:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)  # type: ignore[arg-type]
    return builder.build()


def test_blendshapes_are_told_apart() -> None:
    """Each alone, by every protocol: no exchange of two passes unseen."""
    for protocol in WHOLE:
        for name in INDEX:
            values = heard(protocol, face(**{name: 1.0})).values
            assert [n for n in BLENDSHAPES if values[n] > 0.5] == [name]
