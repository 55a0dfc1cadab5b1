import numpy as np
import pytest

from engine.blendshapes import INDEX
from engine.geometry import euler_from_quaternion
from engine.mirror import mirrored
from tests.states import T0, face

POSE = {
    "rotation": T0,
    "position": (0.02, 0.01, -0.5),
    "gaze": ((0.2, 0.1), (0.15, 0.1)),
}


def test_twice_is_nothing() -> None:
    one = face(eyeBlinkLeft=0.7, jawLeft=0.2, mouthRight=0.1, eyeLookInRight=0.3, **POSE)
    two = mirrored(mirrored(one))
    for name in ("weights", "head_rotation", "head_position", "gaze"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name


def test_left_becomes_right() -> None:
    one = face(eyeBlinkLeft=0.7, jawLeft=0.2, jawOpen=0.4, **POSE)
    other = mirrored(one)
    assert other.weights[INDEX["eyeBlinkRight"]] == 0.7
    assert other.weights[INDEX["eyeBlinkLeft"]] == 0.0
    assert other.weights[INDEX["jawRight"]] == 0.2
    assert other.weights[INDEX["jawOpen"]] == 0.4
    pitch, yaw, roll = euler_from_quaternion(one.head_rotation)
    assert euler_from_quaternion(other.head_rotation) == pytest.approx((pitch, -yaw, -roll))
    assert other.head_position.tolist() == [-0.02, 0.01, -0.5]
    assert other.gaze.tolist() == [[-0.15, 0.1], [-0.2, 0.1]]
