from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.landmarker import Landmarker, open_landmarker
from engine.landmarker.enlarging import FaceBox, enlarged
from engine.landmarker.mediapipe import MediaPipeLandmarker
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.runtime import RuntimeSettings
from engine.small_faces import SmallFaceSearch, tiles
from tests.faces import face_model, frame, photograph


@pytest.fixture(params=["mediapipe", "session"])
def landmarker(request: pytest.FixtureRequest, face_networks: Path) -> Landmarker:
    if request.param == "mediapipe":
        return MediaPipeLandmarker(face_model())
    return open_landmarker(face_model(), face_networks, RuntimeSettings())


def with_small_face(side: int, x: int, y: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """A 1280×720 picture of noise with the photograph, `side` pixels large; the face is a third."""
    picture = random.integers(60, 120, (720, 1280, 3), np.uint8)
    picture[y : y + side, x : x + side] = cv2.resize(
        photograph(), (side, side), interpolation=cv2.INTER_AREA
    )
    return picture


@pytest.mark.parametrize(("side", "x", "y"), [(360, 850, 300), (240, 100, 60), (160, 900, 500)])
def test_a_face_too_small_for_the_detector_is_found_in_its_first_frame_and_followed(
    side: int, x: int, y: int, random: np.random.Generator, landmarker: Landmarker
) -> None:
    picture = with_small_face(side, x, y, random)
    assert all(landmarker.detect(picture, i / 30) is None for i in range(3))
    with MediaPipeRegressor(landmarker) as regressor:
        for index in range(3, 8):
            seen = regressor.observe(frame(picture, index))
            assert seen is not None
            assert seen.landmarks[:, 0].min() > x and seen.landmarks[:, 0].max() < x + side
            assert 0.25 * side < np.ptp(seen.landmarks[:, 0]) < 0.5 * side


def test_a_small_face_that_appears_later_is_found_within_half_a_second(
    random: np.random.Generator, landmarker: Landmarker
) -> None:
    empty = random.integers(60, 120, (720, 1280, 3), np.uint8)
    picture = with_small_face(240, 900, 400, random)
    with MediaPipeRegressor(landmarker) as regressor:
        assert all(regressor.observe(frame(empty, i)) is None for i in range(4))
        found = [regressor.observe(frame(picture, i)) is not None for i in range(4, 19)]
    assert any(found)


@pytest.mark.parametrize("size", [(1280, 720), (480, 480), (1080, 1920), (3, 1), (1, 1)])
def test_tiles_cover_the_picture_and_stay_inside(size: tuple[int, int]) -> None:
    width, height = size
    covered = np.zeros((height, width), bool)
    for x, y, side in tiles(width, height):
        assert 0 <= x <= width - side and 0 <= y <= height - side
        covered[y : y + side, x : x + side] = True
    assert covered.all()


def test_enlarging_keeps_the_face_in_its_place(random: np.random.Generator) -> None:
    image = np.zeros((100, 160, 3), np.uint8)
    cv2.circle(image, (120, 30), 6, (255, 255, 255), -1)
    grown = enlarged(image, FaceBox(120.0, 30.0, 12.0), 2.0)
    y, x = (axis.mean() for axis in np.nonzero(grown[..., 0] > 128))
    assert (x, y) == pytest.approx((120.0, 30.0), abs=0.6)
    assert np.count_nonzero(grown[..., 0] > 128) > 3 * np.count_nonzero(image[..., 0] > 128)


def test_a_strip_is_not_searched_part_by_part(
    landmarker: Landmarker, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[int] = []
    monkeypatch.setattr(type(landmarker), "search", lambda *_: searched.append(1))
    with landmarker:
        assert SmallFaceSearch(landmarker).find(np.zeros((3, 4000, 3), np.uint8)) is None
    assert searched == []
