"""The people that the bundled head can be."""

from __future__ import annotations

import numpy as np
import pytest

from models.heads.free import EYES, FreeHead, load_free_head
from tests.heads import front_teeth, hidden, iris, offsets, weights

NAMES = tuple(identity.name for identity in load_free_head().identities)
SHUT_MOUTHS = ("mouthSmile", "mouthPress", "mouthFrown", "mouthStretch", "mouthDimple")


@pytest.fixture(scope="module")
def cage() -> FreeHead:
    return load_free_head()


@pytest.fixture(scope="module")
def smooth(cage: FreeHead) -> FreeHead:
    return cage.subdivided()


@pytest.fixture(scope="module", params=NAMES)
def person(request: pytest.FixtureRequest, cage: FreeHead) -> FreeHead:
    return cage.with_identity(cage.identity(request.param).weights).subdivided()


def test_lips_are_shut_at_rest_and_in_shut_mouth_actions(person: FreeHead) -> None:
    teeth = front_teeth(person)
    for named in ({}, *({name: 1.0} for name in SHUT_MOUTHS)):
        vertices = person.posed(weights(**named))
        assert hidden(person, vertices, vertices[teeth]).all(), named


def test_a_blink_hides_the_iris_and_an_open_eye_shows_it(person: FreeHead) -> None:
    opened, closed = person.posed(weights()), person.posed(weights(eyeBlink=1.0))
    for eye in (0, 1):
        assert hidden(person, opened, iris(person, opened, eye)).mean() < 0.7
        assert hidden(person, closed, iris(person, closed, eye)).all()


def test_lids_never_cut_the_eyeball(person: FreeHead) -> None:
    lids = np.flatnonzero(person.lid_clearance > person.eye_radius)
    assert len(lids) > 500
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        for other in ("eyeSquint", "eyeWide", "eyeLookDown", "eyeLookUp"):
            vertices = person.posed(weights(eyeBlink=share, **{other: 1.0}))[lids]
            center = person.eye_centers[np.where(vertices[:, 0] > 0, 0, 1)]
            distance = np.linalg.norm(vertices - center, axis=1)
            assert distance.min() >= person.eye_radius - 1e-6


def test_another_person_keeps_the_origin_between_the_eyes(person: FreeHead) -> None:
    assert person.eye_centers.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-6)
    assert 0.056 < np.linalg.norm(person.eye_centers[0] - person.eye_centers[1]) < 0.068
    for name, center in zip(EYES, person.eye_centers, strict=True):
        ray = person.positions[person.part_vertices(name)] - center
        assert np.linalg.norm(ray, axis=1) == pytest.approx(person.eye_radius, abs=1e-6)


def test_actions_grow_with_the_distance_of_the_eyes(cage: FreeHead) -> None:
    wide = np.zeros(len(cage.sliders.names))
    wide[cage.sliders.names.index("face_width")] = 1.0

    person = cage.with_identity(wide)

    growth = float(np.linalg.norm(np.diff(person.eye_centers, axis=0)) / 0.062)
    assert growth > 1.05
    assert offsets(person, "jawOpen") == pytest.approx(growth * offsets(cage, "jawOpen"), abs=2e-5)


def test_no_sliders_is_the_average_person(cage: FreeHead) -> None:
    nobody = cage.with_identity(np.zeros(len(cage.sliders.names)))

    assert nobody.positions == pytest.approx(cage.positions, abs=2e-5)


def test_the_named_people_differ(cage: FreeHead) -> None:
    skin = cage.part_vertices("skin")
    faces = [cage.with_identity(identity.weights).positions[skin] for identity in cage.identities]

    assert len(NAMES) >= 6
    for index, face in enumerate(faces):
        for other in faces[:index]:
            assert np.linalg.norm(face - other, axis=1).mean() > 0.001


def test_a_person_made_before_or_after_subdivision_is_the_same(
    cage: FreeHead, smooth: FreeHead
) -> None:
    chosen = cage.identity(NAMES[-1]).weights
    before = cage.with_identity(chosen).subdivided()
    after = smooth.with_identity(chosen)

    assert np.abs(before.positions - after.positions).max() < 5e-4


def test_a_blink_closes_the_widest_eye_too(cage: FreeHead) -> None:
    wide = np.zeros(len(cage.sliders.names))
    for name in ("eye_opening", "eye_inner_opening", "eye_outer_opening"):
        wide[cage.sliders.names.index(name)] = 1.0
    person = cage.with_identity(wide).subdivided()

    closed = person.posed(weights(eyeBlink=0.85))

    assert hidden(person, closed, iris(person, closed, 0)).all()
