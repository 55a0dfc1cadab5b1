"""A demo booth through the real chain: visitors are strangers, and nobody leaves a trace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.visits import GONE, Visits
from engine.blendshapes import INDEX
from engine.calibration import CalibrationSettings
from engine.chain import Chain
from engine.data import FaceState, Frame, Observation
from engine.geometry import euler_from_quaternion, quaternion_from_euler
from engine.idle import AFTER, BLINK_EVERY, WAKE, Idling, idle
from engine.steadiness import SmootherSettings
from tests.faces import observation
from tests.states import face

RATE = 30.0
IMAGE = np.zeros((48, 64, 3), np.uint8)
AUTOMATIC = CalibrationSettings(automatic=True)


class Booth:
    """Observes whoever stands there: a frown at rest, by so much, or nobody."""

    def __init__(self) -> None:
        self.frown: float | None = None
        self._count = 0
        self.chain = Chain(self, SmootherSettings(), AUTOMATIC)
        self.visits = Visits(self.chain)

    def observe(self, frame: Frame) -> Observation | None:
        if self.frown is None:
            return None
        seen = observation(frame.timestamp, mouthFrownLeft=self.frown)
        return replace(
            seen, timestamp=frame.timestamp, head_rotation=quaternion_from_euler(0.0, 0.3, 0.0)
        )

    def play(self, seconds: float) -> list[FaceState]:
        states = []
        for _ in range(round(seconds * RATE)):
            frame = Frame(IMAGE, self._count / RATE, 0.0, self._count)
            states.append(self.visits.update(self.chain.update(frame)))
            self._count += 1
        return states


def test_a_visitor_calibrates_by_standing_there_and_the_next_is_a_stranger() -> None:
    booth = Booth()
    booth.frown = 0.4
    states = booth.play(6.0)
    assert states[0].weights[INDEX["mouthFrownLeft"]] > 0.3
    assert states[-1].weights[INDEX["mouthFrownLeft"]] < 0.05
    assert abs(euler_from_quaternion(states[-1].head_rotation)[1]) < 0.02
    booth.frown = None
    booth.play(GONE + 1.0)
    assert booth.chain.calibration == AUTOMATIC
    booth.frown = 0.2
    assert booth.play(6.0)[-1].weights[INDEX["mouthFrownLeft"]] < 0.05
    assert booth.visits.count == 2


def test_who_looks_away_for_a_moment_is_still_the_same() -> None:
    booth = Booth()
    booth.frown = 0.4
    booth.play(6.0)
    known = booth.chain.calibration
    booth.frown = None
    booth.play(GONE - 0.5)
    booth.frown = 0.4
    booth.play(0.5)
    assert booth.chain.calibration == known and booth.visits.count == 1


def test_the_head_lives_while_nobody_is_there_and_gives_way_without_a_jump() -> None:
    booth = Booth()
    alone = booth.play(AFTER + WAKE + 20.0)
    yaws = [euler_from_quaternion(state.head_rotation)[1] for state in alone]
    assert np.ptp(yaws) > 0.2
    assert max(state.weights[INDEX["eyeBlinkLeft"]] for state in alone) > 0.8
    assert max(state.weights[INDEX["mouthSmileLeft"]] for state in alone) > 0.3
    booth.frown = 0.1
    states = [alone[-1], *booth.play(2.0)]
    turns = np.diff([euler_from_quaternion(state.head_rotation)[1] for state in states])
    assert np.abs(turns).max() < 0.06
    unmoved = idle(face(jawOpen=0.3), 5.0, 0.0)
    assert unmoved.weights[INDEX["jawOpen"]] == 0.3


def test_idling_is_always_a_valid_face() -> None:
    for seconds in np.arange(0.0, 3 * BLINK_EVERY, 0.05):
        state = idle(face(), float(seconds), 0.7)
        assert ((state.weights >= 0.0) & (state.weights <= 1.0)).all()
        assert np.isclose(np.linalg.norm(state.head_rotation), 1.0)
        assert np.isfinite(state.gaze).all()


def test_a_head_may_live_by_itself_while_receivers_are_told_that_nobody_is_there() -> None:
    idling = Idling()
    lost = [idling.update(face(timestamp=t / 30, tracked=False)) for t in range(300)]
    assert not any(state.tracked for state in lost)
    assert max(state.weights.max() for state in lost) > 0.3
    here = face(landmarks=np.zeros((478, 3)), jawOpen=0.5)
    back = [idling.update(replace(here, timestamp=10.0 + t / 30)) for t in range(30)]
    assert back[-1].weights.tolist() == here.weights.tolist()
    steps = np.diff([state.weights for state in (*lost[-2:], *back)], axis=0)
    assert np.abs(steps).max() < 0.2
