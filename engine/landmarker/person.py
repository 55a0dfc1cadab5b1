"""Which of the people in the pictures is followed, and that it stays the same one.

The landmark network goes on from where the face was, and so does it go over to a face that passes
before it. Therefore the picture is searched for other people now and then, and in every picture
once there are any: each has a place, a size and a speed, and whoever is where another one was to be
expected is that other one. (Nearest neighbours of predicted places: Bewley et al., SORT, 2016.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.landmarker.region import FaceRegion

Person = Literal["largest", "nearest", "region"]

LOOK_AROUND = 0.2  # s between two searches for others while there are none
COAST = 1.0  # s that somebody who is hidden goes on, and is remembered
PLACE_MEMORY = 2.0  # s that the place of a lost face is kept free of others
SPEED_MEMORY = 0.15  # s
SAME = 1.0  # difference (`_difference`) of a person from where they were expected, at the most
STAYING = 0.1  # difference by which the followed person, seen or hidden, is held to stay so
CLOSE = 1.0  # sizes between two people who may hide one another: their speeds are kept
EITHER = 0.4  # difference between two people, one of whom is hidden: places are kept as well
SIZE_COUNTS = 2.0  # difference for each e-fold of size
SAME_FACE = 0.5  # sizes between where the two networks see one face, at the most


@dataclass(frozen=True, slots=True)
class PersonSettings:
    """Which face is followed when none is; whoever is followed stays so while they are in view.

    person: "largest"; "nearest" to where the last one was, or to the middle of the picture;
            "region": the largest whose middle lies in `region`, or nobody.
    region: left, top, right, bottom as shares of the picture.
    """

    person: Person = "largest"
    region: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        left, top, right, bottom = self.region
        if not (0.0 <= left < right <= 1.0 and 0.0 <= top < bottom <= 1.0):
            raise ValueError(
                f"region is {list(self.region)}; expected left, top, right, bottom, each 0 to 1"
            )


LARGEST = PersonSettings()


class _Track:
    """Somebody on their way."""

    def __init__(self, face: FaceRegion, timestamp: float) -> None:
        self.face = face
        self.seen = timestamp
        self._moved = timestamp
        self._speed = (0.0, 0.0)  # pixels a second

    def expected(self, timestamp: float) -> FaceRegion:
        elapsed = min(max(timestamp - self._moved, 0.0), COAST)
        x, y = self.face.x + elapsed * self._speed[0], self.face.y + elapsed * self._speed[1]
        return FaceRegion(x, y, self.face.width, self.face.height, self.face.rotation)

    def move(self, face: FaceRegion, timestamp: float, *, keep_speed: bool) -> None:
        elapsed = timestamp - self._moved
        if elapsed > 0.0 and not keep_speed:
            share = 1.0 - math.exp(-elapsed / SPEED_MEMORY)
            newest = ((face.x - self.face.x) / elapsed, (face.y - self.face.y) / elapsed)
            self._speed = (
                self._speed[0] + share * (newest[0] - self._speed[0]),
                self._speed[1] + share * (newest[1] - self._speed[1]),
            )
        self.face, self.seen, self._moved = face, timestamp, timestamp


class PersonChoice:
    """Remembers where people are. Timestamps in seconds must not go back."""

    def __init__(self, settings: PersonSettings) -> None:
        self._settings = settings
        self._own: _Track | None = None
        self._hidden = False
        self._others: list[_Track] = []
        self._looked = -math.inf

    def looks_around(self, timestamp: float) -> bool:
        """Whether this picture should be searched for others."""
        return bool(self._others) or timestamp - self._looked >= LOOK_AROUND

    def is_still(self, face: FaceRegion, faces: Sequence[FaceRegion], timestamp: float) -> bool:
        """Whether the face that was followed is the same person as before.

        faces: all in the picture.
        """
        face = next((seen for seen in faces if _sizes_apart(seen, face) < SAME_FACE), face)
        if self._own is None:
            self._own = _Track(face, timestamp)
        known = faces if face in faces else (*faces, face)
        owners = self._met(known, timestamp)
        if owners.get(face) is None:  # gone a long way at once; nobody else was expected there
            self._own.move(face, timestamp, keep_speed=False)
            self._others = [track for track in self._others if track.face is not face]
            return True
        return owners[face] is self._own

    def candidates(
        self, faces: Sequence[FaceRegion], picture: tuple[int, int], timestamp: float
    ) -> list[FaceRegion]:
        """Whom to follow, best first. picture: (W, H)."""
        if self._own is not None and timestamp - self._own.seen <= PLACE_MEMORY:
            known = set(map(id, self._others))
            owners = self._met(faces, timestamp)
            own = [face for face in faces if owners.get(face) is self._own]
            new = [face for face in faces if face not in own and id(owners.get(face)) not in known]
            return own + self._ordered(new, picture)
        self._others = []
        return self._ordered(faces, picture)

    def follow(self, face: FaceRegion, timestamp: float) -> None:
        """This one was chosen."""
        if self._own is None or _difference(face, self._own.expected(timestamp)) > SAME:
            self._own = _Track(face, timestamp)
        self._hidden = False
        self._others = [other for other in self._others if other.face != face]

    def allows(self, face: FaceRegion, picture: tuple[int, int]) -> bool:
        """Whether it is one that may be chosen at all."""
        if self._settings.person != "region":
            return True
        left, top, right, bottom = self._settings.region
        width, height = picture
        return left <= face.x / width <= right and top <= face.y / height <= bottom

    def _ordered(self, faces: Sequence[FaceRegion], picture: tuple[int, int]) -> list[FaceRegion]:
        allowed = [face for face in faces if self.allows(face, picture)]
        if self._settings.person != "nearest":
            return sorted(allowed, key=lambda face: -face.width)
        x, y = picture[0] / 2, picture[1] / 2
        if self._own is not None:
            x, y = self._own.face.x, self._own.face.y
        return sorted(allowed, key=lambda face: math.hypot(face.x - x, face.y - y))

    def _met(self, faces: Sequence[FaceRegion], timestamp: float) -> dict[FaceRegion, _Track]:
        """Whose face each one is; who was not expected becomes another one."""
        self._looked = timestamp
        self._others = [other for other in self._others if timestamp - other.seen <= COAST]
        tracks = [*([] if self._own is None else [self._own]), *self._others]
        expected = [track.expected(timestamp) for track in tracks]
        unlike = [[_difference(face, place) for place in expected] for face in faces]
        if self._own is not None:
            for row in unlike:
                row[0] += STAYING if self._hidden else -STAYING
        pairs = sorted((unlike[i][j], i, j) for i in range(len(faces)) for j in range(len(tracks)))
        owner: dict[int, int] = {}  # by the number of the face
        for difference, i, j in pairs:
            if difference <= SAME and i not in owner and j not in owner.values():
                owner[i] = j
        for i, j in owner.items():
            others = [k for k in range(len(tracks)) if k != j]
            if any(
                k not in owner.values() and unlike[i][k] - unlike[i][j] < EITHER for k in others
            ):
                tracks[j].seen = timestamp
                continue
            close = any(_sizes_apart(expected[j], expected[k]) < CLOSE for k in others)
            tracks[j].move(faces[i], timestamp, keep_speed=close)
        if self._own is not None:
            self._hidden = 0 not in owner.values()
        owners = {faces[i]: tracks[j] for i, j in owner.items()}
        self._others += [_Track(face, timestamp) for face in faces if face not in owners]
        return owners


def _sizes_apart(face: FaceRegion, other: FaceRegion) -> float:
    return math.hypot(face.x - other.x, face.y - other.y) / max(min(face.width, other.width), 1.0)


def _difference(face: FaceRegion, expected: FaceRegion) -> float:
    """Of place and size, in sizes."""
    size = abs(math.log(max(face.width, 1.0) / max(expected.width, 1.0)))
    return _sizes_apart(face, expected) + SIZE_COUNTS * size
