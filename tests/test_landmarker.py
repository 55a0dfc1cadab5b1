from pathlib import Path

import numpy as np
import pytest

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.errors import ModelError
from engine.geometry import euler_from_quaternion
from engine.landmarker import FaceLandmarker
from engine.regressors.mediapipe import UNSUPPORTED, MediaPipeRegressor, share_inside
from tests.faces import face_model, frame, photograph


def test_mediapipe_has_every_blendshape_but_those_we_say() -> None:
    with FaceLandmarker(face_model()) as landmarker:
        detection = landmarker.detect(photograph(), 0.0)
    assert detection is not None
    assert set(BLENDSHAPES) - set(detection.names) == set(UNSUPPORTED) == {"tongueOut"}
    assert set(detection.names) - set(BLENDSHAPES) == {"_neutral"}


def test_a_photograph_gives_a_whole_observation() -> None:
    image = photograph()
    with MediaPipeRegressor(face_model()) as regressor:
        seen = regressor.observe(frame(image))
    assert seen is not None
    assert seen.confidence == 1.0 and seen.image_size == (720, 720)
    assert seen.weights[INDEX["mouthSmileLeft"]] > 0.3  # she smiles
    assert seen.weights[INDEX["eyeBlinkLeft"]] < 0.3 and seen.weights[INDEX["tongueOut"]] == 0.0
    assert seen.head_position[2] < -0.1  # in front of the camera
    assert np.linalg.norm(seen.head_rotation) == pytest.approx(1.0)


def test_a_flipped_picture_is_the_mirrored_face() -> None:
    image = photograph()
    seen = []
    for picture in (image, np.ascontiguousarray(image[:, ::-1])):
        with MediaPipeRegressor(face_model()) as regressor:
            one = regressor.observe(frame(picture))
            assert one is not None
            seen.append(one)
    (_, yaw, roll), (_, flipped_yaw, flipped_roll) = (
        euler_from_quaternion(one.head_rotation) for one in seen
    )
    assert flipped_yaw == pytest.approx(-yaw, abs=0.05)
    assert flipped_roll == pytest.approx(-roll, abs=0.05)
    assert seen[1].gaze[0, 0] == pytest.approx(-seen[0].gaze[1, 0], abs=0.1)


def test_no_face_is_none() -> None:
    with MediaPipeRegressor(face_model()) as regressor:
        assert regressor.observe(frame(np.zeros((240, 320, 3), np.uint8))) is None


def test_repeated_and_older_timestamps_are_survived() -> None:
    image = photograph()
    with MediaPipeRegressor(face_model()) as regressor:
        for index in (5, 5, 3, 6):
            assert regressor.observe(frame(image, index)) is not None


def test_another_file_than_a_model_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "face.task"
    path.write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"cannot load the face model .*face\.task"):
        FaceLandmarker(path)


def test_confidence_is_the_share_of_landmarks_inside_the_picture() -> None:
    landmarks = np.zeros((478, 3))
    landmarks[:239, 0] = -5.0
    assert share_inside(landmarks, 100, 100) == 0.5
