from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.errors import ModelError
from engine.geometry import euler_from_quaternion
from engine.landmarker import Detection, Landmarker, open_landmarker
from engine.landmarker.mediapipe import MediaPipeLandmarker
from engine.regressors.mediapipe import UNSUPPORTED, MediaPipeRegressor, confidence
from engine.runtime import RuntimeSettings
from tests.faces import face_model, frame, photograph

Opener = Callable[[], Landmarker]


@pytest.fixture(params=["mediapipe", "session"])
def opened(request: pytest.FixtureRequest, face_networks: Path) -> Opener:
    """Opens one of the two landmarkers: what follows holds for both."""
    if request.param == "mediapipe":
        return lambda: MediaPipeLandmarker(face_model())
    return lambda: open_landmarker(face_model(), face_networks, RuntimeSettings())


def test_mediapipes_package_has_every_blendshape_but_those_we_say() -> None:
    with MediaPipeLandmarker(face_model()) as landmarker:
        detection = landmarker.detect(photograph(), 0.0)
    assert detection is not None
    assert set(BLENDSHAPES) - set(detection.names) == set(UNSUPPORTED) == {"tongueOut"}
    assert set(detection.names) - set(BLENDSHAPES) == {"_neutral"}


def test_our_sessions_have_every_blendshape(face_networks: Path) -> None:
    with open_landmarker(face_model(), face_networks, RuntimeSettings()) as landmarker:
        detection = landmarker.detect(photograph(), 0.0)
    assert detection is not None
    assert set(detection.names) == {*BLENDSHAPES, "_neutral"}
    assert detection.presence is not None and 0.99 < detection.presence <= 1.0
    assert len(detection.scores) == len(detection.names)


def test_a_photograph_gives_a_whole_observation(opened: Opener) -> None:
    image = photograph()
    with MediaPipeRegressor(opened()) as regressor:
        seen = regressor.observe(frame(image))
    assert seen is not None
    assert seen.confidence == pytest.approx(1.0, abs=0.01) and seen.image_size == (720, 720)
    assert seen.weights[INDEX["mouthSmileLeft"]] > 0.3  # she smiles
    assert seen.weights[INDEX["eyeBlinkLeft"]] < 0.3 and seen.weights[INDEX["tongueOut"]] < 0.05
    assert seen.head_position[2] < -0.1  # in front of the camera
    assert np.linalg.norm(seen.head_rotation) == pytest.approx(1.0)


def test_a_flipped_picture_is_the_mirrored_face(opened: Opener) -> None:
    image = photograph()
    seen = []
    for picture in (image, np.ascontiguousarray(image[:, ::-1])):
        with MediaPipeRegressor(opened()) as regressor:
            one = regressor.observe(frame(picture))
            assert one is not None
            seen.append(one)
    (_, yaw, roll), (_, flipped_yaw, flipped_roll) = (
        euler_from_quaternion(one.head_rotation) for one in seen
    )
    assert flipped_yaw == pytest.approx(-yaw, abs=0.05)
    assert flipped_roll == pytest.approx(-roll, abs=0.05)
    assert seen[1].gaze[0, 0] == pytest.approx(-seen[0].gaze[1, 0], abs=0.1)


@pytest.mark.parametrize("size", [(240, 320), (1, 1), (3, 8)])
def test_no_face_is_none(opened: Opener, size: tuple[int, int]) -> None:
    with MediaPipeRegressor(opened()) as regressor:
        assert regressor.observe(frame(np.zeros((*size, 3), np.uint8))) is None


def test_repeated_and_older_timestamps_are_survived(opened: Opener) -> None:
    image = photograph()
    with MediaPipeRegressor(opened()) as regressor:
        for index in (5, 5, 3, 6):
            assert regressor.observe(frame(image, index)) is not None


def test_closing_twice_is_no_error(opened: Opener) -> None:
    landmarker = opened()
    landmarker.close()
    landmarker.close()


@pytest.mark.parametrize("content", [b"not a model", b"PK\x05\x06" + bytes(18)])
def test_another_file_than_a_model_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "face.task"
    path.write_bytes(content)
    for opening in (
        lambda: MediaPipeLandmarker(path),
        lambda: open_landmarker(path, tmp_path, RuntimeSettings()),
    ):
        with pytest.raises(ModelError, match=r"cannot load the face model .*face\.task") as caught:
            opening()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("presence", "expected"), [(None, 0.5), (0.8, 0.4)])
def test_confidence_is_presence_times_the_share_of_landmarks_inside_the_picture(
    presence: float | None, expected: float
) -> None:
    landmarks = np.zeros((478, 3))
    landmarks[:239, 0] = -5.0
    detection = Detection(landmarks, np.zeros(0), (), np.eye(4), presence)
    assert confidence(detection, 100, 100) == pytest.approx(expected)
