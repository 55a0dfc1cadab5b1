"""The truth here is an eyeball built from its anatomy and projected by a plain pinhole camera."""

import math

import numpy as np
import pytest

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import LANDMARK_COUNT
from engine.gaze import along_line_of_sight, gaze_from_landmarks, set_eye_look
from engine.geometry import matrix_from_quaternion, quaternion_from_euler

FOCAL = 900.0  # pixels
EYES = {  # landmark numbers: outer corner, inner corner, iris; x of the eye in head space, metres
    "left": ((263, 362, 473), 0.032),
    "right": ((33, 133, 468), -0.032),
}


def landmarks_of(
    yaw: float,
    pitch: float,
    rotation: np.ndarray,
    position: np.ndarray,  # type: ignore[type-arg]
) -> np.ndarray:  # type: ignore[type-arg]
    """Pixels of a face whose eyes turn by yaw and pitch; metres, eye 29 mm wide."""
    points = np.zeros((LANDMARK_COUNT, 3))
    direction = np.array(
        [math.sin(yaw) * math.cos(pitch), -math.sin(pitch), math.cos(yaw) * math.cos(pitch)]
    )
    for (outer, inner, iris), x in EYES.values():
        out = math.copysign(1.0, x)
        middle = np.array([x - out * 0.0016, -0.0016, 0.005])  # of the corners
        width = np.array([out * 0.0145, 0.0, 0.0])
        for number, point in (
            (outer, middle + width),
            (inner, middle - width),
            (iris, np.array([x, 0.0, 0.0]) + 0.0105 * direction),
        ):
            seen = rotation @ point + position
            points[number, 0] = 640 + FOCAL * seen[0] / -seen[2]
            points[number, 1] = 360 - FOCAL * seen[1] / -seen[2]
    return points


@pytest.mark.parametrize("head", [(0.0, 0.0, 0.0), (0.1, 0.4, 0.1), (-0.2, -0.3, -0.2)])
@pytest.mark.parametrize("place", [(0.0, 0.0, -0.5), (0.15, 0.05, -0.5)])
@pytest.mark.parametrize("eyes", [(0.0, 0.0), (0.35, 0.0), (-0.3, 0.2), (0.1, -0.25)])
def test_recovers_the_angles_of_a_modelled_eye(
    head: tuple[float, float, float], place: tuple[float, float, float], eyes: tuple[float, float]
) -> None:
    rotation, position = matrix_from_quaternion(quaternion_from_euler(*head)), np.array(place)
    points = landmarks_of(*eyes, rotation, position)
    gaze = gaze_from_landmarks(points, along_line_of_sight(rotation, position))
    for row in gaze:
        assert row == pytest.approx(eyes, abs=math.radians(6.0))


def test_an_iris_outside_its_eye_gives_a_finite_angle() -> None:
    points = landmarks_of(0.0, 0.0, np.eye(3), np.array([0.0, 0.0, -0.5]))
    points[473, :2] += 500.0
    gaze = gaze_from_landmarks(points, np.eye(3))
    assert np.isfinite(gaze).all() and abs(gaze).max() < math.radians(80)


def test_looking_to_the_persons_left_is_out_for_the_left_eye_and_in_for_the_right() -> None:
    weights = np.full(len(BLENDSHAPES), 0.5)
    set_eye_look(weights, np.array([[math.radians(17.5), 0.0], [math.radians(17.5), 0.0]]))
    value = {name: weights[INDEX[name]] for name in BLENDSHAPES if name.startswith("eyeLook")}
    assert value["eyeLookOutLeft"] == pytest.approx(0.5)
    assert value["eyeLookInRight"] == pytest.approx(0.5)
    assert value["eyeLookInLeft"] == value["eyeLookOutRight"] == 0.0


def test_eye_look_weights_stay_within_0_and_1() -> None:
    weights = np.zeros(len(BLENDSHAPES))
    set_eye_look(weights, np.array([[1.2, -1.2], [-1.2, 1.2]]))
    assert weights.min() == 0.0 and weights.max() == 1.0
    assert weights[INDEX["eyeLookUpLeft"]] == weights[INDEX["eyeLookDownRight"]] == 1.0
