"""Which place of the free head a vertex of another head corresponds to.

The free head is laid on the other one as a whole, then bent by a smooth warp that grows softer
from step to step: every sample is pulled to the plane of the nearest vertex that faces as it does
(non-rigid iterative closest points; Amberg, Romdhani, Vetter, Optimal step nonrigid ICP algorithms
for surface registration, 2007, for the idea). Landmarks, where there are any, hold it in place. At
last each vertex takes the nearest place of the bent head.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.heads.alignment import Similarity, similarity
from models.heads.closest_places import Nearest, Surface
from models.heads.correspondence import Correspondence
from models.heads.free import FreeHead
from models.heads.mesh import triangles_of, vertex_normals
from models.heads.surface_points import SurfacePoints
from models.heads.warp import Pulls, fitted_warp, spread_points, squared_distances

Array = NDArray[np.float64]
Integers = NDArray[np.integer]
Booleans = NDArray[np.bool_]

MIRROR = np.array([-1.0, 1.0, 1.0])
SIMILAR_STEPS = 30
STIFFNESS = (1.0, 1.0, 1.0, 0.3, 0.3, 0.1, 0.1, 0.1, 0.03, 0.03, 0.01, 0.01)  # of each step
CENTERS, SAMPLES = 130, 750  # on one half of the head; the other half mirrors them
MOST_VERTICES, MOST_FACES = 5023, 10_000  # of a finer mesh only about so many are looked at
LANDMARK_PULL = 20.0  # of a landmark, in samples
SIDEWAYS_PULL = 0.1  # of a sample in its plane, against 1 across it
FEWEST_PAIRS = 10
TURN, LAST_TURN = 0.015, 0.004  # m that count as normals differing by 1; for the places at last
FAR, NEAR = 0.015, 0.004  # m between sample and vertex that still count in the first, last step
TRUSTED, MISTRUSTED = 0.003, 0.006  # m between a vertex and its place
SOCKET_RADIUS = 0.024  # m from an eye's centre
LOWEST = -0.13  # m: what is lower is no face


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Pairs of points, (L, 3) m each: on the free head and on the other one."""

    free: Array
    other: Array


