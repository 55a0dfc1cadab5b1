import math

import numpy as np
import pytest

from engine.geometry import (
    IDENTITY_ROTATION,
    euler_from_quaternion,
    matrix_from_quaternion,
    quaternion_from_euler,
    quaternion_from_matrix,
    rotation_angle,
    slerp,
)

# Test vector T0 of the protocol notes: pitch 10, yaw 20, roll 5 degrees.
T0_EULER = tuple(math.radians(angle) for angle in (10.0, 20.0, 5.0))
T0_MATRIX = np.array(
    [
        [0.941293, -0.022734, 0.336824],
        [0.085832, 0.981060, -0.173648],
        [-0.326497, 0.192364, 0.925417],
    ]
)
T0_QUATERNION = np.array([0.093296, 0.169079, 0.027673, 0.980787])


def test_t0_in_every_direction() -> None:
    assert quaternion_from_euler(*T0_EULER) == pytest.approx(T0_QUATERNION, abs=1e-6)
    assert quaternion_from_matrix(T0_MATRIX) == pytest.approx(T0_QUATERNION, abs=1e-6)
    assert matrix_from_quaternion(T0_QUATERNION) == pytest.approx(T0_MATRIX, abs=2e-6)
    assert euler_from_quaternion(T0_QUATERNION) == pytest.approx(T0_EULER, abs=1e-5)


def test_positive_pitch_looks_down_yaw_to_the_left_roll_to_the_right_shoulder() -> None:
    forward, up = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
    assert (matrix_from_quaternion(quaternion_from_euler(0.3, 0.0, 0.0)) @ forward)[1] < 0
    assert (matrix_from_quaternion(quaternion_from_euler(0.0, 0.3, 0.0)) @ forward)[0] > 0
    assert (matrix_from_quaternion(quaternion_from_euler(0.0, 0.0, 0.3)) @ up)[0] < 0


def test_quaternion_and_matrix_agree_for_every_rotation(random: np.random.Generator) -> None:
    half_turns = [np.eye(4)[i] for i in range(4)]  # where a naive formula divides by zero
    for q in [*half_turns, *(v / np.linalg.norm(v) for v in random.normal(size=(200, 4)))]:
        matrix = matrix_from_quaternion(q)
        assert np.allclose(matrix @ matrix.T, np.eye(3))
        back = quaternion_from_matrix(matrix)
        assert back[3] >= 0.0
        assert np.allclose(matrix_from_quaternion(back), matrix)


def test_slerp_takes_the_short_way_whatever_the_signs() -> None:
    a, b = IDENTITY_ROTATION, quaternion_from_euler(0.0, 0.4, 0.0)
    for other in (b, -b):
        half = slerp(a, other, 0.5)
        assert rotation_angle(a, half) == pytest.approx(0.2)
        assert np.linalg.norm(half) == pytest.approx(1.0)
    assert slerp(a, b, 1.0) == pytest.approx(b)
    assert slerp(a, a, 0.3) == pytest.approx(a)
