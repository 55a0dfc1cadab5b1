"""Regions, crops, the detector's boxes, the pose and the filter, each by itself."""

import math

import cv2
import numpy as np
import pytest
from OneEuroFilter import OneEuroFilter

from engine.geometry import matrix_from_quaternion, quaternion_from_euler
from engine.landmarker import filter as landmark_filter
from engine.landmarker.crop import cropped, network_input
from engine.landmarker.detector import SIZE, anchors, faces
from engine.landmarker.filter import LandmarkFilter
from engine.landmarker.pose import FIELD_OF_VIEW, PoseFit
from engine.landmarker.region import FaceRegion, region_around
from models.checkpoints.face_geometry import CanonicalFace


def test_points_of_a_crop_are_where_its_pixels_were() -> None:
    region = FaceRegion(400.0, 300.0, 200.0, 220.0, 0.4)
    shares = np.array([[0.0, 0.0, 0.0], [1.0, 0.25, 0.0], [0.5, 0.5, 0.0]])
    pixels = np.column_stack([shares[:, :2] * 256, np.ones(3)]) @ region.image_from_crop(256).T
    np.testing.assert_allclose(region.points_from_crop(shares, 1.0)[:, :2], pixels)
    np.testing.assert_allclose(pixels[2], [400.0, 300.0])


def test_depth_is_on_the_scale_of_x() -> None:
    region = FaceRegion(0.0, 0.0, 200.0, 200.0, 0.4)
    seen = region.points_from_crop(np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 1.0]]), 1.0)
    assert seen[1, 2] - seen[0, 2] == pytest.approx(np.linalg.norm(seen[1, :2] - seen[0, :2]))


def test_a_region_is_square_holds_the_face_and_lies_level_with_the_eyes() -> None:
    landmarks = np.zeros((478, 3))
    landmarks[:, :2] = (50.0, 40.0)
    landmarks[0, :2], landmarks[1, :2] = (0.0, 0.0), (100.0, 80.0)
    landmarks[33, :2], landmarks[263, :2] = (30.0, 30.0), (60.0, 60.0)
    region = region_around(landmarks)
    assert (region.x, region.y) == (50.0, 40.0)
    assert region.width == region.height == 150.0
    assert region.rotation == pytest.approx(math.pi / 4)


@pytest.mark.parametrize(
    "region",
    [
        FaceRegion(160.0, 120.0, 100.0, 100.0, 0.3),
        FaceRegion(10.0, 230.0, 150.0, 150.0, -0.7),
        FaceRegion(-500.0, -500.0, 100.0, 100.0, 0.0),
        FaceRegion(160.0, 120.0, 3000.0, 3000.0, 1.0),
    ],
)
@pytest.mark.parametrize("border", [cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT])
def test_a_crop_is_what_opencv_makes_of_the_whole_picture(
    region: FaceRegion, border: int, random: np.random.Generator
) -> None:
    """OpenCV interpolates exactly, MediaPipe and we in steps of 1/32 pixel."""
    small = random.integers(0, 255, (15, 20, 3), np.uint8)
    image = np.asarray(cv2.resize(small, (320, 240), interpolation=cv2.INTER_CUBIC), np.uint8)
    expected = cv2.warpAffine(
        image,
        region.image_from_crop(64),
        (64, 64),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=border,
    )
    difference = cropped(image, region.image_from_crop(64), 64, border) - expected.astype(float)
    on_the_border = np.abs(difference).max() if border == cv2.BORDER_REPLICATE else 0.0
    assert on_the_border <= 3.0 and np.abs(difference).mean() < 0.5


def test_a_networks_input_is_rgb_planes_in_its_range() -> None:
    crop = np.zeros((2, 2, 3), np.uint8)
    crop[0, 0] = (0, 51, 255)  # blue, green, red
    np.testing.assert_allclose(network_input(crop, 0.0, 1.0)[0, :, 0, 0], [1.0, 0.2, 0.0])
    np.testing.assert_allclose(
        network_input(crop, -1.0, 1.0)[0, :, 0, 0], [1.0, -0.6, -1.0], atol=1e-6
    )


def test_anchors_are_two_in_each_cell_of_8_pixels_and_six_in_each_of_16() -> None:
    centres = anchors()
    assert centres.shape == (896, 2)
    places, counts = np.unique(centres, axis=0, return_counts=True)
    assert sorted(counts.tolist()) == [2] * 256 + [6] * 64
    np.testing.assert_allclose(centres[:3] * SIZE, [[4, 4], [4, 4], [12, 4]])
    np.testing.assert_allclose(centres[512] * SIZE, [8, 8])
    assert len(places) == 320


