"""Prediction between frames: nearer to the truth than holding, without jumps and overshoot."""

from __future__ import annotations

from collections.abc import Callable, Container
from itertools import pairwise

import numpy as np
import pytest

from engine.blendshapes import INDEX
from engine.data import FaceState
from engine.geometry import euler_from_quaternion, quaternion_from_euler
from engine.prediction import LONGEST_WAIT, UNSEEN, Predictor, SteadyClock
from tests.states import face

CAMERA, OUTPUT = 30.0, 120.0


def shown(
    signal: Callable[[float], float],
    read: Callable[[FaceState], float] = lambda state: float(state.weights[INDEX["jawOpen"]]),
    make: Callable[[float, float], FaceState] = lambda t, x: face(timestamp=t, jawOpen=x),
    seconds: float = 3.0,
    output: float = OUTPUT,
    lost: Container[int] = (),
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, predicted values and those of holding the newest state; states come at once, those
    of the lost pictures never."""
    predictor = Predictor()
    rows, held, frame = [], 0.0, 0
    for tick in range(round(seconds * output)):
        now = tick / output
        while frame / CAMERA <= now + 1e-9:
            if frame not in lost:
                held = signal(frame / CAMERA)
                predictor.observe(make(frame / CAMERA, held), now)
            frame += 1
        rows.append((now, read(predictor.at(now)), held))
    times, predicted, held_values = np.array(rows).T
    return times, predicted, held_values


def sine(hertz: float) -> Callable[[float], float]:
    return lambda t: 0.5 - 0.4 * float(np.cos(2 * np.pi * hertz * t))


def zigzag(hertz: float) -> Callable[[float], float]:
    return lambda t: 0.2 + 0.6 * abs(2.0 * ((hertz * t) % 1.0) - 1.0)


def stopping_mouth(t: float) -> float:
    """Closes at .19 a frame and stops dead."""
    return 0.2 + 0.6 * max(0.0, float(np.sin(3.0 * np.pi * t)))


def trapezoid(t: float) -> float:
    return 0.5 + 0.3 * min(max(3.0 * float(np.sin(1.4 * np.pi * t)), -1.0), 1.0)


def slow_trapezoid(t: float) -> float:
    return 0.5 + 0.3 * min(max(3.0 * float(np.sin(0.4 * np.pi * t)), -1.0), 1.0)


def blinking(t: float) -> float:
    """Shut in 75 ms, open again in 120."""
    return 0.2 + 0.6 * float(np.interp(t % 0.9, (0.3, 0.375, 0.415, 0.535), (0.0, 1.0, 1.0, 0.0)))


def one_in_ten(seconds: float) -> list[int]:
    random = np.random.default_rng(0)
    return [index for index in range(4, round(seconds * CAMERA)) if random.random() < 0.1]


@pytest.mark.parametrize(("hertz", "share"), [(0.5, 0.6), (1.0, 0.8), (2.0, 0.95)])
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


@pytest.mark.parametrize(("output", "lost"), [(60.0, []), (120.0, []), (120.0, one_in_ten(6.0))])
@pytest.mark.parametrize(
    "signal", [stopping_mouth, trapezoid, slow_trapezoid, blinking, zigzag(1.0), zigzag(2.3)]
)
def test_where_a_movement_stops_dead_or_turns_at_full_speed_it_is_overshot_by_at_most_3_percent(
    signal: Callable[[float], float], output: float, lost: list[int]
) -> None:
    _, predicted, _ = shown(signal, seconds=6.0, output=output, lost=lost)
    assert predicted.max() <= 0.8 + 0.03 * 0.6
    assert predicted.min() >= 0.2 - 0.03 * 0.6


@pytest.mark.parametrize("seed", range(3))
def test_a_random_zigzag_is_overshot_by_at_most_3_percent_of_each_way(seed: int) -> None:
    """Or by what is not seen."""
    corners = np.random.default_rng(seed).uniform(0.2, 0.8, 40)
    times, predicted, _ = shown(
        lambda t: float(np.interp(3.0 * t, np.arange(40), corners)), seconds=12.0
    )
    turns = [0, *(np.flatnonzero(np.diff(np.sign(np.diff(corners)))) + 1)]
    assert len(turns) > 20
    for start, turn in pairwise(turns[:-1]):
        around = (times > turn / 3.0 - 0.05) & (times < turn / 3.0 + 1.0 / CAMERA)
        way = corners[turn] - corners[start]
        beyond = (np.sign(way) * (predicted[around] - corners[turn])).max()
        assert beyond <= max(0.03 * abs(way), UNSEEN) + 1e-9


@pytest.mark.parametrize("signal", [sine(1.0), sine(4.0), zigzag(2.3), zigzag(4.0), blinking])
def test_with_pictures_lost_it_is_no_further_from_the_truth_than_holding(
    signal: Callable[[float], float],
) -> None:
    times, predicted, held = shown(signal, seconds=12.0, lost=one_in_ten(12.0))
    truth = np.array([signal(t) for t in times])
    errors = [np.sqrt(np.mean((values - truth) ** 2)) for values in (predicted, held)]
    assert errors[0] <= 1.002 * errors[1]


def test_whatever_pictures_are_lost_nothing_is_predicted_by_more_than_a_frame_of_the_camera() -> (
    None
):
    lost = one_in_ten(12.0)
    times, predicted_for, _ = shown(
        sine(1.0), lambda state: state.timestamp, seconds=12.0, lost=lost
    )
    pictured = np.setdiff1d(np.arange(12.0 * CAMERA), lost) / CAMERA
    newest = pictured[np.searchsorted(pictured, times + 1e-9, side="right") - 1]
    assert (predicted_for - newest).max() == pytest.approx(1.0 / CAMERA)


def test_small_turns_of_a_head_go_on_between_pictures() -> None:
    """5 degrees to either side, a second and a half there and back."""

    def angle(t: float) -> float:
        return float(np.radians(5.0) * np.sin(2.0 * np.pi * t / 1.5))

    def turned(t: float, x: float) -> FaceState:
        return face(timestamp=t, rotation=quaternion_from_euler(0.0, x, 0.0))

    times, predicted, held = shown(
        angle, lambda state: euler_from_quaternion(state.head_rotation)[1], turned, seconds=6.0
    )
    truth = np.array([angle(t) for t in times])
    later = times > 1.5
    error = np.sqrt(np.mean((predicted - truth)[later] ** 2))
    assert error < 0.5 * np.sqrt(np.mean((held - truth)[later] ** 2))


def test_what_has_come_to_rest_does_not_go_back() -> None:
    predictor = Predictor()
    for index, weight in enumerate((0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.62)):
        predictor.observe(face(timestamp=index / CAMERA, jawOpen=weight), index / CAMERA)
    assert predictor.at(8 / CAMERA).weights[INDEX["jawOpen"]] == 0.62


def test_noise_at_rest_is_not_made_more() -> None:
    random = np.random.default_rng(0)
    _, predicted, held = shown(lambda t: 0.4 + 0.003 * float(random.normal()), seconds=12.0)
    assert np.std(predicted) <= 1.001 * np.std(held)


def test_a_step_is_not_overshot() -> None:
    _, predicted, _ = shown(lambda t: 0.2 if t < 1.0 else 0.7)
    assert predicted.max() <= 0.7 + 1e-9 and predicted.min() >= 0.2 - 1e-9


def test_nothing_jumps_more_than_the_frames_themselves() -> None:
    times, predicted, held = shown(sine(1.0))
    later = times > 0.8
    assert np.abs(np.diff(predicted[later])).max() < 0.9 * np.abs(np.diff(held[later])).max()


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
