"""Where the viewer looks from."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.viewer.camera import DISTANCE, TARGET
from app.viewer.orbit import FARTHEST, MOST_PITCH, NEAREST, Orbit


def test_at_rest_the_camera_stands_straight_before_the_face() -> None:
    camera = Orbit().camera(aspect=16 / 9)
    np.testing.assert_allclose(camera.position, np.add(TARGET, (0.0, 0.0, DISTANCE)), atol=1e-12)


def test_a_drag_to_the_right_turns_the_figure_to_the_right() -> None:
    # the figure follows the hand: its nose goes to the right edge of the picture
    camera = Orbit().dragged(0.1, 0.0).camera(aspect=1.0)
    nose = camera.view_from_world @ [0.0, TARGET[1], 0.1, 1.0]
    assert nose[0] > 0.01
    assert camera.position[0] < 0  # for which the camera goes to the person's right


def test_a_drag_down_shows_the_figure_from_above() -> None:
    assert Orbit().dragged(0.0, 0.1).camera(aspect=1.0).position[1] > TARGET[1]


def test_pitch_stops_before_the_pole_and_yaw_goes_round() -> None:
    assert Orbit().turned(0.0, 9.0).pitch == MOST_PITCH
    assert Orbit().turned(0.0, -9.0).pitch == -MOST_PITCH
    assert Orbit().turned(3.0, 0.0).turned(1.0, 0.0).yaw == pytest.approx(4.0 - math.tau)


def test_zoom_forward_comes_nearer_and_stops_at_both_ends() -> None:
    assert Orbit().zoomed(1).distance < DISTANCE
    assert Orbit().zoomed(1).zoomed(-1).distance == pytest.approx(DISTANCE)
    assert Orbit().zoomed(1000).distance == NEAREST
    assert Orbit().zoomed(-1000).distance == FARTHEST


@pytest.mark.parametrize("aspect", [0.3, 0.6, 0.8, 1.5, 3.0])
def test_shoulders_fit_into_windows_of_any_shape(aspect: float) -> None:
    camera = Orbit().camera(aspect)
    for x in (-0.15, 0.15):
        clip = camera.clip_from_world @ [x, TARGET[1], TARGET[2], 1.0]
        assert abs(clip[0] / clip[3]) < 1.0


def test_the_figure_can_stand_aside_for_a_panel() -> None:
    clip = Orbit().camera(aspect=2.0, aside=0.25).clip_from_world @ [*TARGET, 1.0]
    assert clip[0] / clip[3] == pytest.approx(-0.5)  # a quarter of the width left of the middle
