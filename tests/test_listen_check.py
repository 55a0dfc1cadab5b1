"""The guided check: a person who does as they are told, senders that turn things round."""

from __future__ import annotations

import itertools
import tomllib
from dataclasses import dataclass

import numpy as np
import pytest

from app.listening import PROTOCOLS
from app.listening.check import Check, Outcome
from app.listening.steps import STEPS
from app.listening.traffic import Traffic
from app.listening.verdict import axis_settings, verdict_lines
from app.outputs.axes import UNCHANGED, AxisSettings, adjusted
from engine.data import FaceState
from engine.geometry import quaternion_from_euler
from tests.states import face
from tests.test_listen import expected_values, sent

RATE = 30.0


@dataclass
class Person:
    """Does what the prompt says, from a resting pose that is not quite straight."""

    both_eyes: bool = False
    still: bool = False

    def state(self, prompt: str, time: float) -> FaceState:
        pitch, yaw, roll = 6.0, -4.0, 2.0  # how the camera hangs
        gaze = 0.0
        weights = {"mouthSmileLeft": 0.1, "jawOpen": 0.05, "eyeBlinkLeft": 0.1}
        if self.still:
            prompt = ""
        if "turn your head" in prompt:
            yaw, roll = yaw + 30.0, roll + 6.0
        elif "lower your chin" in prompt:
            pitch += 20.0
        elif "tilt your head" in prompt:
            roll, yaw = roll + 20.0, yaw - 5.0
        elif "with your eyes" in prompt:
            gaze = 20.0
        elif "left eye" in prompt:
            weights |= {"eyeBlinkLeft": 0.9, "eyeBlinkRight": 0.7 if self.both_eyes else 0.3}
        elif "right corner" in prompt:
            weights |= {"mouthSmileRight": 0.7, "mouthSmileLeft": 0.3}
        elif "open your mouth" in prompt:
            weights |= {"jawOpen": 0.7}
        rotation = quaternion_from_euler(*np.radians([pitch, yaw, roll]))
        eye = (np.radians(gaze), 0.02)
        return face(timestamp=time, rotation=rotation, gaze=(eye, eye), **weights)


def checked(
    person: Person, axes: AxisSettings = UNCHANGED, further: AxisSettings = UNCHANGED
) -> Check:
    """What a sender with these axes shows; `further` are applied on top."""
    check = Check()
    for tick in itertools.count():
        if check.is_over or tick > 200 * RATE:
            return check
        state = person.state(check.prompt, tick / RATE)
        check.update(expected_values(adjusted(adjusted(state, axes), further)), tick / RATE)
    raise AssertionError


def outcomes(check: Check) -> dict[str, Outcome]:
    return {result.step.name: result.outcome for result in check.results}


def test_of_a_sound_sender_left_is_left() -> None:
    check = checked(Person())
    assert set(outcomes(check).values()) == {Outcome.RIGHT}
    assert check.passed and axis_settings(check.results) == []
    lines = verdict_lines(check.results, "vmc")
    assert lines[0] == "Left is left, and every axis goes the right way."


@pytest.mark.parametrize(
    ("axes", "wrong"),
    [
        (AxisSettings(yaw=-1.0), {"yaw"}),
        (AxisSettings(pitch=-1.0), {"pitch"}),
        (AxisSettings(roll=-1.0), {"roll"}),
        (AxisSettings(gaze_yaw=-1.0), {"gaze"}),
        (AxisSettings(mirror=True), {"yaw", "roll", "gaze", "blink", "smile"}),
        (AxisSettings(mirror=True, yaw=-1.0, roll=-1.0, gaze_yaw=-1.0), {"blink", "smile"}),
    ],
)
def test_each_fault_is_seen_in_its_step_and_in_no_other(
    axes: AxisSettings, wrong: set[str]
) -> None:
    found = outcomes(checked(Person(), axes))
    assert {name for name, outcome in found.items() if outcome is Outcome.OPPOSITE} == wrong
    assert {o for name, o in found.items() if name not in wrong} == {Outcome.RIGHT}