def test_a_face_is_the_mean_of_the_boxes_that_overlap_the_surest_weighted_by_score() -> None:
    boxes, logits = np.zeros((896, 16), np.float32), np.full(896, -9.0, np.float32)
    centres = np.full((896, 2), 0.5)
    logits[[3, 5, 7]] = np.log([0.8 / 0.2, 0.6 / 0.4, 0.7 / 0.3])
    boxes[3, :4], boxes[5, :4], boxes[7, :4] = (0, 0, 64, 64), (8, 0, 64, 64), (90, 0, 64, 64)
    face, *others = faces(boxes, logits, centres)
    assert len(others) == 1, "the third box is somebody else"
    np.testing.assert_allclose(face[:2], [0.5 + 8 / SIZE * 0.6 / 1.4, 0.5], rtol=1e-6)
    np.testing.assert_allclose(face[2:4], [0.5, 0.5])


@pytest.mark.parametrize("logit", [-1000.0, -0.01])
def test_boxes_below_one_half_are_no_face(logit: float) -> None:
    boxes = np.full((896, 16), 64.0, np.float32)
    assert faces(boxes, np.full(896, logit, np.float32), anchors()) == []


def test_a_face_of_known_pose_is_found_there(random: np.random.Generator) -> None:
    points = random.normal(0.0, 6.0, (468, 3))
    weights = np.where(np.arange(468) % 11 == 0, random.uniform(0.1, 1.0, 468), 0.0)
    rotation = matrix_from_quaternion(quaternion_from_euler(0.2, -0.4, 0.1))
    position = np.array([4.0, -3.0, -60.0])
    width, height = 1280, 720
    seen = points @ rotation.T + position
    pixel = 2 * math.tan(FIELD_OF_VIEW / 2) / height
    away = -seen[:, 2]
    landmarks = np.column_stack(
        [
            width / 2 + seen[:, 0] / away / pixel,
            height / 2 - seen[:, 1] / away / pixel,
            away / away.mean() / pixel,  # depth on the scale of x
        ]
    )
    pose = PoseFit(CanonicalFace(points, weights)).camera_from_head(landmarks, (width, height))
    scale = np.cbrt(np.linalg.det(pose[:3, :3]))
    np.testing.assert_allclose(pose[:3, :3] / scale, rotation, atol=0.02)
    np.testing.assert_allclose(pose[:3, 3], position, rtol=0.02)
    assert scale == pytest.approx(1.0, abs=0.01)


def test_the_filter_is_the_one_euro_filter_on_faces_of_size_1(random: np.random.Generator) -> None:
    """In its first step: later its authors measure speed from filtered values, MediaPipe not."""
    size, rate = 200.0, 30.0
    start = random.uniform(20, size - 20, (478, 3))
    start[0, :2], start[1, :2] = (0.0, 0.0), (size, size)
    moved = start + random.normal(0, 2.0, start.shape)
    moved[:2] = start[:2]
    ours = LandmarkFilter()
    ours.update(start, 1.0)
    steadied = ours.update(moved, 1.0 + 1 / rate)
    for point in (5, 200, 477):
        theirs = OneEuroFilter(
            rate,
            landmark_filter.MIN_CUTOFF,
            landmark_filter.BETA,
            landmark_filter.DERIVATIVE_CUTOFF,
        )
        theirs(start[point, 0] / size, 1.0)
        expected = theirs(moved[point, 0] / size, 1.0 + 1 / rate) * size
        assert steadied[point, 0] == pytest.approx(expected, abs=1e-9)


def test_the_filter_holds_still_what_trembles_and_follows_what_moves(
    random: np.random.Generator,
) -> None:
    face = random.uniform(0, 300, (478, 3))
    filter_ = LandmarkFilter()
    trembling = [
        filter_.update(face + random.normal(0, 0.3, face.shape), i / 30) for i in range(60)
    ]
    assert np.std(trembling[30:], axis=0).mean() < 0.1
    for index in range(60, 66):
        value = filter_.update(face + 20.0 * (index - 59), index / 30)
    assert np.abs(value - face - 120.0).max() < 10.0


def test_after_a_restart_landmarks_come_as_they_are(random: np.random.Generator) -> None:
    face = random.uniform(0, 300, (478, 3))
    filter_ = LandmarkFilter()
    for index in range(3):
        filter_.update(face, index / 30)
    filter_.restart()
    np.testing.assert_array_equal(filter_.update(face + 50.0, 0.1), face + 50.0)
