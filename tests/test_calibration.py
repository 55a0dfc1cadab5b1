"""Calibration: a person's rest is neutral, their utmost is 1, their winks are one eye's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.calibration import Calibration, CalibrationSettings, ChannelCalibration
from engine.calibration.learning import RangeLearner, RestFinder, RestLearner, WinkLearner
from engine.calibration.winks import BLINKS, apertures
from engine.data import LANDMARK_COUNT, Observation
from engine.geometry import (
    euler_from_quaternion,
    matrix_from_quaternion,
    quaternion_from_euler,
    quaternion_from_matrix,
)
from tests.faces import observation
from tests.states import face


def mapped(settings: CalibrationSettings, **shapes: float) -> dict[str, float]:
    state = Calibration(settings).update(face(**shapes))
    return dict(zip(BLENDSHAPES, state.weights.tolist(), strict=True))


def only(**values: float) -> CalibrationSettings:
    return CalibrationSettings(channels=(ChannelCalibration("jawOpen", **values),))


def turned(seen: Observation, rotation: ArrayLike, position: ArrayLike) -> Observation:
    return replace(
        seen, head_rotation=np.array(rotation, float), head_position=np.array(position, float)
    )


def test_without_settings_nothing_changes() -> None:
    calibration, state, seen = Calibration(CalibrationSettings()), face(jawOpen=0.4), observation()
    assert calibration.update(state) is state
    assert calibration.centred(seen) is seen


@pytest.mark.parametrize(
    ("values", "given", "expected"),
    [
        ({"neutral": 0.2, "full": 0.7}, [0.1, 0.2, 0.45, 0.7, 0.9], [0, 0, 0.5, 1, 1]),
        ({"dead_zone": 0.2}, [0.1, 0.2, 0.6, 1.0], [0, 0, 0.5, 1]),
        ({"curve": 2.0}, [0.0, 0.5, 1.0], [0, 0.25, 1]),
        ({"gain": 2.0}, [0.25, 0.5, 0.9], [0.5, 1, 1]),
        ({"offset": 0.25}, [0.0, 0.5, 1.0], [0.25, 0.75, 1]),
        ({"low": 0.1, "high": 0.6}, [0.0, 0.5, 1.0], [0.1, 0.5, 0.6]),
    ],
)
def test_a_channel_is_mapped_as_its_settings_say(
    values: dict[str, float], given: list[float], expected: list[float]
) -> None:
    out = [mapped(only(**values), jawOpen=weight)["jawOpen"] for weight in given]
    assert out == pytest.approx(expected)


def test_other_channels_stay() -> None:
    assert mapped(only(gain=3.0), mouthPucker=0.3)["mouthPucker"] == 0.3


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"name": "jawopen"}, "expected a blendshape"),
        ({"name": "jawOpen", "neutral": 0.8, "full": 0.5}, "neutral < full"),
        ({"name": "jawOpen", "gain": float("nan")}, "gain is nan"),
        ({"name": "jawOpen", "low": 0.5, "high": 0.4}, "low <= high"),
    ],
)
def test_nonsense_is_refused(values: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        ChannelCalibration(**values)


def test_the_resting_head_looks_straight_ahead_from_its_usual_distance() -> None:
    rest = (0.2, -0.4, 0.1)
    settings = CalibrationSettings(head=rest, position=(0.3, -0.1, -0.6))
    seen = turned(observation(), quaternion_from_euler(*rest), (0.3, -0.1, -0.6))
    out = Calibration(settings).centred(seen)
    assert np.abs(out.head_rotation) == pytest.approx([0.0, 0.0, 0.0, 1.0], abs=1e-9)
    assert out.head_position == pytest.approx([0.0, 0.0, -np.sqrt(0.46)])


def test_turns_from_rest_keep_their_axes_as_the_resting_head_has_them() -> None:
    """A camera at the side: a nod stays a nod."""
    rest = quaternion_from_euler(0.0, 0.6, 0.0)
    nod = quaternion_from_euler(0.3, 0.0, 0.0)
    turn = matrix_from_quaternion(rest) @ matrix_from_quaternion(nod)
    seen = turned(observation(), quaternion_from_matrix(turn), (0.0, 0.0, -0.5))
    out = Calibration(CalibrationSettings(head=(0.0, 0.6, 0.0))).centred(seen)
    assert euler_from_quaternion(out.head_rotation) == pytest.approx((0.3, 0.0, 0.0), abs=1e-9)


def test_a_camera_that_looks_down_is_levelled() -> None:
    """To a camera 20 degrees down a level head at its height looks down, from above the middle."""
    tilt = np.radians(20.0)
    seen = turned(
        observation(),
        quaternion_from_euler(tilt, 0.0, 0.0),
        (0.0, 0.5 * np.sin(tilt), -0.5 * np.cos(tilt)),
    )
    out = Calibration(CalibrationSettings(camera_tilt=float(tilt))).centred(seen)
    assert euler_from_quaternion(out.head_rotation) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)
    assert out.head_position == pytest.approx([0.0, 0.0, -0.5])


def test_linked_eyes_look_and_close_alike() -> None:
    settings = CalibrationSettings(link_eyes=True)
    seen = replace(observation(), gaze=np.array([[0.2, 0.1], [0.0, 0.0]]))
    assert Calibration(settings).centred(seen).gaze.tolist() == [[0.1, 0.05]] * 2
    out = mapped(settings, eyeBlinkLeft=0.8, eyeBlinkRight=0.2)
    assert (out["eyeBlinkLeft"], out["eyeBlinkRight"]) == pytest.approx((0.5, 0.5))


WINKS = CalibrationSettings(
    wink_left=0.3, wink_right=0.25, eyes_open=(0.32, 0.28), outlines=(0.4, 0.45)
)
OPEN, SHUT = (0.32, 0.28), 0.04  # apertures


def outlined(left: float, right: float) -> NDArray[np.float64]:
    """(478, 3) landmarks of two eyes 30 pixels wide, open so far; all others lie at 0."""
    landmarks = np.zeros((LANDMARK_COUNT, 3))
    eyes = (
        (left, 263, 362, (387, 386, 385), (373, 374, 380), 400.0),
        (right, 33, 133, (160, 159, 158), (144, 145, 153), 200.0),
    )
    for aperture, outer, inner, upper, lower, x in eyes:
        landmarks[outer], landmarks[inner] = (x, 100.0, 0.0), (x + 30.0, 100.0, 0.0)
        for share, above, below in zip((0.3, 0.5, 0.7), upper, lower, strict=True):
            landmarks[above] = (x + 30.0 * share, 100.0 - 15.0 * aperture, 0.0)
            landmarks[below] = (x + 30.0 * share, 100.0 + 15.0 * aperture, 0.0)
    return landmarks


def lids(
    frames: Sequence[tuple[float, float, float, float]],
    settings: CalibrationSettings = WINKS,
    rate: float = 30.0,
) -> NDArray[np.float64]:
    """(F, 2) eyeBlinks sent, of frames (eyeBlink left, right; aperture left, right)."""
    calibration, sent = Calibration(settings), []
    for index, (left, right, *wide) in enumerate(frames):
        state = face(
            timestamp=index / rate,
            landmarks=outlined(*wide),
            eyeBlinkLeft=left,
            eyeBlinkRight=right,
        )
        sent.append(calibration.update(state).weights[list(BLINKS)])
    return np.array(sent)


LOOKING = (0.1, 0.1, *OPEN)
LEFT = (0.65, 0.36, SHUT, 0.2)
RIGHT = (0.3, 0.54, 0.22, SHUT)


def test_apertures_are_height_over_width_however_large_the_face() -> None:
    assert apertures(outlined(0.3, 0.1)) == pytest.approx([0.3, 0.1])
    assert apertures(2.5 * outlined(0.3, 0.1)) == pytest.approx([0.3, 0.1])


@pytest.mark.parametrize(("frame", "closed"), [(LEFT, 0), (RIGHT, 1)])
def test_a_wink_closes_its_eye_and_opens_the_other(
    frame: tuple[float, float, float, float], closed: int
) -> None:
    sent = lids([LOOKING] * 10 + [frame] * 10 + [LOOKING] * 3)
    assert sent[15:20, closed].min() >= 0.8 and sent[15:20, 1 - closed].max() <= 0.1
    assert sent[-1] == pytest.approx([0.1, 0.1])


def test_whoever_has_not_calibrated_can_wink_as_most_people_do() -> None:
    """Scores and outlines as of rendered people (benchmarks/calibration.py)."""
    sent = lids([LOOKING] * 10 + [(0.7, 0.23, 0.05, 0.22)] * 10, CalibrationSettings())
    assert sent[-1, 0] >= 0.8 and sent[-1, 1] <= 0.1


def test_winks_can_be_left_alone() -> None:
    settings = replace(WINKS, winks=False)
    assert lids([LOOKING, LEFT, LEFT], settings)[-1] == pytest.approx(LEFT[:2])


def test_what_one_witness_says_alone_is_no_wink() -> None:
    only_scores, only_outlines = (0.65, 0.2, 0.3, 0.28), (0.3, 0.3, SHUT, 0.28)
    for frame in (only_scores, only_outlines):
        assert lids([LOOKING] * 5 + [frame] * 30)[-1] == pytest.approx(frame[:2])


@pytest.mark.parametrize("closed", [0.0, 0.3, 0.6, 0.95])
def test_a_blink_that_is_a_little_uneven_stays_as_it_is(closed: float) -> None:
    other = min(closed + 0.1, 1.0)
    wide = 0.3 * (1.0 - closed)
    sent = lids([LOOKING] * 5 + [(closed, other, wide, max(wide - 0.05, 0.0))] * 20)
    assert sent[-1] == pytest.approx([closed, other])


def test_lids_that_close_one_after_the_other_blink() -> None:
    """Two frames between them, at 30 a second."""
    shut = (0.9, 0.8, SHUT, SHUT)
    frames = [LOOKING] * 10 + [LEFT] * 2 + [shut] * 3 + [RIGHT] * 2 + [LOOKING] * 3
    assert lids(frames) == pytest.approx(np.array(frames)[:, :2])


def test_lids_that_open_one_after_the_other_blink() -> None:
    """As filmed: half open on one side for a sixth of a second."""
    shut, uneven = (0.7, 0.8, SHUT, SHUT), (0.2, 0.6, 0.28, 0.09)
    frames = [LOOKING] * 10 + [shut] * 4 + [uneven] * 5 + [LOOKING] * 5
    assert lids(frames) == pytest.approx(np.array(frames)[:, :2])


def test_one_picture_alone_that_meets_a_blink_half_way_is_no_wink() -> None:
    """However few there are a second: two are a wink."""
    frames = [LOOKING] * 4 + [LEFT] + [LOOKING] * 3
    assert lids(frames, rate=6.0) == pytest.approx(np.array(frames)[:, :2])
    sent = lids([LOOKING] * 4 + [LEFT] * 2, rate=6.0)
    assert sent[-1, 0] >= 0.8 and sent[-1, 1] <= 0.1


def test_one_eye_that_squints_is_no_wink() -> None:
    """As filmed: a raised cheek, .28 and .04, the eye still two thirds open."""
    squint = (0.45, 0.04, 0.2, 0.28)
    assert lids([LOOKING] * 5 + [squint] * 20)[-1] == pytest.approx(squint[:2])


def test_an_eye_that_squints_in_a_turned_head_is_no_wink() -> None:
    """As rendered: turned away from the eye, which is still half open."""
    aside = quaternion_from_euler(0.0, np.radians(-20.0), 0.0)
    calibration, shapes = Calibration(CalibrationSettings()), {"eyeBlinkLeft": 0.39}
    for index in range(20):
        landmarks = outlined(0.165, 0.27)
        state = face(timestamp=index / 30, landmarks=landmarks, rotation=aside, **shapes)
        assert calibration.update(state) is state


def test_eyes_that_look_down_do_not_wink() -> None:
    """As filmed: .76 and .42, one nearly shut and the other half."""
    down = (0.76, 0.42, 0.05, 0.13)
    assert lids([LOOKING] * 5 + [down] * 20, CalibrationSettings())[-1] == pytest.approx(down[:2])


def test_two_shut_eyes_close_alike() -> None:
    """As rendered, of a head turned by 28 degrees."""
    shut = (0.42, 0.75, 0.039, 0.05)
    sent = lids([(0.0, 0.0, 0.3, 0.3)] * 5 + [shut] * 3, CalibrationSettings())
    assert sent[-1] == pytest.approx([0.45, 0.75])


def test_eyes_of_a_head_that_looks_far_aside_do_not_wink() -> None:
    aside = quaternion_from_euler(0.0, np.radians(40.0), 0.0)
    calibration = Calibration(CalibrationSettings())
    for index in range(20):
        landmarks = outlined(0.22, 0.07)
        state = face(timestamp=index / 30, landmarks=landmarks, rotation=aside, eyeBlinkRight=0.7)
        assert calibration.update(state) is state


def test_both_eyes_that_close_end_a_wink() -> None:
    shut = (0.8, 0.7, SHUT, SHUT)
    sent = lids([LOOKING] * 5 + [LEFT] * 10 + [shut] * 5)
    assert sent[-1] == pytest.approx(shut[:2])


def test_a_wink_that_is_seen_less_well_for_a_moment_goes_on() -> None:
    weaker = (0.36, 0.24, SHUT, 0.1)
    assert lids([LOOKING] * 5 + [weaker] * 30)[-1] == pytest.approx(weaker[:2]), "alone it is none"
    sent = lids([LOOKING] * 5 + [LEFT] * 10 + [weaker] * 10 + [LEFT] * 5)
    assert sent[12:, 1].max() < 0.2


def test_the_wink_of_a_face_that_is_lost_stays_a_moment_and_ends() -> None:
    calibration, wink = Calibration(WINKS), {"eyeBlinkLeft": 0.65, "eyeBlinkRight": 0.36}
    for index in range(20):
        landmarks = outlined(*OPEN) if index < 10 else outlined(SHUT, 0.2)
        shapes = {} if index < 10 else wink
        calibration.update(face(timestamp=index / 30, landmarks=landmarks, **shapes))
    sent = [
        calibration.update(face(timestamp=index / 30, **(wink if index < 29 else {})))
        for index in range(20, 60)
    ]
    blinks = np.array([state.weights[list(BLINKS)] for state in sent])
    assert blinks[5] == pytest.approx([1.0, 0.036])
    assert blinks[-1] == pytest.approx([0.0, 0.0])


def rest(
    learner: RestLearner,
    frames: int = 61,
    wide: tuple[float, float] = (0.31, 0.29),
    **shapes: float,
) -> None:
    rng = np.random.default_rng(5)
    for i in range(frames):
        weights = face(**shapes).weights + np.abs(rng.normal(0, 0.005, 52))
        if i % 20 == 3:  # a blink
            weights[INDEX["eyeBlinkLeft"]] = weights[INDEX["eyeBlinkRight"]] = 0.9
        state = face(weights=weights, timestamp=i / 30)
        seen = turned(observation(), quaternion_from_euler(0.1, 0.2, 0.0), (0.0, 0.1, -0.7))
        learner.watch(
            replace(seen, timestamp=i / 30, gaze=np.full((2, 2), 0.05), landmarks=outlined(*wide)),
            state,
        )


def test_two_seconds_of_rest_are_neutral_whoever_blinks_meanwhile() -> None:
    learner = RestLearner()
    rest(learner, mouthFrownLeft=0.3, eyeBlinkLeft=0.15, eyeBlinkRight=0.15)
    assert learner.done and learner.unrest() < 0.02
    settings = learner.learned(CalibrationSettings())
    assert settings.channel("eyeBlinkLeft").neutral == pytest.approx(0.155, abs=0.01)
    assert settings.head == pytest.approx((0.1, 0.2, 0.0), abs=1e-4)
    assert settings.position == pytest.approx((0.0, 0.1, -0.7))
    assert settings.gaze == pytest.approx((0.05, 0.05))
    assert settings.eyes_open == pytest.approx((0.31, 0.29))
    out = mapped(settings, mouthFrownLeft=0.3, eyeBlinkLeft=0.15, eyeBlinkRight=0.15)
    assert max(out.values()) < 0.01


def test_a_still_face_is_found_as_soon_and_learned_as_it_would_be_unasked() -> None:
    """Whoever blinks meanwhile."""
    found, learner = RestFinder(), RestLearner()
    for one in (found, learner):
        rest(one, mouthFrownLeft=0.3)
    assert found.done and not found.restless
    settings = CalibrationSettings()
    assert found.learned(settings) == learner.learned(settings)


def test_few_pictures_a_second_are_enough_to_find_a_rest() -> None:
    found = RestFinder()
    for second in range(10):
        state = face(timestamp=second)
        found.watch(replace(observation(second), landmarks=outlined(0.3, 0.3)), state)
    assert found.done


def test_eyes_that_look_down_are_not_taken_for_eyes_at_rest() -> None:
    """As filmed: .07 and .12. One alone may be a lid that hangs."""
    down, hanging = RestLearner(), RestLearner()
    rest(down, wide=(0.07, 0.12))
    rest(hanging, wide=(0.07, 0.3))
    assert down.learned(CalibrationSettings()).eyes_open == ()
    assert hanging.learned(CalibrationSettings()).eyes_open == pytest.approx((0.15, 0.3))


def test_rest_is_not_done_before_its_time() -> None:
    learner = RestLearner()
    assert learner.progress == 0.0
    rest(learner, frames=30)
    assert not learner.done and learner.progress == pytest.approx(29 / 60)


def test_an_utmost_that_was_held_is_full_and_a_wild_frame_is_not() -> None:
    learner = RangeLearner(("jawOpen", "mouthSmileLeft"))
    for i in range(60):
        weight = 1.0 if i == 30 else 0.55 if 10 < i < 50 else 0.1
        learner.watch(face(jawOpen=weight))
    settings = learner.learned(CalibrationSettings())
    assert settings is not None
    assert settings.channel("jawOpen").full == pytest.approx(0.55)
    assert settings.channel("mouthSmileLeft").full == 1.0


def test_an_utmost_that_did_not_come_is_told() -> None:
    learner = RangeLearner(("jawOpen",))
    for _ in range(60):
        learner.watch(face(jawOpen=0.05))
    assert learner.learned(CalibrationSettings()) is None


@pytest.mark.parametrize(("side", "other"), [("left", "right"), ("right", "left")])
def test_a_wink_is_learned_from_the_winking_eye_only(side: str, other: str) -> None:
    learner, wrong = WinkLearner(side), WinkLearner(other)
    shapes = {f"eyeBlink{side.title()}": 0.6, f"eyeBlink{other.title()}": 0.3}
    shut = (0.06, 0.24) if side == "left" else (0.24, 0.06)
    for i in range(60):
        state = face(landmarks=outlined(0.3, 0.3))
        if i > 20:
            state = face(landmarks=outlined(*shut), **shapes)
        learner.watch(state, CalibrationSettings())
        wrong.watch(state, CalibrationSettings())
    settings = learner.learned(CalibrationSettings())
    assert settings is not None
    assert getattr(settings, f"wink_{side}") == pytest.approx(0.3)
    assert settings.outlines[0 if side == "left" else 1] == pytest.approx(0.6)
    assert wrong.learned(CalibrationSettings()) is None
