"""The truth is a pose that was nodded by hand, or what was rendered."""

from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.demo.curves import RATE, read_curves
from benchmarks.demo_truth import correlation
from engine.data import Observation
from engine.false_nod import FACE_CENTRE, FALSE_NOD, without_false_nod
from engine.geometry import (
    Array,
    euler_from_quaternion,
    matrix_from_quaternion,
    quaternion_from_euler,
    quaternion_from_matrix,
)
from engine.landmarker import Detection, open_landmarker
from engine.landmarker.mediapipe import MediaPipeLandmarker
from engine.regressors.mediapipe import observation_from_detection
from engine.runtime import RuntimeSettings
from models.face_landmarker import face_landmarker_files
from tests.faces import face_model, observation, photograph

SCALE = 1.1
SMILE_AND_JAW = observation(mouthSmileLeft=1.0, mouthSmileRight=0.8, jawOpen=0.1).weights
FEIGNED = np.radians(1.25 * 1.8 - 2.0 * 0.1)


def pose(pitch: float, yaw: float, roll: float) -> Array:
    """(4, 4) of a head half a metre away."""
    camera_from_head = np.eye(4)
    rotation = matrix_from_quaternion(quaternion_from_euler(pitch, yaw, roll))
    camera_from_head[:3, :3] = SCALE * rotation
    camera_from_head[:3, 3] = 3.0, -2.0, -50.0
    return camera_from_head


def nodded(camera_from_head: Array, pitch: float) -> Array:
    """About the head's own ear-to-ear axis, at its origin."""
    turn = np.eye(4)
    turn[:3, :3] = matrix_from_quaternion(quaternion_from_euler(pitch, 0.0, 0.0))
    return np.asarray(camera_from_head @ turn)


@pytest.mark.parametrize("turns", [(0.0, 0.0, 0.0), (0.2, -0.5, 0.3), (-0.3, 0.4, -0.6)])
def test_the_nod_of_an_expression_is_taken_out_of_a_head_turned_anyhow(
    turns: tuple[float, float, float],
) -> None:
    head = pose(*turns)
    found = without_false_nod(nodded(head, FEIGNED), SMILE_AND_JAW)
    np.testing.assert_allclose(found[:3, :3], head[:3, :3], atol=1e-12)
    assert found[3].tolist() == [0.0, 0.0, 0.0, 1.0]


def test_the_face_stays_where_it_was_seen() -> None:
    seen = pose(0.2, -0.5, 0.3)
    centre = np.append(FACE_CENTRE, 1.0)
    found = without_false_nod(seen, SMILE_AND_JAW)
    np.testing.assert_allclose(found @ centre, seen @ centre, atol=1e-12)
    assert 0.05 < np.linalg.norm(found[:3, 3] - seen[:3, 3]) < 0.3  # centimetres


def test_what_is_seen_stays_as_it_was() -> None:
    seen = pose(0.2, -0.5, 0.3)
    without_false_nod(seen, SMILE_AND_JAW)
    np.testing.assert_array_equal(seen, pose(0.2, -0.5, 0.3))


def test_a_face_without_those_expressions_keeps_its_pose() -> None:
    seen = pose(0.2, -0.5, 0.3)
    pout = observation(mouthPucker=1.0, eyeBlinkLeft=1.0).weights
    np.testing.assert_array_equal(without_false_nod(seen, pout), seen)


def test_the_centre_is_that_of_the_points_the_pose_is_fitted_to(face_networks: Path) -> None:
    face = face_landmarker_files(face_model(), face_networks).canonical_face
    np.testing.assert_allclose(
        np.average(face.points, axis=0, weights=face.weights), FACE_CENTRE, atol=0.05
    )


def test_left_and_right_feign_alike() -> None:
    for name, degrees in FALSE_NOD.items():
        if name.endswith("Left"):
            assert FALSE_NOD[name.removesuffix("Left") + "Right"] == degrees


def test_both_runtimes_give_the_same_pose_without_it(face_networks: Path) -> None:
    image, seen = photograph(), []
    with (
        MediaPipeLandmarker(face_model(), follow=False) as theirs,
        open_landmarker(face_model(), face_networks, RuntimeSettings()) as ours,
    ):
        for landmarker in (theirs, ours):
            detection = landmarker.detect(image, 0.0)
            assert detection is not None
            seen.append(observed(detection))
            assert pitch_of(seen[-1]) < mediapipes_pitch(detection) - 1.0  # she smiles
    assert pitch_of(seen[0]) == pytest.approx(pitch_of(seen[1]), abs=0.1)
    np.testing.assert_allclose(seen[0].head_position, seen[1].head_position, atol=1e-3)


def test_who_smiles_and_talks_nods_as_was_rendered(face_networks: Path) -> None:
    curves, pictures, seen = read_curves(), [], []
    with (
        resources.as_file(resources.files("models") / "assets" / "demo.mp4") as path,
        open_landmarker(face_model(), face_networks, RuntimeSettings()) as landmarker,
    ):
        clip = cv2.VideoCapture(str(path))
        for index in range(0, curves.frame_count, 6):
            clip.set(cv2.CAP_PROP_POS_FRAMES, index)
            _, image = clip.read()
            detection = landmarker.detect(np.asarray(image, np.uint8), index / RATE)
            assert detection is not None
            pictures.append(index)
            seen.append((mediapipes_pitch(detection), pitch_of(observed(detection))))
        clip.release()
    theirs, ours = np.array(seen).T
    truth = curves.head[pictures, 0]
    assert correlation(truth, theirs) < 0.9 < 0.93 < correlation(truth, ours)


def observed(detection: Detection) -> Observation:
    return observation_from_detection(detection, 0.0, (720, 720))


def pitch_of(seen: Observation) -> float:
    """Degrees."""
    return float(np.degrees(euler_from_quaternion(seen.head_rotation)[0]))


def mediapipes_pitch(detection: Detection) -> float:
    """Degrees."""
    rotation = quaternion_from_matrix(detection.camera_from_head[:3, :3])
    return float(np.degrees(euler_from_quaternion(rotation)[0]))
