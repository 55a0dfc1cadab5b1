from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.blendshapes import INDEX
from engine.data import FaceState, Observation
from engine.geometry import (
    IDENTITY_ROTATION,
    euler_from_quaternion,
    quaternion_from_euler,
    rotation_angle,
)
from engine.smoother import TYPICAL_POSITION, Smoother
from engine.steadiness import ChannelSettings, SmootherSettings
from tests.faces import observation

RATE = 30.0
SETTINGS = SmootherSettings()


def states(
    smoother: Smoother,
    seen: Sequence[Observation | None],
    start: float = 0.0,
    rate: float = RATE,
) -> list[FaceState]:
    """`rate` states a second, the observations stamped accordingly."""
    result = []
    for i, one in enumerate(seen):
        timestamp = start + i / rate
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


def test_a_mouth_that_was_hidden_when_the_face_was_lost_goes_on_to_rest() -> None:
    seen = observation(jawOpen=0.8, browInnerUp=0.6)
    lost = [replace(seen, mouth_hidden=True), *[None] * 8]
    assert 8 / RATE < SETTINGS.hold
    state = states(Smoother(SETTINGS), [*[seen] * 5, *lost])[-1]
    assert state.weights[INDEX["jawOpen"]] < 0.01
    assert state.weights[INDEX["browInnerUp"]] == pytest.approx(0.6, abs=0.01)


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


def test_head_rotation_ignores_the_sign_of_a_quaternion(random: np.random.Generator) -> None:
    turns = [quaternion_from_euler(*random.normal(scale=0.2, size=3)) for _ in range(90)]
    plain = [replace(observation(), head_rotation=q) for q in turns]
    flipped = [
        replace(observation(), head_rotation=-q if i % 2 else q) for i, q in enumerate(turns)
    ]
    for a, b in zip(*(states(Smoother(SETTINGS), list(x)) for x in (plain, flipped)), strict=True):
        assert rotation_angle(a.head_rotation, b.head_rotation) < 1e-6


def test_head_rotation_crosses_half_a_turn_like_any_angle(random: np.random.Generator) -> None:
    noise = random.normal(scale=0.01, size=200)
    errors = []
    for middle in (0.0, np.pi):
        yaws = [middle + (i - 100) * 0.01 + noise[i] for i in range(200)]
        seen = [
            replace(observation(), head_rotation=quaternion_from_euler(0.0, yaw, 0.0))
            for yaw in yaws
        ]
        result = states(Smoother(SETTINGS), list(seen))
        errors.append(
            [
                rotation_angle(state.head_rotation, one.head_rotation)
                for state, one in zip(result, seen, strict=True)
            ]
        )
    assert errors[0] == pytest.approx(errors[1], abs=1e-6)
    assert max(errors[0]) < 0.1


def test_a_still_head_is_steadied_and_a_turning_one_followed(random: np.random.Generator) -> None:
    yaws = random.normal(scale=0.01, size=240)
    yaws[150:] += 0.5
    seen = [
        replace(observation(), head_rotation=quaternion_from_euler(0.0, yaw, 0.0)) for yaw in yaws
    ]
    result = states(Smoother(SETTINGS), list(seen))
    shown = np.array([euler_from_quaternion(state.head_rotation)[1] for state in result])
    assert shown[90:150].std() < 0.4 * yaws[90:150].std()
    assert shown[150] == pytest.approx(yaws[150], abs=0.03)  # it stays short by what may be noise


def test_lids_close_at_once_and_open_smoothly() -> None:
    lids = [0.1] * 60 + [0.9] * 3 + [0.1] * 6
    result = states(Smoother(SETTINGS), [observation(eyeBlinkRight=lid) for lid in lids])
    seen = np.array([state.weights[INDEX["eyeBlinkRight"]] for state in result])
    assert seen[60] == pytest.approx(0.9, abs=0.02)
    assert np.diff(seen).min() == pytest.approx(-SETTINGS.lid_opening / RATE)
    assert seen[-1] == pytest.approx(0.1, abs=0.01)


