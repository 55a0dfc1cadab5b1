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
from models.heads.closest_places import closest_places
from models.heads.correspondence import Correspondence
from models.heads.free import FreeHead
from models.heads.mesh import triangles_of, vertex_normals
from models.heads.warp import Pulls, fitted_warp, spread_points, squared_distances

Array = NDArray[np.float64]
Integers = NDArray[np.integer]
Booleans = NDArray[np.bool_]

MIRROR = np.array([-1.0, 1.0, 1.0])
SIMILAR_STEPS = 30
STIFFNESS = (1.0, 1.0, 1.0, 0.3, 0.3, 0.1, 0.1, 0.1, 0.03, 0.03, 0.01, 0.01)  # of each step
CENTERS, SAMPLES = 130, 750  # on one half of the head; the other half mirrors them
MOST_TARGETS = 6000  # vertices of the other head that samples are pulled to
LANDMARK_PULL = 20.0  # of a landmark, in samples
SIDEWAYS_PULL = 0.1  # of a sample in its plane, against 1 across it
TURN = 0.01  # m that count as much as two normals a unit apart
FAR, NEAR = 0.015, 0.004  # m between sample and vertex that still count in the first, last step
TRUSTED, MISTRUSTED = 0.003, 0.006  # m between a vertex and its place
SOCKET_RADIUS = 0.024  # m from an eye's centre
LOWEST = -0.13  # m, of the free head's samples: the chin is higher


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Pairs of points, (L, 3) m each: on the free head and on the other one."""

    free: Array
    other: Array


def register(
    head: FreeHead, vertices: Array, faces: Integers, landmarks: Landmarks | None = None
) -> Correspondence:
    """Of another neutral head's vertices (V, 3) m and faces (F, 3); axes as in geometry.py.

    head: subdivided. Without landmarks the tips of the two noses are laid upon each other first,
    and both heads must look straight ahead.
    """
    triangles = triangles_of(head.quads)
    positions = head.positions.astype(np.float64)
    facing = vertex_normals(positions, head.quads)
    skin = _outer_skin(head, positions, facing)
    pulled = skin & _steady(head) & (positions[:, 1] > LOWEST)
    samples = _spread_in_pairs(positions, pulled, SAMPLES)
    all_facing = vertex_normals(vertices, faces[:, [0, 1, 2, 0]])
    piece = largest_piece(len(vertices), faces)
    chosen = (
        piece[spread_points(vertices[piece], MOST_TARGETS)] if len(piece) > MOST_TARGETS else piece
    )
    target, target_facing = vertices[chosen], all_facing[chosen]

    if landmarks is None:
        whole = _laid_on(positions[samples], facing[samples], target, target_facing)
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
        reach = max(NEAR, FAR * (1 - step / len(STIFFNESS)))
        nearest, weights = _nearest(bent, facing[samples], target, target_facing, reach)
        pulls = Pulls(
            laid[samples],
            target[nearest] - laid[samples],
            weights,
            target_facing[nearest],
            SIDEWAYS_PULL,
        )
        warp = fitted_warp(centers, (pulls, *fixed), stiffness)
        bent = warp.of(laid[samples])

    outer = np.flatnonzero(skin[triangles].all(axis=1))
    places, gaps, agreement = closest_places(vertices, all_facing, warp.of(laid), triangles, outer)
    trust = np.clip((MISTRUSTED - gaps) / (MISTRUSTED - TRUSTED), 0.0, 1.0)
    trust *= np.clip((agreement - 0.2) / 0.4, 0.0, 1.0)
    trust[np.setdiff1d(np.arange(len(vertices)), piece)] = 0.0
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
    steady: Booleans = (head.masks.ears < 0.5) & ~((head.masks.lids > 0.02) & near_eyes)
    return steady


def _spread_in_pairs(positions: Array, chosen: Booleans, count: int) -> NDArray[np.intp]:
    """`count` well spread vertices of the left half and those that mirror them."""
    left = np.flatnonzero(chosen & (positions[:, 0] > -1e-6))
    left = left[spread_points(positions[left], count)]
    right = np.flatnonzero(chosen & (positions[:, 0] < 1e-6))
    mirrors = squared_distances(positions[left] * MIRROR, positions[right]).argmin(axis=1)
    return np.concatenate([left, right[mirrors]])


def _laid_on(points: Array, facing: Array, target: Array, target_facing: Array) -> Similarity:
    """The similarity by iterative closest points, from nose on nose; distant pairs do not count."""
    tips = points[points[:, 2].argmax()], target[target[:, 2].argmax()]
    whole = Similarity(1.0, np.eye(3), tips[1] - tips[0])
    for step in range(SIMILAR_STEPS):
        reach = 2 * FAR * (1 - step / SIMILAR_STEPS) + NEAR
        turned = facing @ whole.turn.T
        nearest, weights = _nearest(whole.of(points), turned, target, target_facing, reach)
        if np.count_nonzero(weights > 0.1) < 10:
            break
        whole = similarity(points, target[nearest], weights)
    return whole


def _nearest(
    points: Array, facing: Array, target: Array, target_facing: Array, reach: float
) -> tuple[NDArray[np.intp], Array]:
    """(N,) the fitting vertex for each point, and (N,) how much it counts."""
    here = np.concatenate([points, TURN * facing], axis=1)
    there = np.concatenate([target, TURN * target_facing], axis=1)
    nearest = squared_distances(here, there).argmin(axis=1)
    gaps = ((points - target[nearest]) ** 2).sum(axis=1)
    agrees = (facing * target_facing[nearest]).sum(axis=1) > 0.5
    return nearest, np.exp(-gaps / reach**2) * agrees
