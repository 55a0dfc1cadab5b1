"""A clip of people who come before a booth's camera, one after the other, for benchmarks.

Their faces are rendered, in several looks, or the built-in clip's. Each stands still for a moment,
as people do before a screen, then talks, smiles, blinks and looks round. Some come two at a time,
some take the place of the one before without a pause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.sources.demo import demo_path
from app.viewer.look import Look
from app.viewer.snapshot import offscreen_context
from benchmarks.rendered_face import RenderedFace, weights_of

Picture = NDArray[np.uint8]

SIZE = (640, 360)  # W, H of the clip
RATE = 5.0  # pictures a second; enough, for the clock runs many times as fast
FACE_SIZE = (480, 360)  # of one person's pictures
BODY = slice(110, 370)  # columns of them that are pasted
STANDS_STILL = 4.0  # s
HOLDS = 0.5  # s for which an expression is held
PLACES = (-0.17, 0.17)  # of the picture's width, from its middle, in turns: a place is a signature
WALL = 60

LOOKS = (
    Look(),
    Look(identity="female", skin="porcelain", hair="bob", hair_color="blond"),
    Look(identity="kofi", skin="deep", hair="cropped", hair_color="black", eyes="brown"),
    Look(identity="mei", skin="beige", hair="swept", hair_color="black", shirt="rust"),
    Look(identity="tomas", skin="olive", hair="bald", stubble=0.7, shirt="white"),
    Look(identity="noor", skin="tan", hair="curly", hair_color="chestnut", shirt="moss"),
)
EXPRESSIONS = (
    (weights_of(), 0.0),
    (weights_of(jawOpen=0.6), 0.0),
    (weights_of(mouthSmile=0.8), 0.1),
    (weights_of(eyeBlink=1.0), 0.0),
    (weights_of(browInnerUp=0.8, jawOpen=0.2), -0.25),
    (weights_of(mouthPucker=0.8), 0.25),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """start, seconds: in the clip. person: number of their pictures. place: see PLACES.
    size: times their pictures' own. light: times their brightness. company: whether somebody else
    stands further back on the other side."""

    start: float
    seconds: float
    person: int
    place: float
    size: float
    light: float
    company: bool


def visits(seconds: float, chance: np.random.Generator) -> tuple[Visit, ...]:
    """Who comes within so many seconds."""
    found: list[Visit] = []
    time = 8.0
    while True:
        stay = float(chance.uniform(7.0, 30.0))
        if time + stay + 8.0 > seconds:
            return tuple(found)
        found.append(
            Visit(
                time,
                stay,
                person=int(chance.integers(len(LOOKS) + 1)),
                place=PLACES[len(found) % 2],
                size=float(chance.uniform(0.75, 0.95)),
                light=float(chance.uniform(0.6, 1.25)),
                company=bool(chance.random() < 0.25),
            )
        )
        pause = 0.0 if chance.random() < 0.15 else float(chance.uniform(4.5, 20.0))
        time += stay + pause


def write_crowd(path: Path, seconds: float, seed: int) -> tuple[Visit, ...]:
    """Write the clip; who comes in it. Raises ViewerError without OpenGL."""
    chance = np.random.default_rng(seed)
    coming = visits(seconds, chance)
    people = [*_rendered(), _filmed()]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), RATE, SIZE)
    for number in range(round(seconds * RATE)):
        writer.write(_picture(number / RATE, coming, people))
    writer.release()
    return coming


def _rendered() -> Iterator[list[Picture]]:
    with offscreen_context() as context:
        for look in LOOKS:
            with RenderedFace(context, look, FACE_SIZE) as face:
                yield [face.picture(weights, yaw) for weights, yaw in EXPRESSIONS]


def _filmed() -> list[Picture]:
    """One picture of the built-in clip each second."""
    film = cv2.VideoCapture(str(demo_path()))
    pictures: list[Picture] = []
    while True:
        ok, image = film.read()
        if not ok:
            break
        pictures.append(np.asarray(cv2.resize(image, FACE_SIZE), np.uint8))
    film.release()
    return pictures[::30]


def _picture(time: float, coming: tuple[Visit, ...], people: list[list[Picture]]) -> Picture:
    width, height = SIZE
    picture = np.full((height, width, 3), WALL, np.uint8)
    for visit in coming:
        if not visit.start <= time < visit.start + visit.seconds:
            continue
        if visit.company:
            other = people[(visit.person + 1) % len(people)]
            _stand(picture, _look(other, time), -visit.place, 0.5 * visit.size)
        since = time - visit.start
        image = _look(people[visit.person], since - STANDS_STILL)
        lit = cv2.convertScaleAbs(image, alpha=visit.light)
        _stand(picture, np.asarray(lit, np.uint8), visit.place, visit.size)
    return picture


def _look(pictures: list[Picture], acting: float) -> Picture:
    """acting: seconds since they began to move; negative: they stand still."""
    return pictures[0 if acting < 0.0 else int(acting / HOLDS) % len(pictures)]


def _stand(picture: Picture, person: Picture, place: float, size: float) -> None:
    """Paste the person, at the lower edge."""
    body = cv2.resize(person[:, BODY], None, fx=size, fy=size)
    height, width = body.shape[:2]
    left = round((0.5 + place) * SIZE[0] - width / 2)
    picture[-height:, left : left + width] = body
