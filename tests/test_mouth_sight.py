"""A real photograph, and things painted before its mouth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.geometry import Array
from engine.landmarker.session import SessionLandmarker
from engine.mouth_sight import EXPERIENCE, MouthSight
from engine.runtime import RuntimeSettings
from tests.faces import face_model, photograph

RATE = 30.0
LEARNING = round(EXPERIENCE * RATE) + 5  # pictures


@pytest.fixture(scope="module")
def landmarks(face_networks: Path) -> Array:
    with SessionLandmarker.open(face_model(), face_networks, RuntimeSettings()) as landmarker:
        detection = landmarker.search(photograph())
    assert detection is not None
    return np.asarray(detection.landmarks)


def told(pictures: list[NDArray[np.uint8]], landmarks: Array) -> list[bool]:
    """Of each picture, after the photograph was seen for a while."""
    sight = MouthSight()
    seen = [photograph()] * LEARNING + pictures
    result = [sight.update(image, landmarks, i / RATE) for i, image in enumerate(seen)]
    assert not any(result[:LEARNING])
    return result[LEARNING:]


def with_ball(landmarks: Array, color: tuple[int, int, int]) -> NDArray[np.uint8]:
    image = photograph()
    x, y = landmarks[[13, 14], :2].mean(axis=0)
    size = 0.2 * float(np.ptp(landmarks[:, 0]))
    cv2.circle(image, (round(x), round(y)), round(size), color, -1)
    return image


@pytest.mark.parametrize("color", [(28, 25, 25), (240, 240, 240), (160, 60, 40)])
def test_a_thing_before_the_mouth_is_noticed_at_once(
    landmarks: Array, color: tuple[int, int, int]
) -> None:
    assert all(told([with_ball(landmarks, color)] * 30, landmarks))


def test_it_is_noticed_that_the_thing_is_gone(landmarks: Array) -> None:
    pictures = [with_ball(landmarks, (28, 25, 25))] * 60 + [photograph()] * 2
    assert told(pictures, landmarks)[-2:] == [False, False]


def test_what_stays_becomes_the_face(landmarks: Array) -> None:
    assert not told([with_ball(landmarks, (28, 25, 25))] * 900, landmarks)[-1]


def test_another_light_is_not_a_thing(landmarks: Array) -> None:
    light = np.array([0.5, 0.6, 0.7])
    darker = (photograph() * light).astype(np.uint8)
    assert not any(told([darker] * 30, landmarks))


def test_a_mouth_that_opens_wide_is_not_a_thing(landmarks: Array) -> None:
    """Below the upper lip the face is stretched and the hole is black, as if it screamed."""
    points = landmarks[:, :2]
    top, chin = float(points[13, 1]), float(points[152, 1])
    fall = 0.35 * (chin - top)
    image = photograph()
    rows = np.arange(image.shape[0], dtype=np.float32)
    source = np.where(rows < top, rows, np.maximum(rows - fall, top))
    across = np.arange(image.shape[1], dtype=np.float32)
    x, y = np.meshgrid(across, source.astype(np.float32))
    opened = cv2.remap(image, x, y, cv2.INTER_LINEAR)
    middle = (round(float(points[13, 0])), round(top + fall / 2))
    half = (round(0.35 * float(abs(points[61, 0] - points[291, 0]))), round(fall / 2))
    cv2.ellipse(opened, middle, half, 0, 0, 360, (25, 20, 40), -1)
    moved = landmarks.copy()
    moved[points[:, 1] > top + 1.0, 1] += fall
    sight = MouthSight()
    for i in range(LEARNING):
        sight.update(photograph(), landmarks, i / RATE)
    now = [sight.update(opened, moved, (LEARNING + i) / RATE) for i in range(30)]
    assert not any(now)


def test_another_person_is_not_a_thing_before_the_first(landmarks: Array) -> None:
    sight = MouthSight()
    for i in range(LEARNING):
        sight.update(photograph(), landmarks, i / RATE)
    other = 255 - photograph()
    elsewhere = np.roll(other, 300, axis=1)
    moved = landmarks + np.array([300.0, 0.0, 0.0])
    assert not sight.update(elsewhere, moved, LEARNING / RATE)
    later = 10.0 + LEARNING / RATE
    assert not any(sight.update(photograph(), landmarks, later + i / RATE) for i in range(40))
