"""A demo booth through the real chain: visitors are strangers, and nobody leaves a trace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

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
    """Observes whoever stands there: a frown at rest, by so much, or nobody.

    place: of the face's middle, size: its width, in the picture's.
    """

    def __init__(self) -> None:
        self.frown: float | None = None
        self.place, self.size = 0.5, 0.2
        self._count = 0
        self.chain = Chain(self, SmootherSettings(), AUTOMATIC)
        self.visits = Visits(self.chain)

    def observe(self, frame: Frame) -> Observation | None:
        if self.frown is None:
            return None
        seen = observation(frame.timestamp, mouthFrownLeft=self.frown)
        across = np.linspace(self.place - self.size / 2, self.place + self.size / 2, 478)
        return replace(
            seen,
            timestamp=frame.timestamp,
            landmarks=np.stack((across, across, across), axis=1) * frame.image.shape[1],
            head_rotation=quaternion_from_euler(0.0, 0.3, 0.0),
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


def test_who_left_before_they_were_learned_leaves_nothing_to_the_next() -> None:
    booth = Booth()
    booth.frown = 0.4
    booth.play(1.6)  # of the two seconds that are watched
    booth.frown = None
    booth.play(GONE + 1.0)
    booth.frown = 0.1
    assert booth.play(1.0)[-1].weights[INDEX["mouthFrownLeft"]] > 0.05
    assert booth.chain.calibration == AUTOMATIC
    booth.play(5.0)
    assert abs(booth.chain.calibration.channel("mouthFrownLeft").neutral - 0.1) < 0.02


@pytest.mark.parametrize(
    ("place", "size", "pause"),
    [(0.8, 0.2, 0.0), (0.75, 0.2, 0.2), (0.5, 0.1, 0.0), (0.95, 0.2, 1.0), (0.5, 0.1, 1)],
)
def test_who_takes_the_place_of_the_one_before_is_a_stranger(
    place: float, size: float, pause: float
) -> None:
    """The next of a queue stands elsewhere, or further back."""
    booth = Booth()
    booth.frown = 0.4
    booth.play(6.0)
    booth.frown = None
    booth.play(pause)
    booth.frown, booth.place, booth.size = 0.2, place, size
    booth.play(0.5)
    assert booth.visits.count == 2 and booth.chain.calibration == AUTOMATIC
    assert booth.play(6.0)[-1].weights[INDEX["mouthFrownLeft"]] < 0.05


def test_who_walks_about_comes_nearer_or_changes_the_resolution_stays_the_same() -> None:
    booth = Booth()
    booth.frown = 0.4
    booth.play(6.0)
    known = booth.chain.calibration
    for step in range(60):  # across the picture in a second, then nearer in another
        booth.place = 0.2 + 0.6 * min(step / 30, 1.0)
        booth.size = 0.15 * 2.0 ** max(0.0, step / 30 - 1.0)
        booth.play(1 / RATE)
        if step == 0:
            known = booth.chain.calibration
    assert booth.chain.calibration == known


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
