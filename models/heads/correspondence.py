"""The free head's actions carried onto another head's vertices.

FLAME's vertices are the same in every version of it, so their places on the free head are found
once (benchmarks/make_correspondence.py) and bundled: numbers about our own head, none of FLAME's.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES
from models.heads.alignment import similarity
from models.heads.free import FreeHead
from models.heads.mesh import triangles_of
from models.heads.surface_points import SurfacePoints

Array = NDArray[np.float64]

ASSET = "assets/flame_places.npz"
FLAME_VERTICES = 5023
STEPS = 255  # of a barycentric share and of trust in the file


@dataclass(frozen=True, slots=True, eq=False)
class Correspondence:
    """The place of each of V vertices on the triangles (`triangles_of`) of the smooth free head.

    trust: (V,) 0..1; 0 where nothing of the free head fits: eyeballs, the mouth's inside.
    """

    places: SurfacePoints
    trust: Array


def flame_correspondence() -> Correspondence:
    """Of FLAME's 5023 vertices."""
    with resources.files("models").joinpath(ASSET).open("rb") as file:
        with np.load(file) as data:
            shares = data["shares"].astype(np.float64) / STEPS
            triangles = data["triangles"].astype(np.int64)
            trust = data["trust"].astype(np.float64) / STEPS
    barycentric = np.column_stack([1.0 - shares.sum(axis=1), shares])
    return Correspondence(SurfacePoints(triangles, barycentric), trust)


def carried_actions(head: FreeHead, correspondence: Correspondence, vertices: Array) -> Array:
    """(52, V, 3): what each of BLENDSHAPES does to another neutral head's vertices (V, 3).

    head: subdivided. Offsets keep their direction and grow with the size of the other head, in
    whose units they come.
    """
    triangles = triangles_of(head.quads)
    places, count = correspondence.places, len(head.positions)
    here = places.on(head.positions.astype(np.float64), triangles)
    growth = similarity(here, vertices, correspondence.trust).size
    actions = np.empty((len(BLENDSHAPES), len(vertices), 3))
    for number, weights in enumerate(np.eye(len(BLENDSHAPES))):
        actions[number] = places.on(head.actions.blend(weights, count), triangles)
    actions *= growth
    return actions
