from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data import BfmCoefficients, FlameCoefficients, Observation
from engine.identity import SECONDS, Identity
from engine.landmarker import open_landmarker
from engine.regressors import RegressorName, open_regressor
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.runtime import RuntimeSettings
from engine.smoother import Smoother
from engine.steadiness import SmootherSettings
from engine.tracker import FORGET, Tracker, TrackerSettings
from tests.faces import face_model, frame, photograph
from tests.hollow_regressors import DECA, EXPNET, SMIRK, write_network

PHOTOGRAPH = photograph()
EMPTY = np.full_like(PHOTOGRAPH, 90)


SETTINGS = RuntimeSettings(threads=1)


def opened_finder(face_networks: Path) -> MediaPipeRegressor:
    return MediaPipeRegressor(open_landmarker(face_model(), face_networks, SETTINGS))


@pytest.fixture
def finder(face_networks: Path) -> Iterator[MediaPipeRegressor]:
    with opened_finder(face_networks) as opened:
        yield opened


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """SMIRK, whose shape is the picture's brightness, DECA and ExpNet."""
    write_network(tmp_path / "smirk.onnx", SMIRK, shape=1.0)
    write_network(tmp_path / "deca.onnx", DECA)
    write_network(tmp_path / "expnet.onnx", EXPNET, side=227)
    return tmp_path


def tracker(
    finder: MediaPipeRegressor, models: Path, name: RegressorName = "smirk", *, every: int = 1
) -> Tracker:
    regressor = open_regressor(name, models, SETTINGS)
    return Tracker(finder, regressor, TrackerSettings(landmarker_every=every))


def seen(
    tracker: Tracker, images: list[NDArray[np.uint8]], start: int = 0
) -> list[Observation | None]:
    return [tracker.observe(frame(image, start + i)) for i, image in enumerate(images)]


def with_closed_eyes(image: NDArray[np.uint8], observation: Observation) -> NDArray[np.uint8]:
    """Lids of the colour of the cheek."""
    closed = image.copy()
    for corner, other in ((33, 133), (362, 263)):
        a, b = observation.landmarks[[corner, other], :2]
        centre = tuple(int(c) for c in (a + b) / 2)
        width = float(np.hypot(*(a - b)))
        cheek = image[int(centre[1] + 0.8 * width), centre[0]].tolist()
        cv2.ellipse(closed, centre, (int(0.6 * width), int(0.35 * width)), 0, 0, 360, cheek, -1)
    return closed


def test_weights_gaze_and_pose_are_the_landmarkers_coefficients_the_regressors(
    finder: MediaPipeRegressor, models: Path, face_networks: Path
) -> None:
    (observation,) = seen(tracker(finder, models), [PHOTOGRAPH])
    with opened_finder(face_networks) as other:
        alone = other.observe(frame(PHOTOGRAPH))
    assert observation is not None and alone is not None
    for field in ("weights", "gaze", "head_rotation", "head_position", "landmarks"):
        assert getattr(observation, field) == pytest.approx(getattr(alone, field), abs=1e-3)
    assert isinstance(observation.coefficients, FlameCoefficients)
    assert observation.coefficients.jaw == pytest.approx([5.0, 5.01, 5.02])
    assert observation.image_from_crop is not None
    middle = observation.image_from_crop @ [111.5, 111.5, 1.0]
    assert middle == pytest.approx(alone.landmarks[4, :2], abs=60)


def test_only_the_crop_of_a_followed_face_is_not_rounded(
    finder: MediaPipeRegressor, models: Path
) -> None:
    larger = np.asarray(cv2.resize(PHOTOGRAPH, None, fx=1.02, fy=1.02), np.uint8)
    first, *_, last = seen(tracker(finder, models), [PHOTOGRAPH, *[larger] * 20])
    sides = []
    for observation in (first, last):
        assert observation is not None and observation.image_from_crop is not None
        sides.append(observation.image_from_crop[0, 0] * 223)
    assert sides[0] == pytest.approx(round(sides[0]), abs=1e-6)
    assert sides[1] != pytest.approx(round(sides[1]), abs=1e-3)


def test_without_a_regressor_there_are_no_coefficients(finder: MediaPipeRegressor) -> None:
    (observation,) = seen(Tracker(finder, None, TrackerSettings()), [PHOTOGRAPH])
    assert observation is not None and observation.coefficients is None


