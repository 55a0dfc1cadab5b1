"""The stages in their order: what is asked of a running chain, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.blendshapes import INDEX
from engine.calibration import CalibrationSettings
from engine.calibration.learning import RestFinder
from engine.chain import REST_TIME, Chain, Stage
from engine.data import FaceState, Frame, Observation
from engine.geometry import euler_from_quaternion, quaternion_from_euler
from engine.steadiness import SmootherSettings
from tests.faces import observation

RATE = 30.0
IMAGE = np.zeros((48, 64, 3), np.uint8)


class Performer:
    """Observes what it is told to; one frame after the other."""

    def __init__(self, play: Callable[[float], Observation | None]) -> None:
        self._play = play
        self.asked = 0

    def observe(self, frame: Frame) -> Observation | None:
        self.asked += 1
        seen = self._play(frame.timestamp)
        return None if seen is None else replace(seen, timestamp=frame.timestamp)


def resting(timestamp: float) -> Observation:
    """A frown for a resting face, and a camera at the side."""
    seen = observation(timestamp, mouthFrownLeft=0.3, browDownLeft=0.2)
    return replace(
        seen,
        head_rotation=quaternion_from_euler(0.1, 0.4, 0.0),
        head_position=np.array([0.2, 0.1, -0.6]),
    )


def talking(timestamp: float) -> Observation:
    seen = resting(timestamp)
    weights = seen.weights.copy()
    for number, name in enumerate(("jawOpen", "mouthPucker", "mouthSmileLeft", "browInnerUp")):
        weights[INDEX[name]] = 0.5 + 0.4 * np.sin(20.0 * timestamp + number)
    return replace(seen, weights=weights)


def chain(
    play: Callable[[float], Observation | None],
    calibration: CalibrationSettings | None = None,
    *stages: Stage,
) -> Chain:
    settings = calibration or CalibrationSettings()
    return Chain(Performer(play), SmootherSettings(), settings, stages)


def after(chain: Chain, seconds: float, *, start: float = 0.0, blind: bool = False) -> FaceState:
    state = None
    for index in range(round(seconds * RATE)):
        timestamp = start + index / RATE
        state = chain.update(Frame(IMAGE, timestamp, timestamp, index), blind=blind)
    assert state is not None
    return state


def frown(state: FaceState) -> float:
    return float(state.weights[INDEX["mouthFrownLeft"]])


def test_a_rest_that_was_asked_for_becomes_neutral_after_two_seconds() -> None:
    running = chain(resting)
    running.calibrate()
    before = after(running, REST_TIME - 0.5)
    assert running.calibrating and frown(before) == pytest.approx(0.3)
    state = after(running, 3.0, start=REST_TIME)
    assert not running.calibrating
    assert frown(state) < 0.01
    assert euler_from_quaternion(state.head_rotation) == pytest.approx((0, 0, 0), abs=1e-3)
    assert state.head_position[:2] == pytest.approx([0.0, 0.0], abs=1e-4)


def test_a_moving_face_is_never_taken_as_neutral_but_asked_to_hold_still_and_given_up() -> None:
    running = chain(talking)
    running.calibrate()
    assert running.answer is not None and "hold still" in running.answer.text
    after(running, RestFinder.PATIENCE - 1.0)
    assert running.calibrating
    after(running, 2.0, start=RestFinder.PATIENCE - 1.0)
    assert not running.calibrating and running.calibration == CalibrationSettings()
    assert running.answer.text.startswith("Not calibrated: face or head moved all the time")


def test_a_face_that_comes_to_rest_is_neutral_as_it_rests_not_as_it_moved() -> None:
    running = chain(lambda t: talking(t) if t < 4.0 else resting(t))
    running.calibrate()
    state = after(running, 8.0)
    assert not running.calibrating and frown(state) < 0.01
    assert running.calibration.channel("jawOpen").neutral < 0.02
    assert running.answer is not None and running.answer.text.startswith("Calibrated")


def test_a_head_that_turns_is_not_taken_as_the_middle() -> None:
    def looking_around(timestamp: float) -> Observation:
        turned = quaternion_from_euler(0.0, 0.3 * np.sin(3.0 * timestamp), 0.0)
        return replace(resting(timestamp), head_rotation=turned)

    running = chain(looking_around)
    running.calibrate()
    after(running, RestFinder.PATIENCE + 1.0)
    assert running.calibration == CalibrationSettings()


def test_each_thing_that_is_asked_for_has_an_answer_of_its_own() -> None:
    running = chain(resting)
    running.recentre()
    after(running, 1.0)
    first = running.answer
    running.recentre()
    after(running, 1.0, start=1.0)
    assert first is not None and first is not running.answer
    assert first.text == "Head centred"


def test_recentring_leaves_the_face_as_it_is() -> None:
    running = chain(resting)
    running.recentre()
    state = after(running, 2.0)
    assert frown(state) == pytest.approx(0.3)
    assert euler_from_quaternion(state.head_rotation) == pytest.approx((0, 0, 0), abs=1e-3)


def test_a_lost_face_eases_to_the_middle_not_to_the_camera() -> None:
    running = chain(lambda t: resting(t) if t < 4.0 else None)
    running.calibrate()
    state = after(running, 8.0)
    assert not state.tracked
    assert euler_from_quaternion(state.head_rotation) == pytest.approx((0, 0, 0), abs=1e-9)
    assert state.weights.max() == 0.0


def test_a_paused_face_is_not_looked_at_and_rests() -> None:
    running = chain(resting)
    after(running, 1.0)
    observer = running._observer
    assert isinstance(observer, Performer)
    asked = observer.asked
    state = after(running, 2.0, start=1.0, blind=True)
    assert observer.asked == asked
    assert not state.tracked and state.landmarks is None


def test_a_face_that_rests_calibrates_itself_and_one_that_talks_does_not() -> None:
    automatic = CalibrationSettings(automatic=True)
    quiet, loud = chain(resting, automatic), chain(talking, automatic)
    assert frown(after(quiet, 4.0)) < 0.01
    after(loud, 8.0)
    assert loud.calibration == automatic


def test_a_known_rest_is_not_replaced_by_itself() -> None:
    known = CalibrationSettings(automatic=True, head=(0.0, 0.1, 0.0))
    running = chain(resting, known)
    after(running, 5.0)
    assert running.calibration == known


def test_stages_read_the_smoothed_state_before_the_weights_are_calibrated() -> None:
    class Seen:
        def update(self, state: FaceState) -> FaceState:
            return replace(state, weights=state.weights * 0.5)

    channel = CalibrationSettings().channel("mouthFrownLeft")
    doubled = CalibrationSettings().with_channel(replace(channel, gain=2.0))
    state = after(chain(resting, doubled, Seen()), 1.0)
    assert frown(state) == pytest.approx(0.3)
    assert state.weights[INDEX["browDownLeft"]] == pytest.approx(0.1)


def test_a_guide_that_is_sent_away_leaves_what_was_known_before() -> None:
    known = CalibrationSettings(head=(0.1, 0.2, 0.0), position=(0.0, 0.0, -0.6))
    subject = chain(resting, known)
    subject.lead()
    after(subject, 2.0)
    assert subject.leading and subject.calibration != known and subject.prompt is not None
    subject.dismiss()
    assert not subject.leading and subject.calibration == known and subject.prompt is None


def trembling(timestamp: float) -> Observation:
    noise = np.random.default_rng(round(1000 * timestamp)).normal(0.0, 0.01)
    return observation(timestamp, mouthFrownLeft=0.3 + noise)


def test_another_steadiness_counts_from_the_next_frame_without_a_jump() -> None:
    running = chain(trembling)
    running.smooth(SmootherSettings(quickness=1.0))
    step = 1.0 / RATE

    def frowns(start: float) -> list[float]:
        return [frown(after(running, step, start=start + index * step)) for index in range(60)]

    quick = frowns(0.0)
    running.smooth(SmootherSettings(quickness=0.0))
    steady = frowns(2.0)
    assert abs(steady[0] - quick[-1]) < 0.05  # the noise, no easing in from a neutral face
    assert np.std(np.diff(steady[5:])) < 0.7 * np.std(np.diff(quick[5:]))
