from dataclasses import replace

import numpy as np
import pytest

from engine.blendshapes import INDEX
from engine.data import LANDMARK_COUNT, FlameCoefficients, Observation
from engine.doubt import EASE, FACE_HOLD, REST, Doubt
from tests.faces import observation

RATE = 30.0
JAW, BLINK, SMILE = (INDEX[name] for name in ("jawOpen", "eyeBlinkLeft", "mouthSmileLeft"))


def believed(doubt: Doubt, seen: list[Observation], start: int = 0) -> list[Observation]:
    """Thirty a second; the very first is new."""
    return [
        doubt.update(replace(one, timestamp=(start + i) / RATE), is_new=start + i == 0)
        for i, one in enumerate(seen)
    ]


def hidden(**weights: float) -> Observation:
    return replace(observation(**weights), mouth_hidden=True)


def outside(seen: Observation) -> Observation:
    """Three quarters of the face are in the picture."""
    landmarks = np.zeros((LANDMARK_COUNT, 3))
    landmarks[: LANDMARK_COUNT // 4, 0] = -5.0
    return replace(seen, landmarks=landmarks)


def test_what_is_seen_is_believed_as_it_is() -> None:
    seen = [observation(jawOpen=x) for x in (0.1, 0.9, 0.2)]
    assert [one.weights[JAW] for one in believed(Doubt(), seen)] == [0.1, 0.9, 0.2]


def test_a_hidden_mouth_closes_instead_of_screaming_and_the_eyes_go_on() -> None:
    doubt = Doubt()
    believed(doubt, [observation(jawOpen=0.3)] * 5)
    result = believed(doubt, [hidden(jawOpen=0.9, eyeBlinkLeft=0.8)] * 10, start=5)
    assert result[0].weights[JAW] < 0.3, "it begins at once"
    assert max(one.weights[JAW] for one in result) <= 0.3
    assert result[round(REST * RATE)].weights[JAW] == 0.0
    assert result[-1].weights[JAW] == 0.0
    assert all(one.weights[BLINK] == 0.8 for one in result)


def test_a_mouth_that_is_seen_again_is_met_without_a_jump() -> None:
    doubt = Doubt()
    believed(doubt, [observation()] * 5 + [hidden(jawOpen=0.9)] * 10)
    result = believed(doubt, [observation(jawOpen=0.5)] * 10, start=15)
    jaw = np.array([0.0, *(one.weights[JAW] for one in result)])
    assert np.diff(jaw).max() < 0.5 * 0.5 and jaw[-1] == 0.5
    assert jaw[3 + round(EASE * RATE)] == 0.5


def test_a_hidden_mouth_is_at_rest_in_a_face_models_coefficients_too() -> None:
    zeros = np.zeros
    flame = FlameCoefficients(
        zeros(300), np.ones(100), zeros(3), np.full(3, 0.2), np.full(3, 0.4), np.ones(2), zeros(3)
    )
    doubt = Doubt()
    seen = replace(observation(), coefficients=flame)
    result = believed(doubt, [seen] * 3 + [replace(seen, mouth_hidden=True)] * 10)[-1].coefficients
    assert isinstance(result, FlameCoefficients)
    assert not result.jaw.any() and not result.expression.any()
    assert result.eyelids.all() and result.neck.all()


def test_a_face_that_leaves_the_picture_keeps_its_last_whole_expression_and_its_place() -> None:
    doubt = Doubt()
    believed(doubt, [observation(mouthSmileLeft=0.4)] * 5)
    bad = outside(
        replace(observation(mouthSmileLeft=1.0), head_position=np.array([0.3, 0.0, -0.5]))
    )
    result = believed(doubt, [bad] * 10, start=5)
    assert all(one.weights[SMILE] == 0.4 for one in result)
    assert all(one.gaze == pytest.approx(observation().gaze) for one in result)
    assert all(one.head_position[0] == 0.3 for one in result)


def test_a_face_that_stays_at_the_edge_is_followed_after_a_while() -> None:
    doubt = Doubt()
    believed(doubt, [observation(mouthSmileLeft=0.4)] * 5)
    frames = round((FACE_HOLD + EASE) * RATE) + 2
    result = believed(doubt, [outside(observation(mouthSmileLeft=0.8))] * frames, start=5)
    smile = [one.weights[SMILE] for one in result]
    assert smile[-1] == 0.8 and np.diff(smile).max() < 0.2


def test_a_face_that_comes_in_at_the_edge_is_not_held_at_its_first_glimpse() -> None:
    seen = [outside(observation(mouthSmileLeft=x)) for x in (0.2, 0.5, 0.8)]
    assert [one.weights[SMILE] for one in believed(Doubt(), seen)] == [0.2, 0.5, 0.8]
