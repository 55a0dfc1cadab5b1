"""Prediction between frames: nearer to the truth than holding, without jumps and overshoot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.blendshapes import INDEX
from engine.data import FaceState
from engine.geometry import euler_from_quaternion, quaternion_from_euler
from engine.prediction import LONGEST_WAIT, Predictor, SteadyClock
from tests.states import face

CAMERA, OUTPUT = 30.0, 120.0


def shown(
    signal: Callable[[float], float],
    read: Callable[[FaceState], float] = lambda state: float(state.weights[INDEX["jawOpen"]]),
    make: Callable[[float, float], FaceState] = lambda t, x: face(timestamp=t, jawOpen=x),
    seconds: float = 3.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, predicted values and those of holding the newest state; states come at once."""
    predictor = Predictor()
    rows, held, frame = [], 0.0, 0
    for tick in range(round(seconds * OUTPUT)):
        now = tick / OUTPUT
        while frame / CAMERA <= now + 1e-9:
            held = signal(frame / CAMERA)
            predictor.observe(make(frame / CAMERA, held), now)
            frame += 1
        rows.append((now, read(predictor.at(now)), held))
    times, predicted, held_values = np.array(rows).T
    return times, predicted, held_values


def sine(hertz: float) -> Callable[[float], float]:
    return lambda t: 0.5 - 0.4 * float(np.cos(2 * np.pi * hertz * t))


@pytest.mark.parametrize(("hertz", "share"), [(0.5, 0.3), (1.0, 0.4), (2.0, 0.8)])
def test_it_is_nearer_to_the_truth_than_holding_the_last_frame(hertz: float, share: float) -> None:
    times, predicted, held = shown(sine(hertz))
    truth = np.array([sine(hertz)(t) for t in times])
    later = times > 0.8
    error = np.sqrt(np.mean((predicted - truth)[later] ** 2))
    assert error < share * np.sqrt(np.mean((held - truth)[later] ** 2))


@pytest.mark.parametrize("hertz", [1.0, 2.0, 4.0])
def test_reversals_do_not_overshoot(hertz: float) -> None:
    _, predicted, _ = shown(sine(hertz))
    assert predicted.max() <= 0.9 + 0.8 * 0.01
    assert predicted.min() >= 0.1 - 0.8 * 0.01


def test_a_step_is_not_overshot() -> None:
    _, predicted, _ = shown(lambda t: 0.2 if t < 1.0 else 0.7)
    assert predicted.max() <= 0.7 + 1e-9 and predicted.min() >= 0.2 - 1e-9


def test_nothing_jumps_more_than_the_frames_themselves() -> None:
    times, predicted, held = shown(sine(1.0))
    later = times > 0.8
    assert np.abs(np.diff(predicted[later])).max() < 0.6 * np.abs(np.diff(held[later])).max()


def test_rest_stays_rest() -> None:
    _, predicted, _ = shown(lambda t: 0.3)
    assert (predicted == 0.3).all()


def test_weights_stay_within_their_limits() -> None:
    _, predicted, _ = shown(lambda t: min(1.0, 8.0 * abs((t % 0.5) - 0.25)))
    assert predicted.min() >= 0.0 and predicted.max() <= 1.0


def test_heads_turn_on_through_half_a_circle() -> None:
    def angle(t: float) -> float:
        return 2.8 + 0.5 * t

    def turned(t: float, x: float) -> FaceState:
        return face(timestamp=t, rotation=quaternion_from_euler(0.0, x, 0.0))

    def yaw(state: FaceState) -> float:
        return euler_from_quaternion(state.head_rotation)[1] % (2 * np.pi)

    times, predicted, _ = shown(angle, yaw, turned, seconds=1.5)
    later = times > 1.0
    assert predicted[later] == pytest.approx([angle(t) for t in times[later]], abs=2e-3)


def test_a_frame_that_does_not_come_is_not_made_up() -> None:
    predictor = Predictor()
    for index in range(4):
        predictor.observe(face(timestamp=index / CAMERA, jawOpen=0.1 * index), index / CAMERA)
    soon, late = (predictor.at(3 / CAMERA + wait) for wait in (1 / CAMERA, 5.0))
    assert late.weights == pytest.approx(soon.weights)
    assert 0.3 < late.weights[INDEX["jawOpen"]] < 0.4
    assert late.timestamp == pytest.approx(4 / CAMERA)


def test_after_a_gap_the_new_state_is_taken_as_it_is() -> None:
    predictor = Predictor()
    for timestamp, weight in ((0.0, 0.1), (1 / CAMERA, 0.2), (1.0, 0.9)):
        predictor.observe(face(timestamp=timestamp, jawOpen=weight), timestamp)
    assert predictor.at(1.02).weights[INDEX["jawOpen"]] == 0.9


def test_what_was_not_foreseen_is_shown_at_once() -> None:
    """Talk turns round too quickly to be predicted; easing to it would only make it late."""
    _, predicted, held = shown(lambda t: 0.2 if int(t * CAMERA / 3) % 2 else 0.8)
    assert predicted == pytest.approx(held, abs=1e-3)


def test_however_late_a_state_is_noticed_its_moment_is_a_steady_time_after_its_picture() -> None:
    clock, random = SteadyClock(), np.random.default_rng(3)
    pictured = np.arange(200) / CAMERA
    noticed = pictured + 0.008 + random.uniform(0.0, 0.016, len(pictured))
    moments = np.array(
        [clock.moment(p, n) for p, n in zip(pictured.tolist(), noticed.tolist(), strict=True)]
    )
    assert (moments <= noticed).all()
    late = (moments - pictured)[50:]
    assert np.std(late) < 0.25 * np.std(noticed - pictured)


def test_a_state_of_an_old_picture_counts_from_about_now() -> None:
    """A camera that is gone: its last picture grows older and older."""
    clock = SteadyClock()
    clock.moment(0.0, 0.01)
    assert clock.moment(0.0, 5.0) == pytest.approx(5.0 - LONGEST_WAIT)
    assert clock.moment(5.1, 5.11) == pytest.approx(5.11)
