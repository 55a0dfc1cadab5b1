"""Calibration: a person's rest is neutral, their utmost is 1, their winks are one eye's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.calibration import Calibration, CalibrationSettings, ChannelCalibration
from engine.calibration.learning import RangeLearner, RestLearner, WinkLearner
from engine.data import Observation
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


WINKS = CalibrationSettings(wink_left=0.3, wink_right=0.25)


def test_a_wink_closes_its_eye_and_opens_the_other() -> None:
    left = mapped(WINKS, eyeBlinkLeft=0.65, eyeBlinkRight=0.36, eyeSquintRight=0.5)
    assert left["eyeBlinkLeft"] >= 0.8 and left["eyeBlinkRight"] <= 0.1
    assert left["eyeSquintRight"] <= 0.1
    right = mapped(WINKS, eyeBlinkLeft=0.3, eyeBlinkRight=0.54)
    assert right["eyeBlinkRight"] >= 0.8 and right["eyeBlinkLeft"] <= 0.1


@pytest.mark.parametrize("closed", [0.0, 0.3, 0.6, 0.95])
def test_a_blink_that_is_a_little_uneven_stays_as_it_is(closed: float) -> None:
    out = mapped(WINKS, eyeBlinkLeft=closed, eyeBlinkRight=min(closed + 0.1, 1.0))
    assert out["eyeBlinkLeft"] == pytest.approx(closed)
    assert out["eyeBlinkRight"] == pytest.approx(min(closed + 0.1, 1.0))


def test_a_wink_comes_and_goes_without_a_jump() -> None:
    steps = [
        mapped(WINKS, eyeBlinkLeft=0.1 + d, eyeBlinkRight=0.1) for d in np.linspace(0, 0.5, 200)
    ]
    for eye in ("eyeBlinkLeft", "eyeBlinkRight"):
        path = np.array([step[eye] for step in steps])
        assert np.abs(np.diff(path)).max() < 0.05


def rest(learner: RestLearner, frames: int = 61, **shapes: float) -> None:
    rng = np.random.default_rng(5)
    for i in range(frames):
        weights = face(**shapes).weights + np.abs(rng.normal(0, 0.005, 52))
        if i % 20 == 3:  # a blink
            weights[INDEX["eyeBlinkLeft"]] = weights[INDEX["eyeBlinkRight"]] = 0.9
        state = face(weights=weights, timestamp=i / 30)
        seen = turned(observation(), quaternion_from_euler(0.1, 0.2, 0.0), (0.0, 0.1, -0.7))
        learner.watch(replace(seen, timestamp=i / 30, gaze=np.full((2, 2), 0.05)), state)


def test_two_seconds_of_rest_are_neutral_whoever_blinks_meanwhile() -> None:
    learner = RestLearner()
    rest(learner, mouthFrownLeft=0.3, eyeBlinkLeft=0.15, eyeBlinkRight=0.15)
    assert learner.done and learner.unrest() < 0.02
    settings = learner.learned(CalibrationSettings())
    assert settings.channel("eyeBlinkLeft").neutral == pytest.approx(0.155, abs=0.01)
    assert settings.head == pytest.approx((0.1, 0.2, 0.0), abs=1e-4)
    assert settings.position == pytest.approx((0.0, 0.1, -0.7))
    assert settings.gaze == pytest.approx((0.05, 0.05))
    out = mapped(settings, mouthFrownLeft=0.3, eyeBlinkLeft=0.15, eyeBlinkRight=0.15)
    assert max(out.values()) < 0.01


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
    for i in range(60):
        state = face(**shapes) if i > 20 else face()
        learner.watch(state, CalibrationSettings())
        wrong.watch(state, CalibrationSettings())
    settings = learner.learned(CalibrationSettings())
    assert settings is not None
    assert getattr(settings, f"wink_{side}") == pytest.approx(0.3)
    assert wrong.learned(CalibrationSettings()) is None