@pytest.mark.parametrize("gains", [*itertools.product((1.0, -1.0), repeat=4)])
@pytest.mark.parametrize("mirror", [False, True])
def test_the_settings_that_are_named_put_everything_right(
    gains: tuple[float, ...], mirror: bool
) -> None:
    pitch, yaw, roll, gaze_yaw = gains
    axes = AxisSettings(pitch=pitch, yaw=yaw, roll=roll, gaze_yaw=gaze_yaw, mirror=mirror)
    named = axis_settings(checked(Person(), axes).results)
    remedy = AxisSettings(**tomllib.loads("\n".join(named)))
    assert checked(Person(), axes, remedy).passed


def test_a_mirrored_sender_is_called_that() -> None:
    lines = verdict_lines(checked(Person(), AxisSettings(mirror=True)).results, "livelink")
    assert lines[0] == "Left is right: everything arrives mirrored."
    assert "[livelink.axes]: mirror = true." in lines[1]


def test_names_alone_exchanged_are_told_from_mirroring() -> None:
    axes = AxisSettings(mirror=True, yaw=-1.0, roll=-1.0, gaze_yaw=-1.0)
    first, second, *_ = verdict_lines(checked(Person(), axes).results, "vmc")
    assert "eye names have left and right exchanged" in first
    assert "mouth names have left and right exchanged" in first
    assert "mirror = true, yaw = -1.0, roll = -1.0, gaze_yaw = -1.0, x = -1.0" in second


def test_axes_that_are_mixed_up_are_named() -> None:
    check = Check()
    for tick in range(int(200 * RATE)):
        values = expected_values(Person().state(check.prompt, tick / RATE))
        values["head pitch"], values["head yaw"] = values["head yaw"], values["head pitch"]
        check.update(values, tick / RATE)
    assert outcomes(check)["yaw"] is outcomes(check)["pitch"] is Outcome.OTHER
    lines = verdict_lines(check.results, "osc")
    assert any("turn your head" in line and "arrived as the head down" in line for line in lines)


def test_both_eyes_closed_are_not_told_apart_and_nobody_is_accused() -> None:
    check = checked(Person(both_eyes=True))
    assert outcomes(check)["blink"] is Outcome.UNCLEAR
    assert not check.passed and axis_settings(check.results) == []


def test_who_does_nothing_comes_to_the_end_all_the_same() -> None:
    check = checked(Person(still=True))
    assert set(outcomes(check).values()) == {Outcome.NOTHING} and not check.passed
    assert verdict_lines(check.results, "vmc")[0] == "Nothing could be told about left and right."


def test_what_is_not_sent_is_passed_over_at_once() -> None:
    check = Check()
    for tick in range(int(60 * RATE)):
        state = Person().state(check.prompt, tick / RATE)
        values = {n: v for n, v in expected_values(state).items() if " eye " not in n}
        check.update(values, tick / RATE)
    assert outcomes(check)["gaze"] is Outcome.MISSING and check.passed


def test_a_restless_face_is_not_taken_for_one_at_rest() -> None:
    check = Check()
    for tick in range(int(20 * RATE)):
        yaw = np.radians(30.0) * np.sin(tick / RATE * 3.0)
        state = face(rotation=quaternion_from_euler(0.0, yaw, 0.0))
        check.update(expected_values(state), tick / RATE)
    assert check.results == [] and "at rest" in check.prompt


def test_a_blink_is_no_unrest() -> None:
    check = Check()
    for tick in range(int(3 * RATE)):
        blink = 0.9 if tick % 60 < 6 else 0.0
        state = face(eyeBlinkLeft=blink, eyeBlinkRight=blink)
        check.update(expected_values(state), tick / RATE)
    assert "turn your head" in check.prompt


@pytest.mark.parametrize(
    "protocol", ["osc", "vmc", "livelink", "ifacialmocap", "vtsphone", "vrchat"]
)
def test_every_output_of_ours_passes_on_the_wire(protocol: str) -> None:
    traffic, check = Traffic(), Check()
    decode = PROTOCOLS[protocol].decode
    for tick in range(int(60 * RATE)):
        if check.is_over:
            break
        state = Person().state(check.prompt, tick / RATE)
        for datagram in sent(protocol, state):
            traffic.add(decode(datagram), len(datagram), "127.0.0.1", tick / RATE)
        check.update(traffic.values, tick / RATE)
    assert outcomes(check) == {step.name: Outcome.RIGHT for step in STEPS}