def test_quickness_trades_jitter_for_lag(random: np.random.Generator) -> None:
    noisy = [observation(jawOpen=0.3 + x) for x in random.normal(scale=0.02, size=300)]
    jitter = []
    for quickness in (0.0, 0.5, 1.0):
        result = states(Smoother(SmootherSettings(quickness=quickness)), list(noisy))
        jitter.append(np.std([state.weights[INDEX["jawOpen"]] for state in result[90:]]))
    assert jitter == sorted(jitter)


def test_one_channel_can_be_quicker_than_the_others(random: np.random.Generator) -> None:
    settings = SmootherSettings(channels=(ChannelSettings("jawOpen", quickness=1.0),))
    noisy = [
        observation(jawOpen=x, mouthPucker=x) for x in 0.3 + random.normal(scale=0.02, size=300)
    ]
    result = states(Smoother(settings), list(noisy))[90:]
    jaw, pucker = (
        np.std([state.weights[INDEX[name]] for state in result])
        for name in ("jawOpen", "mouthPucker")
    )
    assert jaw > 1.5 * pucker


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"quickness": 1.5}, "quickness is 1.5"),
        ({"lid_opening": 0.0}, "lid_opening is 0.0"),
        ({"lid_opening": np.inf}, "lid_opening is inf"),
        ({"ease_in": np.nan}, "ease_in is nan"),
        ({"hold": np.nan}, "hold is nan"),
        ({"hold": np.inf}, "hold is inf"),
        ({"hold": -0.1}, "hold is -0.1"),
        ({"closed_eye": np.nan}, "closed_eye is nan"),
        ({"closed_eye": -1.0}, "closed_eye is -1.0"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SmootherSettings(**settings)  # type: ignore[arg-type]


def test_settings_of_an_unknown_channel_are_refused() -> None:
    with pytest.raises(ValueError, match="name is 'chin'; expected a blendshape"):
        ChannelSettings("chin")
    with pytest.raises(ValueError, match="floor is 0"):
        ChannelSettings("gaze", floor=0.0)


def returned(away: int) -> list[FaceState]:
    """The state before the face came back, elsewhere and otherwise, and those since."""
    smoother = Smoother(SETTINGS)
    gone = states(smoother, [observation(jawOpen=0.8)] * 10 + [None] * away)
    face = replace(
        observation(jawOpen=0.1),
        head_position=np.array([0.2, 0.0, -0.6]),
        head_rotation=quaternion_from_euler(0.0, -0.4, 0.0),
        gaze=np.array([[-0.3, 0.0], [-0.3, 0.0]]),
    )
    return [gone[-1], *states(smoother, [face] * 15, start=(10 + away) / RATE)]


@pytest.mark.parametrize("away", [8, 15, 60])
def test_a_face_that_is_back_elsewhere_is_met_from_where_the_state_is(away: int) -> None:
    back = returned(away)
    way = back[-1].head_position - back[0].head_position
    steps = np.diff([state.head_position for state in back], axis=0)
    assert np.abs(steps).max() <= 0.3 * np.abs(way).max()
    assert np.abs(np.diff([state.weights for state in back], axis=0)).max() < 0.3
    turns = [rotation_angle(a.head_rotation, b.head_rotation) for a, b in pairwise(back)]
    assert max(turns) < 0.3 * 0.9
    assert back[-1].head_position == pytest.approx([0.2, 0.0, -0.6], abs=0.004)


def test_a_face_that_was_missed_in_one_picture_is_met_within_two() -> None:
    back = returned(1)
    assert back[3].head_position == pytest.approx([0.2, 0.0, -0.6], abs=0.01)


@pytest.mark.parametrize("away", [1, 2, 3])
def test_a_face_that_was_missed_for_a_moment_is_met_in_steps(away: int) -> None:
    """As long as it was away: what it did meanwhile is not shown in one step."""
    back = returned(away)
    way = back[-1].head_position - back[0].head_position
    steps = np.abs(np.diff([state.head_position for state in back[: away + 3]], axis=0))
    assert steps.max() <= 0.8 * np.abs(way).max()
    assert back[away + 2].head_position == pytest.approx([0.2, 0.0, -0.6], abs=0.01)


@pytest.mark.parametrize("rate", [15.0, 24.0, 30.0, 60.0])
def test_a_lost_face_takes_the_same_seconds_at_every_frame_rate(rate: float) -> None:
    smoother = Smoother(SETTINGS)
    states(smoother, [observation(jawOpen=0.8)] * round(rate), rate=rate)
    gone = states(smoother, [None] * round(rate), start=1.0, rate=rate)
    jaw = np.array([state.weights[INDEX["jawOpen"]] for state in gone])
    since = np.arange(len(jaw)) / rate + 1.0 / rate  # since the last face

    def eased(hold: float) -> NDArray[np.float64]:
        share = np.clip((since - hold) / SETTINGS.ease_out, 0.0, 1.0)
        return 0.8 * (1.0 - share * share * (3.0 - 2.0 * share))

    assert (jaw <= eased(SETTINGS.hold) + 1e-6).all()
    assert (jaw >= eased(SETTINGS.hold - 1.0 / rate) - 1e-6).all(), "within one picture"


@pytest.mark.parametrize("rate", [15.0, 24.0, 30.0, 60.0])
def test_a_movement_is_followed_as_soon_at_every_frame_rate(
    rate: float, random: np.random.Generator
) -> None:
    """A smile that takes half a second, in noise; within 40 ms of where it is, and no further."""
    times = np.arange(round(4.0 * rate)) / rate

    def smile(time: NDArray[np.float64]) -> NDArray[np.float64]:
        share = np.clip((time - 3.0) / 0.5, 0.0, 1.0)
        return 0.1 + 0.7 * share * share * (3.0 - 2.0 * share)

    seen = smile(times) + random.normal(scale=0.005, size=len(times))
    sent = states(Smoother(SETTINGS), [observation(mouthSmileLeft=one) for one in seen], rate=rate)
    shown = np.array([state.weights[INDEX["mouthSmileLeft"]] for state in sent])
    assert (shown[times > 2.0] >= smile(times - 0.04)[times > 2.0] - 0.03).all()
    assert (shown[times > 2.0] <= smile(times)[times > 2.0] + 0.03).all()


def jaw_shown(seen: NDArray[np.float64]) -> NDArray[np.float64]:
    smooth = states(Smoother(SETTINGS), [observation(jawOpen=value) for value in seen])
    return np.array([state.weights[INDEX["jawOpen"]] for state in smooth])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_no_number_is_passed_over(value: float) -> None:
    jaw = np.full(40, 0.3)
    jaw[20] = value
    assert jaw_shown(jaw) == pytest.approx(0.3)


def test_a_face_that_begins_with_no_numbers_is_neutral_until_there_are_some() -> None:
    shown = jaw_shown(np.array([np.nan, *[0.3] * 20]))
    assert shown[0] == 0.0 and shown[-1] == pytest.approx(0.3, abs=0.001)


def test_a_head_pose_that_is_no_number_is_passed_over() -> None:
    face = replace(observation(), head_rotation=quaternion_from_euler(0.1, 0.2, 0.3))
    broken = replace(
        face,
        head_rotation=face.head_rotation * [1.0, np.nan, 1.0, 1.0],
        head_position=np.array([0.0, np.inf, -0.5]),
        gaze=np.full((2, 2), np.nan),
    )
    last = states(Smoother(SETTINGS), [face] * 20 + [broken] + [face] * 5)[-1]
    assert rotation_angle(last.head_rotation, face.head_rotation) < 1e-6
    assert last.head_position == pytest.approx(face.head_position, abs=0.001)
    assert last.gaze == pytest.approx(face.gaze, abs=0.001)
