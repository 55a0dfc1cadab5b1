"""How finely the head is drawn, and how far it moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.viewer.detail import BUDGET, SOFTWARE_PIXELS, STEPS, Detail
from app.viewer.stance import REACH, Stance
from tests.states import face


def test_detail_settles_where_drawing_fits_its_budget() -> None:
    detail = Detail(0.0, software=False)
    steps = [_draw(detail, seconds_at_one=0.010) for _ in range(600)]
    assert steps[0] == 2.0
    assert set(steps[300:]) == {1.0}  # 10 ms; the next step would take 20


def test_a_fast_card_draws_finest_and_a_slow_one_coarsest() -> None:
    fast, slow = Detail(0.0, software=False), Detail(0.0, software=False)
    assert {_draw(fast, seconds_at_one=0.001) for _ in range(300)} == {2.0}
    assert [_draw(slow, seconds_at_one=9.0) for _ in range(300)][-1] == STEPS[0]


def test_detail_comes_back_when_the_machine_is_free_again() -> None:
    detail = Detail(0.0, software=False)
    for _ in range(200):
        _draw(detail, seconds_at_one=0.050)
    assert chosen(detail) < 1.0
    for _ in range(600):
        _draw(detail, seconds_at_one=0.001)
    assert chosen(detail) == 2.0


def test_one_slow_draw_changes_nothing() -> None:
    detail = Detail(0.0, software=False)
    for number in range(100):
        detail.observe(0.5 if number == 50 else BUDGET / 2)
    assert chosen(detail) == 2.0


def test_the_processor_draws_the_same_number_of_pixels_in_windows_of_any_size() -> None:
    detail = Detail(0.0, software=True)
    for width, height in ((1280, 720), (900, 900), (1600, 900)):
        drawn = width * height * detail.supersampling(width, height) ** 2
        assert drawn == pytest.approx(SOFTWARE_PIXELS)
    assert detail.supersampling(320, 240) == 1.0  # small windows are drawn in full
    assert detail.supersampling(7680, 4320) > 0.3


def test_a_busy_processor_draws_fewer_pixels_of_a_small_window_and_recovers() -> None:
    detail = Detail(0.0, software=True)
    window = (384, 384)
    assert detail.supersampling(*window) == 1.0
    for _ in range(100):
        detail.observe(0.1 + 0.2 * detail.supersampling(*window) ** 2)
    assert detail.supersampling(*window) == 0.5
    for _ in range(200):
        detail.observe(0.04 + 0.04 * detail.supersampling(*window) ** 2)
    assert detail.supersampling(*window) == 1.0


def test_the_processor_never_draws_a_face_too_coarse_to_read() -> None:
    detail = Detail(0.0, software=True)
    for _ in range(100):
        detail.observe(5.0)
    for width, height in ((320, 240), (384, 384), (480, 360), (1280, 720), (200, 100)):
        assert height * detail.supersampling(width, height) >= min(height, 180)


def test_a_wanted_detail_is_kept() -> None:
    for software in (False, True):
        detail = Detail(1.3, software=software)
        for _ in range(100):
            detail.observe(5.0)
        assert chosen(detail) == 1.3


def test_leaning_moves_the_figure_and_standing_elsewhere_does_not() -> None:
    stance = Stance()
    seen = face()
    place = seen.head_position
    np.testing.assert_allclose(stance.update(seen), 0.0, atol=1e-12)
    leaned = replace(seen, timestamp=1 / 30, head_position=place + np.array([0.02, 0.0, 0.0]))
    assert stance.update(leaned)[0] == pytest.approx(0.02, rel=0.1)
    for index in range(2, 1200):
        offset = stance.update(replace(leaned, timestamp=index / 30))
    np.testing.assert_allclose(offset, 0.0, atol=1e-3)


def test_the_figure_never_leaves_the_window() -> None:
    stance = Stance()
    stance.update(face())
    far = replace(face(), timestamp=1 / 30, head_position=np.array([3.0, -2.0, -9.0]))
    assert np.all(np.abs(stance.update(far)) <= REACH)


def test_a_lost_face_lets_the_figure_go_back_without_a_jump() -> None:
    stance = Stance()
    seen = face()
    stance.update(seen)
    before = stance.update(
        replace(
            seen, timestamp=1 / 30, head_position=seen.head_position + np.array([0.03, 0.0, 0.0])
        )
    )
    lost = replace(seen, confidence=0.0, landmarks=None)
    after = stance.update(replace(lost, timestamp=2 / 30))
    assert np.abs(after - before).max() < 0.003
    back = stance.update(replace(seen, timestamp=3 / 30))  # a face that is seen again
    assert np.abs(back - after).max() < 0.003
    for index in range(4, 120):
        after = stance.update(replace(lost, timestamp=index / 30))
    np.testing.assert_allclose(after, 0.0, atol=1e-3)


def _draw(detail: Detail, *, seconds_at_one: float) -> float:
    used = chosen(detail)
    detail.observe(seconds_at_one * used**2)
    return used


def chosen(detail: Detail) -> float:
    return detail.supersampling(1280, 720)
