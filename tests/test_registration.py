from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.blendshapes import INDEX
from models.heads.correspondence import (
    FLAME_VERTICES,
    Correspondence,
    carried_actions,
    flame_correspondence,
)
from models.heads.free import FreeHead, load_free_head
from models.heads.mesh import triangles_of
from models.heads.registration import register
from tests.face_people import other_person

Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def free_head() -> FreeHead:
    return load_free_head().subdivided()


@pytest.fixture(scope="module")
def registered(free_head: FreeHead) -> tuple[Correspondence, Array, Array]:
    """Of a person who looks quite different: with the vertices and their true places."""
    ada = other_person("ada", (0.0, 1.5, 0.02))
    return register(free_head, ada.vertices, ada.faces), ada.vertices, ada.places


def found_places(free_head: FreeHead, correspondence: Correspondence) -> Array:
    positions = free_head.positions.astype(np.float64)
    return correspondence.places.on(positions, triangles_of(free_head.quads))


def face_of(places: Array, correspondence: Correspondence) -> NDArray[np.bool_]:
    high, low = places[:, 1] < 0.07, places[:, 1] > -0.12
    return (correspondence.trust > 0.5) & (places[:, 2] > -0.02) & high & low


def test_another_persons_vertices_find_their_places(
    free_head: FreeHead, registered: tuple[Correspondence, Array, Array]
) -> None:
    correspondence, _, true_places = registered
    off = np.linalg.norm(found_places(free_head, correspondence) - true_places, axis=1)
    face = face_of(true_places, correspondence)
    assert np.count_nonzero(face) > 1000
    assert off[face].mean() < 0.002


def test_no_lip_is_taken_for_the_other(
    free_head: FreeHead, registered: tuple[Correspondence, Array, Array]
) -> None:
    correspondence, _, true_places = registered
    moved = np.linalg.norm(
        carried_actions(free_head, correspondence, true_places)[INDEX["jawOpen"]], axis=1
    )
    x, y, _ = true_places.T
    lips = face_of(true_places, correspondence) & (np.abs(x) < 0.018)
    upper, lower = lips & (y > -0.069) & (y < -0.06), lips & (y < -0.074) & (y > -0.085)
    assert moved[upper].max() < 0.015 < 0.025 < moved[lower].min()


def test_eyeballs_are_not_trusted(
    free_head: FreeHead, registered: tuple[Correspondence, Array, Array]
) -> None:
    correspondence, _, true_places = registered
    side = np.where(true_places[:, 0] > 0, 0, 1)
    distances = np.linalg.norm(true_places - free_head.eye_centers[side], axis=1)
    eyeballs = np.abs(distances - free_head.eye_radius) < 1e-6
    assert np.count_nonzero(eyeballs) > 100
    assert (correspondence.trust[eyeballs] == 0).all()


def test_actions_are_carried_in_the_other_heads_size(
    free_head: FreeHead, registered: tuple[Correspondence, Array, Array]
) -> None:
    correspondence, vertices, _ = registered
    metres = carried_actions(free_head, correspondence, vertices)
    micrometres = carried_actions(free_head, correspondence, vertices * 1e6)
    np.testing.assert_allclose(micrometres, metres * 1e6, rtol=1e-6)
    assert 0.03 < np.linalg.norm(metres[INDEX["jawOpen"]], axis=1).max() < 0.05


def test_flames_places_lie_on_the_free_heads_skin(free_head: FreeHead) -> None:
    correspondence = flame_correspondence()
    places = correspondence.places
    assert len(places.triangles) == len(correspondence.trust) == FLAME_VERTICES
    np.testing.assert_allclose(places.barycentric.sum(axis=1), 1.0)
    assert places.barycentric.min() >= -1e-9
    skin = free_head.part("skin")
    trusted = correspondence.trust > 0
    quads = places.triangles[trusted] // 2
    assert ((quads >= skin.first_quad) & (quads < skin.first_quad + skin.quad_count)).all()
    assert (correspondence.trust[-2 * 546 :] == 0).all()  # the eyeballs come last in FLAME


def test_flames_places_are_as_many_on_both_sides(free_head: FreeHead) -> None:
    correspondence = flame_correspondence()
    x = found_places(free_head, correspondence)[correspondence.trust > 0.5, 0]
    left, right = np.count_nonzero(x > 1e-4), np.count_nonzero(x < -1e-4)
    assert left > 1000 and abs(left - right) < 0.03 * left
