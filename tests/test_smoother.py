from dataclasses import replace

import numpy as np
import pytest

from engine.blendshapes import INDEX
from engine.data import FaceState, Observation
from engine.geometry import IDENTITY_ROTATION, rotation_angle
from engine.smoother import TYPICAL_POSITION, Smoother, SmootherSettings
from tests.faces import observation

RATE = 30.0
SETTINGS = SmootherSettings()


def states(
    smoother: Smoother, seen: list[Observation | None], start: float = 0.0
) -> list[FaceState]:
    """One state a thirtieth of a second, the observations stamped accordingly."""
    result = []
    for i, one in enumerate(seen):
        timestamp = start + i / RATE
        stamped = None if one is None else replace(one, timestamp=timestamp)
        result.append(smoother.update(stamped, timestamp=timestamp, image_size=(640, 480)))
    return result


def test_before_any_face_the_state_is_neutral_and_valid() -> None:
    (state,) = states(Smoother(SETTINGS), [None])
    assert not state.tracked and state.confidence == 0.0 and state.landmarks is None
    assert not state.weights.any() and not state.gaze.any()
    assert state.head_rotation.tolist() == IDENTITY_ROTATION.tolist()
    assert state.head_position.tolist() == TYPICAL_POSITION.tolist()


def test_the_first_face_of_all_is_shown_at_once() -> None:
    (state,) = states(Smoother(SETTINGS), [observation(jawOpen=0.6)])
    assert state.tracked and state.weights[INDEX["jawOpen"]] == 0.6


def test_noise_at_rest_shrinks(random: np.random.Generator) -> None:
    noisy = [observation(jawOpen=0.3 + noise) for noise in random.normal(scale=0.003, size=300)]
    smooth = states(Smoother(SETTINGS), list(noisy))
    jaw = [np.std([o.weights[INDEX["jawOpen"]] for o in xs[60:]]) for xs in (noisy, smooth)]
    assert jaw[1] < 0.6 * jaw[0]


def test_a_blink_arrives_within_one_frame_and_nearly_whole() -> None:
    lids = [0.0] * 10 + [0.3, 0.8, 0.95, 0.8, 0.3] + [0.0] * 10
    smooth = states(Smoother(SETTINGS), [observation(eyeBlinkLeft=lid) for lid in lids])
    seen = [state.weights[INDEX["eyeBlinkLeft"]] for state in smooth]
    assert max(seen) > 0.9
    assert abs(int(np.argmax(seen)) - int(np.argmax(lids))) <= 1


def test_a_lost_face_holds_then_eases_to_neutral_without_a_jump() -> None:
    face = observation(jawOpen=0.8)
    result = states(Smoother(SETTINGS), [face] * 30 + [None] * 45)
    jaw = np.array([state.weights[INDEX["jawOpen"]] for state in result])
    assert jaw[30 + int(SETTINGS.hold * RATE) - 1] == pytest.approx(0.8)
    assert jaw[-1] == 0.0 and abs(np.diff(jaw)).max() < 0.12
    assert rotation_angle(result[-1].head_rotation, IDENTITY_ROTATION) == 0.0
    assert result[30].confidence == 0.0 and result[30].tracked  # being eased: receivers wait
    assert not result[-1].tracked and result[-1].landmarks is None
    assert result[-1].head_position == pytest.approx(face.head_position)


def test_a_face_that_is_back_is_met_without_a_jump() -> None:
    smoother = Smoother(SETTINGS)
    states(smoother, [observation(jawOpen=0.8)] * 10 + [None] * 60)
    back = states(smoother, [observation(jawOpen=0.5)] * 15, start=70 / RATE)
    jaw = np.array([0.0, *(state.weights[INDEX["jawOpen"]] for state in back)])
    assert abs(np.diff(jaw)).max() < 0.2 and jaw[-1] == pytest.approx(0.5)
    assert back[0].tracked


def test_a_missing_frame_in_between_changes_nothing_that_is_seen() -> None:
    result = states(Smoother(SETTINGS), [observation(jawOpen=0.8)] * 10 + [None] * 3)
    assert result[-1].weights[INDEX["jawOpen"]] == pytest.approx(0.8) and result[-1].tracked


def test_a_closed_eye_looks_where_the_open_one_looks() -> None:
    wink = replace(observation(eyeBlinkLeft=0.9), gaze=np.array([[-0.7, 0.6], [0.2, 0.1]]))
    (state,) = states(Smoother(SETTINGS), [wink])
    assert state.gaze.tolist() == [[0.2, 0.1], [0.2, 0.1]]


def test_gaze_is_held_while_both_lids_are_down() -> None:
    looking = replace(observation(), gaze=np.array([[0.2, 0.1], [0.2, 0.1]]))
    blink = replace(
        observation(eyeBlinkLeft=0.9, eyeBlinkRight=0.9), gaze=np.array([[0.0, 0.9], [0.1, 0.8]])
    )
    result = states(Smoother(SETTINGS), [looking] * 10 + [blink] * 4)
    assert result[-1].gaze == pytest.approx(looking.gaze, abs=1e-3)


def test_eye_look_weights_always_agree_with_gaze() -> None:
    result = states(Smoother(SETTINGS), [observation(eyeLookUpLeft=0.9)] * 3)
    assert result[-1].weights[INDEX["eyeLookUpLeft"]] == 0.0  # the gaze looks down
    assert result[-1].weights[INDEX["eyeLookDownLeft"]] > 0.0


def test_same_input_gives_the_same_output_bit_for_bit(random: np.random.Generator) -> None:
    seen = [observation(jawOpen=value) for value in random.uniform(size=50)]
    one, two = (states(Smoother(SETTINGS), list(seen)) for _ in range(2))
    assert all(np.array_equal(a.weights, b.weights) for a, b in zip(one, two, strict=True))
