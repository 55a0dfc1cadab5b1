"""The right person: who is followed when several are in view, and that it stays the same one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.sources import SourceSettings, open_source
from engine.landmarker import open_landmarker
from engine.landmarker.person import PLACE_MEMORY, PersonChoice, PersonSettings
from engine.landmarker.region import FaceRegion, region_around
from engine.landmarker.session import SessionLandmarker
from engine.runtime import RuntimeSettings
from engine.tracker import TrackerSettings
from tests.faces import face_model, photograph

Image = NDArray[np.uint8]
PICTURE = (640, 480)
RATE = 30.0


def at(x: float, size: float = 150.0) -> FaceRegion:
    return FaceRegion(x, 240.0, size, size, 0.0)


@pytest.mark.parametrize(
    ("settings", "first"),
    [
        (PersonSettings(), 500),
        (PersonSettings("nearest"), 350),
        (PersonSettings("region", (0.0, 0.0, 0.5, 1.0)), 100),
    ],
)
def test_the_first_face_is_chosen_as_the_settings_say(
    settings: PersonSettings, first: float
) -> None:
    faces = [at(100, 120), at(350, 100), at(500, 200)]
    assert PersonChoice(settings).candidates(faces, PICTURE, 0.0)[0].x == first


def test_nobody_in_the_region_is_nobody() -> None:
    choice = PersonChoice(PersonSettings("region", (0.0, 0.0, 0.5, 0.4)))
    assert choice.candidates([at(100), at(500)], PICTURE, 0.0) == []


@pytest.mark.parametrize("region", [(0.5, 0.0, 0.5, 1.0), (0.0, -0.1, 1.0, 1.0)])
def test_a_region_without_a_picture_is_refused(region: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="expected left, top, right, bottom"):
        TrackerSettings(person="region", region=region)


def test_the_place_of_a_lost_face_is_kept_free_of_those_who_were_there_before() -> None:
    choice = PersonChoice(PersonSettings())
    own, other = at(200), at(450, 200)
    choice.follow(own, 0.0)
    for i in range(20):
        assert choice.is_still(own, [own, other], i / RATE)
    lost = 20 / RATE
    assert choice.candidates([other], PICTURE, lost) == []
    assert choice.candidates([other, at(210)], PICTURE, lost + 0.5)[0].x == 210
    assert choice.candidates([other], PICTURE, lost + PLACE_MEMORY + 1.0) == [other]


def test_a_face_alone_may_move_as_it_likes() -> None:
    choice = PersonChoice(PersonSettings())
    choice.follow(at(100), 0.0)
    assert choice.is_still(at(100), [at(100)], 0.0)
    assert choice.is_still(at(500), [at(500)], 0.3)
    assert choice.candidates([at(100)], PICTURE, 0.4) == [at(100)]


@pytest.fixture(scope="module")
def faces() -> tuple[Image, Image]:
    """A photographed face and the rendered one of the built-in clip, about equally large."""
    with open_source(SourceSettings(spec="demo", pace="fast")) as source:
        frame = source.read()
    assert frame is not None
    return (
        np.asarray(cv2.resize(photograph()[20:520, 180:520], (190, 280)), np.uint8),
        np.asarray(cv2.resize(frame.image[60:480, 250:550], (200, 280)), np.uint8),
    )


def picture(*people: tuple[Image, float]) -> Image:
    """Faces cut out as ovals, later ones in front, their middles at those x."""
    scene = np.full((PICTURE[1], PICTURE[0], 3), 90, np.uint8)
    for face, x in people:
        height, width = face.shape[:2]
        oval = np.zeros((height, width), np.uint8)
        axes = (int(width * 0.42), int(height * 0.46))
        cv2.ellipse(oval, (width // 2, height // 2), axes, 0, 0, 360, 255, -1)
        left, top = round(x - width / 2), (PICTURE[1] - height) // 2
        first, last = max(left, 0), min(left + width, PICTURE[0])
        if first < last:
            part = slice(first - left, last - left)
            inside = oval[:, part] > 0
            scene[top : top + height, first:last][inside] = face[:, part][inside]
    return scene


def places(landmarker: SessionLandmarker, pictures: Iterable[Image]) -> list[float | None]:
    found = []
    for index, image in enumerate(pictures):
        detection = landmarker.detect(image, index / RATE)
        found.append(None if detection is None else region_around(detection.landmarks).x)
    return found


@pytest.mark.parametrize("own", [0, 1])
@pytest.mark.parametrize("in_front", [False, True])
def test_somebody_who_passes_before_or_behind_the_face_does_not_take_its_place(
    faces: tuple[Image, Image],
    face_networks: Path,
    own: int,
    in_front: bool,
) -> None:
    way = np.arange(-60.0, 700.0, 12.0)
    performer, passer = faces[own], faces[1 - own]
    pictures = [
        picture((performer, 320), (passer, x))
        if in_front
        else picture((passer, x), (performer, 320))
        for x in way
    ]
    with SessionLandmarker.open(face_model(), face_networks, RuntimeSettings()) as landmarker:
        found = places(landmarker, pictures)
    apart = np.abs(way - 320) > 60
    wrong = [x for x, there in zip(found, apart, strict=True) if there and x and abs(x - 320) > 40]
    assert len(wrong) <= 4, "a few pictures after the two have parted"
    assert found[-1] is not None and abs(found[-1] - 320) < 20
    if not in_front:
        assert None not in found


def test_the_settings_reach_what_looks_at_the_pictures(face_networks: Path) -> None:
    corner = PersonSettings("region", (0.0, 0.0, 0.1, 0.1))
    with open_landmarker(face_model(), face_networks, RuntimeSettings(), corner) as landmarker:
        assert landmarker.detect(photograph(), 0.0) is None
