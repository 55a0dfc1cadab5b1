"""A real photograph, and things painted before its mouth."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.occluders import THINGS, place
from engine.geometry import Array
from engine.landmarker.session import SessionLandmarker
from engine.mouth_sight import EXPERIENCE, LONG_PATIENCE, MEMORY, PATIENCE, MouthSight
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


def told_in_grey(pictures: list[NDArray[np.uint8]], landmarks: Array) -> list[bool]:
    """The same by a camera that sees no colours."""
    sight = MouthSight()
    result = []
    for i, image in enumerate([photograph()] * LEARNING + pictures):
        grey = np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[:, :, None], 3, axis=2)
        result.append(sight.update(grey, landmarks, i / RATE))
    assert not any(result[:LEARNING])
    return result[LEARNING:]


def with_ball(landmarks: Array, color: tuple[int, int, int]) -> NDArray[np.uint8]:
    image = photograph()
    x, y = landmarks[[13, 14], :2].mean(axis=0)
    size = 0.2 * float(np.ptp(landmarks[:, 0]))
    cv2.circle(image, (round(x), round(y)), round(size), color, -1)
    return image


def with_thing(landmarks: Array, thing: str) -> NDArray[np.uint8]:
    """One of the benchmark's things before the mouth, from below."""
    image = photograph()
    x, y = landmarks[[13, 14], :2].mean(axis=0).tolist()
    width = float(np.ptp(landmarks[:468, 0]))
    THINGS[thing](image, place(photograph(), landmarks, (x, y), (0.0, 1.0), width))
    return image


@pytest.mark.parametrize("color", [(28, 25, 25), (240, 240, 240), (160, 60, 40)])
def test_a_thing_before_the_mouth_is_noticed_at_once(
    landmarks: Array, color: tuple[int, int, int]
) -> None:
    assert all(told([with_ball(landmarks, color)] * 30, landmarks))


def test_it_is_noticed_that_the_thing_is_gone(landmarks: Array) -> None:
    pictures = [with_ball(landmarks, (28, 25, 25))] * 60 + [photograph()] * 2
    assert told(pictures, landmarks)[-2:] == [False, False]


@pytest.mark.parametrize("thing", ["hand", "palm", "round-hand", "round-palm"])
def test_a_hand_of_the_faces_own_colour_is_noticed(landmarks: Array, thing: str) -> None:
    """On a face that turns in its light, so that no colour of it stays what it was."""
    sight = MouthSight()
    below = round(float(landmarks[4, 1]))

    def hidden(i: int, image: NDArray[np.uint8]) -> bool:
        light = 0.85 + 0.2 * math.sin(i)
        image[below:] = (light * image[below:]).astype(np.uint8)
        return sight.update(image, landmarks, i / RATE)

    assert not any(hidden(i, photograph()) for i in range(LEARNING))
    covered = range(LEARNING, LEARNING + 30)
    assert all(hidden(i, with_thing(landmarks, thing)) for i in covered)


@pytest.mark.parametrize("thing", ["nothing", "round-palm"])
def test_a_camera_without_colours_tells_a_hand_from_a_mouth(landmarks: Array, thing: str) -> None:
    hidden = told_in_grey([with_thing(landmarks, thing)] * 30, landmarks)
    assert all(one is (thing != "nothing") for one in hidden)


def test_what_stays_becomes_the_face_where_no_lips_tell_which_is_one(landmarks: Array) -> None:
    pictures = [with_thing(landmarks, "round-palm")] * round((PATIENCE + 1.0) * RATE)
    hidden = told_in_grey(pictures, landmarks)
    assert hidden[round((PATIENCE - 1.0) * RATE)] and not hidden[-1]


def test_what_stays_without_lips_is_long_no_face_and_the_face_is_known_again(
    landmarks: Array,
) -> None:
    stays = round((LONG_PATIENCE + 2.0) * RATE)
    hidden = told([with_ball(landmarks, (28, 25, 25))] * stays + [photograph()] * 60, landmarks)
    assert all(hidden[: round((LONG_PATIENCE - 1.0) * RATE)])
    assert not hidden[stays - 1], "it may be the face in a light that shows no lips"
    assert not any(hidden[stays:])


def test_a_mouth_that_was_hidden_from_the_first_is_soon_believed(landmarks: Array) -> None:
    sight = MouthSight()
    hand = with_thing(landmarks, "round-palm")
    for i in range(LEARNING):
        sight.update(hand, landmarks, i / RATE)
    soon = LEARNING + round((EXPERIENCE + MEMORY) * RATE)
    told = [sight.update(photograph(), landmarks, i / RATE) for i in range(LEARNING, soon)]
    assert told[0] and not told[-1]


@pytest.mark.parametrize("towards", [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)])
def test_a_lamp_at_the_side_is_not_a_thing(landmarks: Array, towards: tuple[float, float]) -> None:
    image = photograph().astype(np.float64)
    points = landmarks[:468, :2]
    away = (np.indices(image.shape[1::-1]).transpose(2, 1, 0) - points.mean(axis=0)) @ towards
    light = np.exp(1.4 * away / np.ptp(points[:, 0]))
    lit = np.clip(image * light[:, :, None], 0.0, 255.0).astype(np.uint8)
    assert not any(told([lit] * 30, landmarks))


def test_a_shadow_on_the_lower_face_is_not_a_thing(landmarks: Array) -> None:
    shaded = photograph()
    below = round(float(landmarks[4, 1]))
    shaded[below:] = (0.4 * shaded[below:]).astype(np.uint8)
    assert not any(told([shaded] * 30, landmarks))


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