def register(
    head: FreeHead, vertices: Array, faces: Integers, landmarks: Landmarks | None = None
) -> Correspondence:
    """Of another neutral head's vertices (V, 3) m and faces (F, 3); axes as in geometry.py.

    head: subdivided. Of a mesh of more than MOST_VERTICES only so many vertices get a place, the
    others no trust. Without landmarks the tips of the two noses are laid upon each other first,
    and both heads must look straight ahead.
    """
    triangles = triangles_of(head.quads)
    positions = head.positions.astype(np.float64)
    facing = vertex_normals(positions, head.quads)
    skin = _outer_skin(head, positions, facing)
    samples = _spread_in_pairs(positions, skin & _steady(head), SAMPLES)
    piece = largest_piece(len(vertices), faces)
    in_piece = np.isin(faces[:, 0], piece).nonzero()[0]
    sparse = in_piece[:: -(-len(in_piece) // MOST_FACES)]  # the gaps are small against a face
    target = Surface(vertices, faces, sparse, turn=TURN)

    if landmarks is None:
        tip = vertices[piece[vertices[piece, 2].argmax()]]
        few = samples[::3]
        whole = _laid_on(positions[few], facing[few], target, tip)
        fixed: tuple[Pulls, ...] = ()
    else:
        whole = similarity(landmarks.free, landmarks.other)
        start = whole.of(landmarks.free)
        pull = np.full(len(start), LANDMARK_PULL)
        fixed = (Pulls(start, landmarks.other - start, pull),)
    laid, facing = whole.of(positions), facing @ whole.turn.T
    centers = laid[_spread_in_pairs(positions, skin, CENTERS)]
    bent = laid[samples]
    for step, stiffness in enumerate(STIFFNESS):
        near = target.nearest(bent, facing[samples])
        weights = _weights(near, max(NEAR, FAR * (1 - step / len(STIFFNESS))))
        offsets = near.points - laid[samples]
        pulls = Pulls(laid[samples], offsets, weights, near.normals, SIDEWAYS_PULL)
        warp = fitted_warp(centers, (pulls, *fixed), stiffness)
        bent = warp.of(laid[samples])

    outer = np.flatnonzero(skin[triangles].all(axis=1))
    looked = piece[:: -(-len(piece) // MOST_VERTICES)]
    near = Surface(warp.of(laid), triangles, outer, turn=LAST_TURN).nearest(
        vertices[looked], vertex_normals(vertices, faces[:, [0, 1, 2, 0]])[looked]
    )
    places = SurfacePoints(np.zeros(len(vertices), np.int64), np.zeros((len(vertices), 3)))
    places.triangles[looked] = near.places.triangles
    places.barycentric[looked] = near.places.barycentric
    trust = np.zeros(len(vertices))
    trust[looked] = np.clip((MISTRUSTED - near.distances) / (MISTRUSTED - TRUSTED), 0.0, 1.0)
    trust[looked] *= np.clip((near.agreement - 0.2) / 0.4, 0.0, 1.0)
    return Correspondence(places, trust)


def largest_piece(vertex_count: int, faces: Integers) -> NDArray[np.intp]:
    """Sorted vertices of the largest connected part of a mesh: the skin, without the eyeballs."""
    label = np.arange(vertex_count)
    while True:
        lowest = label[faces].min(axis=1)
        spread = label.copy()
        np.minimum.at(spread, faces.ravel(), np.repeat(lowest, 3))
        spread = spread[spread]
        if np.array_equal(spread, label):
            break
        label = spread
    return np.flatnonzero(label == np.bincount(label).argmax())


def _outer_skin(head: FreeHead, positions: Array, facing: Array) -> Booleans:
    """(V,): skin that is seen from outside: not in the mouth, not in the eyes' sockets."""
    skin = np.zeros(len(positions), bool)
    skin[head.part_vertices("skin")] = True
    side = np.where(positions[:, 0] > 0, 0, 1)
    ray = positions - head.eye_centers[side]
    distance = np.linalg.norm(ray, axis=1)
    in_socket = (distance < SOCKET_RADIUS) & ((facing * ray).sum(axis=1) < 0.15 * distance)
    outer: Booleans = skin & (head.masks.inner_mouth < 0.5) & ~in_socket
    return outer


def _steady(head: FreeHead) -> Booleans:
    """(V,): what surfaces alone can match. Lids fold and ears curl differently on every head."""
    near_eyes = np.abs(head.positions[:, 1]) < 0.022
    high = head.positions[:, 1] > LOWEST
    steady: Booleans = high & (head.masks.ears < 0.5) & ~((head.masks.lids > 0.02) & near_eyes)
    return steady


def _spread_in_pairs(positions: Array, chosen: Booleans, count: int) -> NDArray[np.intp]:
    """`count` well spread vertices of the left half and those that mirror them."""
    left = np.flatnonzero(chosen & (positions[:, 0] > -1e-6))
    left = left[spread_points(positions[left], count)]
    right = np.flatnonzero(chosen & (positions[:, 0] < 1e-6))
    mirrors = squared_distances(positions[left] * MIRROR, positions[right]).argmin(axis=1)
    return np.concatenate([left, right[mirrors]])


def _laid_on(points: Array, facing: Array, target: Surface, tip: Array) -> Similarity:
    """The similarity by iterative closest points, from nose on nose; distant pairs do not count."""
    whole = Similarity(1.0, np.eye(3), tip - points[points[:, 2].argmax()])
    for step in range(SIMILAR_STEPS):
        near = target.nearest(whole.of(points), facing @ whole.turn.T)
        weights = _weights(near, 2 * FAR * (1 - step / SIMILAR_STEPS) + NEAR)
        if np.count_nonzero(weights > 0.1) < FEWEST_PAIRS:
            break
        whole = similarity(points, near.points, weights)
    return whole


def _weights(near: Nearest, reach: float) -> Array:
    weights: Array = np.exp(-((near.distances / reach) ** 2)) * (near.agreement > 0.5)
    return weights