def test_while_a_face_keeps_still_the_landmarker_rests_as_long_as_it_may(
    finder: MediaPipeRegressor, models: Path
) -> None:
    observations = seen(tracker(finder, models, every=3), [PHOTOGRAPH] * 7)
    landmarks = [id(one.landmarks) for one in observations if one is not None]
    assert [a != b for a, b in pairwise(landmarks)] == [
        *(False, False, True),
        *(False, False, True),
    ]
    timestamps = [one.timestamp for one in observations if one is not None]
    assert timestamps == pytest.approx([i / 30 for i in range(7)])


def test_a_blink_does_not_wait_for_the_landmarkers_turn(
    finder: MediaPipeRegressor, models: Path
) -> None:
    following = tracker(finder, models, every=10)
    *_, before = seen(following, [PHOTOGRAPH] * 3)
    assert before is not None
    (blink,) = seen(following, [with_closed_eyes(PHOTOGRAPH, before)], start=3)
    assert blink is not None and blink.landmarks is not before.landmarks


@pytest.mark.parametrize("every", [1, 10])
def test_a_face_that_is_gone_is_gone_in_the_same_picture(
    finder: MediaPipeRegressor, models: Path, every: int
) -> None:
    following = tracker(finder, models, every=every)
    assert seen(following, [PHOTOGRAPH] * 3 + [EMPTY] * 3)[3:] == [None] * 3
    back = seen(following, [PHOTOGRAPH] * 2, start=6)
    assert all(one is not None for one in back)


def test_a_picture_of_another_size_is_looked_at(finder: MediaPipeRegressor, models: Path) -> None:
    following = tracker(finder, models, every=10)
    seen(following, [PHOTOGRAPH] * 2)
    smaller = np.asarray(cv2.resize(PHOTOGRAPH, (480, 480)), np.uint8)
    (observation,) = seen(following, [smaller], start=2)
    assert observation is None or observation.image_size == (480, 480)


def test_identity_is_the_mean_of_the_first_seconds_and_then_never_changes() -> None:
    identity = Identity()
    shapes = [np.array([float(i % 2), 1.0]) for i in range(200)]
    means = [identity.update(shape, i / 30) for i, shape in enumerate(shapes[: int(SECONDS * 30)])]
    assert means[0].tolist() == shapes[0].tolist() and identity.known is None
    identity.update(shapes[0], SECONDS)
    assert identity.known == pytest.approx([0.5, 1.0], abs=0.01)
    identity.forget()
    assert identity.known is None
    assert identity.update(np.array([7.0, 7.0]), 20.0).tolist() == [7.0, 7.0]


def test_the_known_identity_is_one_array_until_the_face_was_away(
    finder: MediaPipeRegressor, models: Path
) -> None:
    following = tracker(finder, models, every=100)

    def shape_at(seconds: float, image: NDArray[np.uint8]) -> object:
        observation = following.observe(replace(frame(image), timestamp=seconds))
        return None if observation is None else observation.coefficients

    first = shape_at(0.0, PHOTOGRAPH)
    for seconds in np.arange(FORGET, SECONDS, FORGET):
        shape_at(float(seconds), PHOTOGRAPH)
    known = [shape_at(SECONDS + i / 30, PHOTOGRAPH) for i in range(3)]
    assert isinstance(first, FlameCoefficients) and first.shape[0] > 2.0  # not a black picture
    shapes = [one.shape for one in known if isinstance(one, FlameCoefficients)]
    assert shapes[0] is shapes[1] is shapes[2]

    assert shape_at(SECONDS + 0.2, EMPTY) is None
    back = shape_at(SECONDS + 0.3 + FORGET, PHOTOGRAPH)
    assert isinstance(back, FlameCoefficients) and back.shape is not shapes[0]


def test_regressors_are_switched_and_the_smoother_goes_along(
    finder: MediaPipeRegressor, models: Path
) -> None:
    following, smoother = tracker(finder, models), Smoother(SmootherSettings())
    kinds = []
    for i, name in enumerate(("smirk", "expnet", "deca", None, "smirk")):
        if i > 0:
            names: dict[str, RegressorName] = {"smirk": "smirk", "deca": "deca", "expnet": "expnet"}
            following.switch(
                None if name is None else open_regressor(names[name], models, SETTINGS)
            )
        for j in range(2):
            picture = frame(PHOTOGRAPH, 2 * i + j)
            observation = following.observe(picture)
            state = smoother.update(observation, timestamp=picture.timestamp, image_size=(720, 720))
        kinds.append(type(state.coefficients))
    none = type(None)
    assert kinds == [FlameCoefficients, BfmCoefficients, FlameCoefficients, none, FlameCoefficients]


def test_a_landmarker_that_never_looks_is_refused() -> None:
    with pytest.raises(ValueError, match="landmarker_every is 0; expected 1 or more"):
        TrackerSettings(landmarker_every=0)
