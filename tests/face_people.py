"""Heads of FLAME's and BFM's kinds made from the free head: what tests of face models share.

Their meshes are the cage of another person, looked at with the cage's own vertices, so that the
place of each on the average head is known, and what the 52 actions do to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES
from models.heads.free import FreeHead, load_free_head
from models.heads.mesh import triangles_of

Array = NDArray[np.float64]
Integers = NDArray[np.integer]

PARTS = ("skin", "eye_left", "eye_right")


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """vertices: (V, 3) m; faces: (F, 3); actions: (52, V, 3) m; places: (V, 3) m, where the
    vertices lie on the smooth average head."""

    vertices: Array
    faces: Integers
    actions: Array
    places: Array


def other_person(name: str, shift: tuple[float, float, float]) -> Person:
    """Skin and eyes of a named identity, moved by `shift`."""
    cage = load_free_head()
    quads = np.concatenate([_quads_of(cage, part) for part in PARTS])
    used = np.unique(quads)
    rows = np.full(len(cage.positions), -1)
    rows[used] = np.arange(len(used))
    person = cage.with_identity(cage.identity(name).weights).subdivided()
    count = len(person.positions)
    actions = [person.actions.blend(one, count)[used] for one in np.eye(len(BLENDSHAPES))]
    return Person(
        vertices=person.positions[used].astype(np.float64) + shift,
        faces=triangles_of(rows[quads]),
        actions=np.array(actions, np.float64),
        places=cage.subdivided().positions[used].astype(np.float64),
    )


def _quads_of(head: FreeHead, name: str) -> Integers:
    part = head.part(name)
    return head.quads[part.first_quad : part.first_quad + part.quad_count]
