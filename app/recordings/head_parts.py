"""The free head as exported files have it: cut by material, with round eyeballs of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.heads.free import FreeHead
from models.heads.mesh import triangles_of

Floats = NDArray[np.float32]
Integers = NDArray[np.integer]

IRIS_RADIUS, PUPIL_RADIUS = 0.0060, 0.0022  # metres
LASH_LENGTH = 0.35  # of a strip: without single hairs the whole one is a grey rim round the eye
SEGMENTS = 32  # of an eyeball, round
SCLERA_RINGS = 14

LICENCE = "The head is free of any conditions: CC0 1.0, from MakeHuman's data."


@dataclass(frozen=True, slots=True)
class Material:
    """color: linear, 0..1. open: seen from both sides."""

    name: str
    color: tuple[float, float, float]
    roughness: float
    open: bool = False
    opacity: float = 1.0


MATERIALS = (
    Material("skin", (0.51, 0.305, 0.215), 0.55),
    Material("lips", (0.415, 0.125, 0.105), 0.4),
    Material("teeth", (0.74, 0.64, 0.50), 0.6),
    Material("gums", (0.40, 0.12, 0.11), 0.4),
    Material("tongue", (0.40, 0.13, 0.12), 0.5),
    Material("lashes", (0.012, 0.008, 0.006), 0.8, open=True, opacity=0.85),
    Material("shirt", (0.022, 0.032, 0.062), 0.9, open=True),
    Material("sclera", (0.70, 0.66, 0.62), 0.15),
    Material("iris", (0.080, 0.138, 0.205), 0.15),
    Material("pupil", (0.002, 0.002, 0.002), 0.1),
)


def quads_by_material(head: FreeHead) -> dict[str, Integers]:
    """Everything but the eyeballs and the lashes' ends, by the name of its material."""

    def of(*names: str) -> Integers:
        parts = [head.part(name) for name in names]
        return np.concatenate(
            [head.quads[part.first_quad : part.first_quad + part.quad_count] for part in parts]
        )

    def is_mostly(mask: Floats, quads: Integers) -> NDArray[np.bool_]:
        painted: NDArray[np.bool_] = mask[quads].mean(axis=1) > 0.5
        return painted

    skin, teeth = of("skin"), of("teeth_upper", "teeth_lower")
    lips = is_mostly(head.masks.lips, skin)
    gums = is_mostly(head.masks.gums, teeth)
    lashes = of(*(part.name for part in head.parts if part.name.startswith("lash")))
    along = head.texture_coordinates[lashes].mean(axis=1)[:, 1]
    quads = {
        "skin": skin[~lips],
        "lips": skin[lips],
        "teeth": teeth[~gums],
        "gums": teeth[gums],
        "tongue": of("tongue"),
        "lashes": lashes[along < LASH_LENGTH],
        "shirt": of("shirt"),
    }
    return {name: corners for name, corners in quads.items() if len(corners)}


def moved_vertices(
    head: FreeHead, action: int, row: Integers, least: float
) -> tuple[Integers, Floats]:
    """Which rows an action moves, ascending, and by how many metres.

    row: (V,) of each vertex of the head; -1 where it has none. least: less is no movement.
    """
    run = slice(*head.actions.starts[action : action + 2])
    rows, deltas = row[head.actions.vertices[run]], head.actions.deltas[run]
    kept = (rows >= 0) & (np.linalg.norm(deltas, axis=1) >= least)
    order = np.argsort(rows[kept])
    return rows[kept][order], deltas[kept][order]


def eyeball(radius: float) -> tuple[Floats, dict[str, Integers]]:
    """Directions (V, 3) of a ball that looks along +Z, and the triangles of each material.

    It has rings at the edges of iris and pupil.
    """
    pupil, iris = np.arcsin(PUPIL_RADIUS / radius), np.arcsin(IRIS_RADIUS / radius)
    angles = np.array([pupil, iris, *np.linspace(iris, np.pi, SCLERA_RINGS + 1)[1:-1]])
    round_about = np.arange(SEGMENTS) * (2 * np.pi / SEGMENTS)
    rings = np.stack(
        [
            np.outer(np.sin(angles), np.cos(round_about)),
            np.outer(np.sin(angles), np.sin(round_about)),
            np.outer(np.cos(angles), np.ones(SEGMENTS)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    directions = np.concatenate([[(0, 0, 1)], rings, [(0, 0, -1)]]).astype(np.float32)
    here = np.arange(SEGMENTS)
    beside = (here + 1) % SEGMENTS
    back = len(directions) - 1
    last = back - SEGMENTS

    def strip(ring: int) -> Integers:
        """The triangles between a ring and the next."""
        near, far = 1 + ring * SEGMENTS, 1 + (ring + 1) * SEGMENTS
        quads = np.stack([near + here, far + here, far + beside, near + beside], axis=1)
        return triangles_of(quads)

    front_cap = np.stack([np.zeros_like(here), 1 + here, 1 + beside], axis=1)
    back_cap = np.stack([np.full_like(here, back), last + beside, last + here], axis=1)
    sclera = np.concatenate([*(strip(ring) for ring in range(1, len(angles) - 1)), back_cap])
    return directions, {"pupil": front_cap, "iris": strip(0), "sclera": sclera}
