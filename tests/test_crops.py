"""Crops against upstream's own (tests/data/crops)."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.crop_filter import CropFilter
from engine.geometry import Array
from engine.landmarker.mediapipe import MediaPipeLandmarker
from engine.regressors import (
    REGRESSORS,
    Regressor,
    RegressorName,
    deca,
    expnet,
    open_regressor,
    smirk,
)
from engine.regressors.crops import BROWS_TO_CHIN, CropBox
from engine.runtime import RuntimeSettings
from engine.runtime.cropping import crop_image
from tests.faces import face_model, photograph
from tests.hollow_regressors import DECA, EXPNET, SMIRK, write_network

UPSTREAM: dict[str, NDArray[np.float64]] = dict(
    np.load(Path(__file__).parent / "data" / "crops" / "upstream.npz")
)
IMAGE = np.ascontiguousarray(UPSTREAM["image_rgb"][:, :, ::-1]).astype(np.uint8)
FACES = range(3)
EVERY = slice(None, None, 8)


def opened(folder: Path, name: RegressorName) -> Regressor:
    """The regressor with a network that computes nothing."""
    sizes = {"smirk": SMIRK, "deca": DECA, "emoca": DECA, "expnet": EXPNET}[name]
    write_network(folder / f"{name}.onnx", sizes, side=227 if name == "expnet" else 224)
    return open_regressor(name, folder, RuntimeSettings(threads=1))


def mesh(points: Array) -> Array:
    """MediaPipe's 478 landmarks, of which these (68, 2) are iBUG's and the rest lie among them."""
    landmarks = np.tile(points.mean(axis=0), (478, 1))
    landmarks[BROWS_TO_CHIN] = points
    return np.pad(landmarks, ((0, 0), (0, 1)))


def looked_at(folder: Path, name: RegressorName, points: Array) -> Array:
    """image_from_crop of the box that the regressor asks for."""
    regressor = opened(folder, name)
    matrix = regressor.regress(IMAGE, regressor.box(mesh(points))).image_from_crop
    regressor.close()
    return matrix


def inverse(crop_from_image: Array) -> Array:
    return np.asarray(np.linalg.inv(crop_from_image)[:2], np.float64)


@pytest.mark.parametrize("face", FACES)
def test_smirk_sees_upstreams_crop(tmp_path: Path, face: int) -> None:
    matrix = looked_at(tmp_path, "smirk", UPSTREAM["landmarks"][face])
    assert matrix == pytest.approx(inverse(UPSTREAM["smirk_crop_from_image"][face]), abs=1e-9)
    seen = crop_image(IMAGE, matrix, smirk.CROP)[0, :, EVERY, EVERY].transpose(1, 2, 0) * 255
    assert np.abs(seen - UPSTREAM["smirk_crop"][face]).max() < 1.01  # a grey level


@pytest.mark.parametrize("name", ["deca", "emoca"])
@pytest.mark.parametrize("face", FACES)
def test_deca_and_emoca_see_upstreams_crop(tmp_path: Path, face: int, name: RegressorName) -> None:
    matrix = looked_at(tmp_path, name, UPSTREAM["landmarks"][face])
    assert matrix == pytest.approx(inverse(UPSTREAM["deca_crop_from_image"][face]), abs=1e-4)
    seen = crop_image(IMAGE, matrix, deca.CROP)[0, :, EVERY, EVERY]
    assert np.abs(seen - UPSTREAM["deca_crop"][face]).max() < 2e-3


@pytest.mark.parametrize("face", FACES)
def test_expnet_sees_upstreams_crop_in_upstreams_colour_order(tmp_path: Path, face: int) -> None:
    x, y, width, height = UPSTREAM["expnet_xywh"][face]
    corners = np.array([[x, y], [x + width, y + height]])
    matrix = looked_at(tmp_path, "expnet", np.resize(corners, (68, 2)))
    seen = crop_image(IMAGE, matrix, expnet.CROP)[0, :, EVERY, EVERY].transpose(1, 2, 0)
    difference = np.abs(seen - UPSTREAM["expnet_crop_bgr"][face])
    assert difference.mean() < 0.5 and difference.max() < 8.0  # OpenCV resizes in whole numbers


@pytest.mark.parametrize("name", REGRESSORS)
def test_the_unrounded_box_follows_a_face_by_fractions_of_a_pixel(
    tmp_path: Path, name: RegressorName
) -> None:
    regressor = opened(tmp_path, name)
    points = mesh(UPSTREAM["landmarks"][0])
    boxes = [regressor.unrounded_box(points * (1.0 + step / 1e4)) for step in range(10)]
    whole = [regressor.box(points * (1.0 + step / 1e4)) for step in range(10)]
    regressor.close()
    assert np.diff([box.size for box in boxes]) == pytest.approx(boxes[0].size / 1e4)
    assert all(box.size == int(box.size) for box in whole)
    assert all(abs(a.size - b.size) <= 1.0 for a, b in zip(boxes, whole, strict=True))


def test_the_box_of_deca_spans_brows_to_chin_of_a_real_face() -> None:
    with MediaPipeLandmarker(face_model(), follow=False) as landmarker:
        detection = landmarker.detect(photograph(), 0.0)
    assert detection is not None
    points = detection.landmarks[:, :2]
    inside = points[BROWS_TO_CHIN]
    forehead, chin, brow = points[10, 1], points[152, 1], points[105, 1]
    assert inside[:, 1].max() == pytest.approx(chin, abs=1.0)
    assert inside[:, 1].min() == pytest.approx(brow, abs=0.05 * (chin - forehead))
    assert np.ptp(inside[:, 0]) == pytest.approx(np.ptp(points[:468, 0]), rel=0.05)
    assert len(set(BROWS_TO_CHIN.tolist())) == 68


def test_landmarks_of_the_box_come_in_mirrored_pairs() -> None:
    with MediaPipeLandmarker(face_model(), follow=False) as landmarker:
        detection = landmarker.detect(photograph(), 0.0)
    assert detection is not None
    head = np.linalg.inv(detection.camera_from_head[:3, :3])
    points = (detection.landmarks * (1.0, -1.0, -1.0)) @ head.T  # upright and facing us
    points -= points[[4]]
    width = np.ptp(points[:, 0])
    for x, y, _ in points[BROWS_TO_CHIN]:
        nearest = np.hypot(points[BROWS_TO_CHIN, 0] + x, points[BROWS_TO_CHIN, 1] - y).min()
        assert nearest < 0.06 * width


def jittering(random: np.random.Generator, count: int) -> list[CropBox]:
    return [
        CropBox(*(np.array([300.0, 200.0, 250.0]) + random.normal(scale=1.0, size=3)))
        for _ in range(count)
    ]


def test_the_crop_of_a_resting_face_rests(random: np.random.Generator) -> None:
    crop = CropFilter()
    boxes = jittering(random, 150)
    steady = [crop.update(box, i / 30) for i, box in enumerate(boxes)]
    sizes = [np.std([box.size for box in some[60:]]) for some in (boxes, steady)]
    assert sizes[1] < 0.35 * sizes[0]


def test_the_crop_of_a_moving_face_keeps_up(random: np.random.Generator) -> None:
    crop = CropFilter()
    for i, box in enumerate(jittering(random, 60)):
        crop.update(box, i / 30)
    for i in range(60, 75):  # 12 pixels a picture, a quick turn
        there = CropBox(300.0 + 12 * (i - 59), 200.0, 250.0)
        seen = crop.update(there, i / 30)
        assert abs(seen.x - there.x) < 0.1 * there.size
    assert seen.x == pytest.approx(there.x, abs=5.0)


def test_a_face_that_is_back_is_cropped_where_it_is(random: np.random.Generator) -> None:
    crop = CropFilter()
    for i, box in enumerate(jittering(random, 30)):
        crop.update(box, i / 30)
    crop.restart()
    there = CropBox(900.0, 100.0, 80.0)
    assert crop.update(there, 2.0) == there
