"""Gains, inversions and mirroring for one receiver alone."""

from __future__ import annotations

import numpy as np
import pytest

from app.outputs.axes import AxisSettings, adjusted
from engine.data import FaceState
from engine.errors import SettingsError
from engine.geometry import euler_from_quaternion
from engine.mirror import mirrored
from tests.states import T0, face, random_face


def angles(state: FaceState) -> list[float]:
    """Pitch, yaw, roll in degrees."""
    return np.degrees(euler_from_quaternion(state.head_rotation)).tolist()


def test_without_gains_the_state_itself_goes_on() -> None:
    state = face(rotation=T0)
    assert adjusted(state, AxisSettings()) is state


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ({"pitch": -1.0}, (-10.0, 20.0, 5.0)),
        ({"yaw": -1.0}, (10.0, -20.0, 5.0)),
        ({"roll": -1.0}, (10.0, 20.0, -5.0)),
        ({"pitch": 0.0, "yaw": 2.0, "roll": 0.5}, (0.0, 40.0, 2.5)),
        ({"yaw": 10.0}, (10.0, 180.0, 5.0)),
    ],
)
def test_each_angle_of_the_head_has_its_gain(
    gains: dict[str, float], expected: tuple[float, ...]
) -> None:
    sent = adjusted(face(rotation=T0), AxisSettings(**gains))
    assert angles(sent) == pytest.approx(expected, abs=1e-6)


def test_position_and_gaze_have_their_gains_and_weights_stay() -> None:
    state = face(position=(0.1, 0.2, -0.6), gaze=((0.1, 0.2), (0.3, 0.4)), eyeLookInLeft=0.5)
    sent = adjusted(state, AxisSettings(x=-1.0, y=2.0, z=0.5, gaze_yaw=-2.0, gaze_pitch=0.5))
    assert sent.head_position == pytest.approx([-0.1, 0.4, -0.3])
    assert sent.gaze == pytest.approx(np.array([[-0.2, 0.1], [-0.6, 0.2]]))
    assert np.array_equal(sent.weights, state.weights)


def test_mirroring_is_that_of_the_whole_program() -> None:
    state = random_face(np.random.default_rng(5))
    sent, expected = adjusted(state, AxisSettings(mirror=True)), mirrored(state)
    assert np.array_equal(sent.weights, expected.weights)
    assert sent.head_rotation == pytest.approx(expected.head_rotation * sign(expected), abs=1e-9)
    assert np.array_equal(sent.head_position, expected.head_position)
    assert np.array_equal(sent.gaze, expected.gaze)


def sign(state: FaceState) -> float:
    """Of w: q and -q are the same rotation."""
    return float(np.sign(state.head_rotation[3]))


@pytest.mark.parametrize("gain", [float("nan"), float("inf"), 11.0, -11.0])
def test_gains_that_make_no_sense_are_refused(gain: float) -> None:
    with pytest.raises(SettingsError, match="gain of yaw"):
        AxisSettings(yaw=gain)
