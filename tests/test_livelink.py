"""Live Link Face: golden bytes, signs, time code and the packet without a face."""

from __future__ import annotations

import math
import struct
import uuid

import numpy as np
import pytest

from app.outputs.livelink import LiveLinkEncoder, LiveLinkSettings
from engine.blendshapes import BLENDSHAPES
from engine.data import FaceState
from engine.errors import SettingsError
from tests.states import T0, face, random_face

GOLDEN_HEAD = (  # protocols.md §5.1: decoded by PyLiveLinkFace and LLV
    "06 00000024 31323334 35363738 2d394142 432d4445 46302d31 3233342d 35363738 39414243 44454630"
    "00000007 50794661636531 005206f7 3e800000 0000003c 00000001 3d"
).replace(" ", "")


def encoder(subject: str = "PyFace1", time_of_day: float = 0.0) -> LiveLinkEncoder:
    return LiveLinkEncoder(
        LiveLinkSettings(subject),
        device_id="12345678-9ABC-DEF0-1234-56789ABCDEF0",
        time_of_day=lambda: time_of_day,
    )


def packet(state: FaceState) -> bytes:
    (packet,) = encoder().encode(state)
    return packet


def values(state: FaceState) -> tuple[float, ...]:
    return struct.unpack(">61f", packet(state)[-244:])


def frame_time(packet: bytes) -> tuple[int, float, int, int]:
    """Frame number, fraction, rate's numerator and denominator, with the subject "PyFace1"."""
    return struct.unpack(">ifii", packet[52:68])


def test_golden_head() -> None:
    (sent,) = encoder(time_of_day=(5375735.25 - 86400 * 60) / 60).encode(face())
    golden = bytes.fromhex(GOLDEN_HEAD)
    # The recording's number is above 24 hours; ours starts again at midnight.
    assert sent[:52] == golden[:52]
    assert struct.unpack(">i", golden[52:56])[0] - frame_time(sent)[0] == 24 * 3600 * 60
    assert sent[56:69] == golden[56:]
    assert len(sent) == 313


def test_weights_are_in_unreals_order() -> None:
    weights = np.linspace(0.0, 1.0, 52)
    assert values(face(weights=weights))[:52] == pytest.approx(weights)
    for number, name in ((0, "eyeBlinkLeft"), (15, "jawLeft"), (17, "jawOpen"), (51, "tongueOut")):
        assert values(face(**{name: 0.5}))[number] == 0.5
        assert BLENDSHAPES[number] == name


def test_weights_are_clamped() -> None:
    sent = values(face(jawOpen=1.2, tongueOut=-0.1))
    assert (sent[17], sent[51]) == (1.0, 0.0)


def test_head_turns_as_the_app_counts() -> None:
    sent = values(face(rotation=T0))[52:55]
    assert sent == pytest.approx((0.349066, -0.174533, 0.087266), abs=1e-6)


def test_eyes_turn_as_the_app_counts() -> None:
    # Left eye: 10° to the person's left, 5° down. Right eye: 8° to their right, 4° up.
    gaze = np.radians([[10.0, 5.0], [-8.0, -4.0]])
    sent = np.degrees(values(face(gaze=gaze))[55:])
    assert sent == pytest.approx((-10.0, 5.0, 0.0, 8.0, -4.0, 0.0), abs=1e-5)


def test_without_a_face_the_packet_ends_before_the_values() -> None:
    sent = packet(face(tracked=False))
    assert len(sent) == 61 + len("PyFace1")
    assert frame_time(sent)[2:] == (60, 1)


def test_frames_are_as_far_apart_as_their_timestamps() -> None:
    frames = encoder(time_of_day=3600.0)
    numbers = [
        frame_time(frames.encode(face(timestamp=1000.0 + i / 30))[0])[0] for i in range(0, 90)
    ]
    assert numbers[0] == 3600 * 60
    assert numbers[-1] == pytest.approx(3600 * 60 + 178, abs=1)
    assert set(np.diff(numbers)) <= {1, 2, 3}


def test_number_starts_again_at_midnight() -> None:
    frames = encoder(time_of_day=86399.5)
    sent = [frame_time(frames.encode(face(timestamp=float(i)))[0]) for i in range(2)]
    assert [number for number, *_ in sent] == [86399 * 60 + 30, 30]


def test_fraction_never_rounds_up_to_a_whole_frame() -> None:
    sent = frame_time(encoder(time_of_day=math.nextafter(1.0, 0.0)).encode(face())[0])
    assert sent[0] == 59
    assert 0.99999 < sent[1] < 1.0


def test_a_film_that_starts_again_does_not_turn_the_time_code_back() -> None:
    times = iter((100.0, 110.0))
    frames = LiveLinkEncoder(LiveLinkSettings("PyFace1"), time_of_day=lambda: next(times))
    numbers = [
        frame_time(frames.encode(face(timestamp=timestamp))[0])[0] for timestamp in (0.0, 9.0, 0.0)
    ]
    assert numbers == [6000, 6540, 6600]


def test_device_id_is_a_uuid_that_stays_and_differs_by_subject() -> None:
    ids = [
        LiveLinkEncoder(LiveLinkSettings(subject)).encode(face())[0][5:41].decode()
        for subject in ("anna", "anna", "ben")
    ]
    assert ids[0] == ids[1] != ids[2]
    assert str(uuid.UUID(ids[0])).upper() == ids[0]


@pytest.mark.parametrize("subject", ["", "x" * 201, "ä" * 101, "two\nlines", "nul\0"])
def test_subject_that_unreal_cannot_take_is_refused(subject: str) -> None:
    with pytest.raises(SettingsError, match="Live Link subject"):
        LiveLinkSettings(subject)


def test_longest_packet_is_one_that_unreal_takes() -> None:
    (sent,) = encoder("ä" * 100).encode(face())
    assert 264 <= len(sent) <= 774


def test_farewell_is_the_neutral_face_and_then_none() -> None:
    neutral, none = encoder().farewell(random_face(np.random.default_rng(6)))
    assert not any(struct.unpack(">61f", neutral[-244:]))
    assert none == neutral[:68]
