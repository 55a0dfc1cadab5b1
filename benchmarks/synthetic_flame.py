"""A head of FLAME's kind without FLAME: any template, expressions and a jaw made up for it.

Its expression basis is not ARKit's 52 actions: principal components of random mixtures of them and
of bumps that no action has (`mixtures`), or of such bumps alone (`bumps`), scaled to standard
deviations as FLAME's are. Its jaw turns about a joint, with skin weights by distance over the mesh.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES
from models.heads.flame import FlameHead
from models.heads.flame_files import FlameModel

Array = NDArray[np.float64]
Integers = NDArray[np.integer]

Kind = Literal["mixtures", "bumps"]

MIXTURES = 400
BUMPS = 60
BUMP_RADII = (0.01, 0.05)  # m
BUMP_HEIGHT = 0.003  # m
JAW_JOINT = np.array([0.0, -0.027, -0.043])  # m from between the eyes
OTHERWISE_MADE = ("eyeLook", "eyeBlink", "jawOpen", "jawLeft", "jawRight", "tongueOut")
EDGE_STEPS = 80  # edges that a distance over the mesh may have


def read_obj(path: Path) -> tuple[Array, Integers]:
    """(V, 3) vertices and (F, 3) faces of a Wavefront file of triangles."""
    vertices, faces = [], []
    for line in path.read_text().splitlines():
        match line.split():
            case ["v", *numbers]:
                vertices.append([float(number) for number in numbers[:3]])
            case ["f", *corners]:
                faces.append([int(corner.split("/")[0]) - 1 for corner in corners])
    return np.array(vertices), np.array(faces)


def synthetic_flame(
    template: Array,
    faces: Integers,
    actions: Array,
    places: Array,
    random: np.random.Generator,
    *,
    kind: Kind = "mixtures",
    expressions: int = 50,
    eyelids: Array | None = None,
) -> FlameHead:
    """template: (V, 3) m. actions: (52, V, 3) on it. places: (V, 3) where each vertex would be on
    the free head, NaN where nowhere. eyelids: (2, V, 3) m."""
    count = len(template)
    face = np.flatnonzero((places[:, 2] > -0.02) & (places[:, 1] > -0.12) & (places[:, 1] < 0.08))
    basis = np.zeros((count, 3, 100))
    basis[:, :, :expressions] = _basis(template, face, actions, random, kind, expressions)
    weights = np.zeros((count, 5))
    weights[:, 2] = _jaw_weights(template, faces, places)
    weights[:, 1] = 1.0 - weights[:, 2]
    between_eyes = (template - places)[face].mean(axis=0)
    regressor = np.zeros((5, count))  # joints are weighted sums of vertices; only the jaw's matters
    regressor[2, face] = np.linalg.lstsq(
        np.vstack([template[face].T, np.ones(len(face))]),
        np.append(between_eyes + JAW_JOINT, 1.0),
        rcond=None,
    )[0]
    return FlameHead(
        FlameModel(
            template=template,
            faces=faces,
            shape_basis=np.zeros((count, 3, 300)),
            expression_basis=basis,
            pose_basis=np.zeros((count, 3, 36)),
            joint_regressor=regressor,
            parents=(-1, 0, 1, 1, 1),
            skin_weights=weights,
            eyelids=eyelids,
        )
    )


def _basis(
    template: Array,
    face: Integers,
    actions: Array,
    random: np.random.Generator,
    kind: Kind,
    expressions: int,
) -> Array:
    """(V, 3, expressions): the principal components of random faces, times their deviations."""
    flat = actions.reshape(len(actions), -1)
    mixed = [k for k, name in enumerate(BLENDSHAPES) if not name.startswith(OTHERWISE_MADE)]
    if kind == "bumps":
        faces = 2.0 * _bumps(template, face, random, MIXTURES)
    else:
        weights = np.zeros((MIXTURES, len(actions)))
        for row in weights:
            chosen = random.choice(mixed, random.integers(2, 8), replace=False)
            row[chosen] = random.uniform(0.2, 1.0, len(chosen))
        bumps = _bumps(template, face, random, BUMPS)
        faces = weights @ flat + random.normal(0.0, 0.15, (MIXTURES, BUMPS)) @ bumps
    vectors = np.linalg.eigh(faces @ faces.T)[1]
    largest = vectors[:, ::-1][:, :expressions] / np.sqrt(len(faces))
    return (largest.T @ faces).reshape(expressions, len(template), 3).transpose(1, 2, 0)


def _bumps(template: Array, face: Integers, random: np.random.Generator, count: int) -> Array:
    """(count, 3 V): six smooth bumps each, of BUMP_HEIGHT at most, anywhere on the face."""
    fields = np.zeros((count, len(template), 3))
    for field in fields:
        for _ in range(6):
            center, radius = template[random.choice(face)], random.uniform(*BUMP_RADII)
            near = np.exp(-((template - center) ** 2).sum(axis=1) / (2 * radius**2))
            field += near[:, None] * random.normal(size=3)
        field *= BUMP_HEIGHT / np.linalg.norm(field, axis=1).max()
    return fields.reshape(count, -1)


def _jaw_weights(template: Array, faces: Integers, places: Array) -> Array:
    """(V,) 0..1: by distance over the mesh from lower lip and chin, and from all that stays."""
    x, y, z = places.T
    lips = (np.abs(x) < 0.022) & (z > 0.015)
    low = (lips & (y < -0.073) & (y > -0.085)) | ((z > 0.01) & (y < -0.095) & (y > -0.115))
    stays = (lips & (y > -0.069) & (y < -0.055)) | (y > -0.03) | (z < -0.04) | (y < -0.15)
    to_low = _distances(template, faces, low)
    to_rest = _distances(template, faces, stays | ~np.isfinite(y))
    share = np.nan_to_num(to_rest / (to_low + to_rest))
    return share * share * (3 - 2 * share)


def _distances(template: Array, faces: Integers, sources: NDArray[np.bool_]) -> Array:
    """(V,) along edges; infinite where no edge leads."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = np.concatenate([edges, edges[:, ::-1]])
    lengths = np.linalg.norm(template[edges[:, 0]] - template[edges[:, 1]], axis=1)
    reached = np.where(sources, 0.0, np.inf)
    for _ in range(EDGE_STEPS):
        np.minimum.at(reached, edges[:, 1], reached[edges[:, 0]] + lengths)
    return reached
