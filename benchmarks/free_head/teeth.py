"""Teeth and gums of our own: 14 teeth on each of two arches, sizes from dental anatomy.

An arch is half an ellipse, seen from below. Each tooth is a small cage swept from the gum to the
edge; subdivision rounds it. MakeHuman's tooth strips only tell how the jaws move: the upper arch
is fixed to the skull, the lower one follows the jaw rigidly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from benchmarks.free_head.piece import Piece
from benchmarks.free_head.wheel import VERTEX_COUNT, Array, Indices, Wheel

# From the middle outwards: two incisors, canine, two premolars, two molars. Millimetres:
# width along the arch, height of the crown, depth from cheek to tongue.
UPPER_TEETH = (
    (8.6, 10.4, 6.6),
    (6.7, 9.2, 6.0),
    (7.7, 10.0, 7.6),
    (7.0, 8.4, 8.6),
    (6.8, 8.0, 8.6),
    (10.0, 7.4, 10.4),
    (9.4, 7.0, 10.4),
)
LOWER_TEETH = (
    (5.5, 8.8, 5.6),
    (6.0, 9.0, 5.8),
    (6.9, 9.8, 7.2),
    (7.0, 8.4, 7.8),
    (7.1, 8.0, 8.2),
    (10.8, 7.4, 10.0),
    (10.2, 7.0, 9.8),
)
RING = 8  # corners of a tooth's cross-section


@dataclass(frozen=True, slots=True)
class Arch:
    """Half an ellipse in a level plane, metres of head space."""

    name: str
    half_width: float
    half_depth: float
    front: float  # z of the foremost point, on the incisors' face
    edge: float  # y of the incisors' edge
    up: float  # +1: the gum is above the teeth, -1: below


UPPER = Arch("teeth_upper", 0.0285, 0.0450, 0.0222, -0.0742, 1.0)
LOWER = Arch("teeth_lower", 0.0262, 0.0425, 0.0192, -0.0722, -1.0)


def make_teeth(arch: Arch, sizes: tuple[tuple[float, float, float], ...]) -> tuple[Piece, Array]:
    """The arch as a piece that no target moves, and its gum mask (n,) 0 tooth, 1 gum."""
    positions: list[Array] = []
    quads: list[Indices] = []
    count = 0
    for side in (-1.0, 1.0):
        along = 0.0
        for rank, (width, height, depth) in enumerate(sizes):
            middle = along + width / 2
            points, faces = _tooth(arch, side * middle * 1e-3, width, height, depth, rank)
            positions.append(points)
            quads.append(faces + count)
            count += len(points)
            along += width
    tooth_count = count
    points, faces = _gum(arch, sizes)
    positions.append(points)
    quads.append(faces + count)
    all_positions = np.concatenate(positions)
    gums = (np.arange(len(all_positions)) >= tooth_count).astype(np.float64)
    matrix = sparse.csr_matrix((len(all_positions), VERTEX_COUNT))
    return Piece(arch.name, np.concatenate(quads), all_positions, matrix), gums


def rigid_offsets(positions: Array, strip: Array, moved_strip: Array) -> Array:
    """Offsets (n, 3) of the rigid motion that best brings `strip` to `moved_strip` (m, 3)."""
    middle, moved_middle = strip.mean(axis=0), moved_strip.mean(axis=0)
    u, _, vt = np.linalg.svd((strip - middle).T @ (moved_strip - moved_middle))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u @ flip @ vt).T
    moved = (positions - middle) @ rotation.T + moved_middle
    return np.asarray(moved - positions)


def affine_offsets(positions: Array, strip: Array, moved_strip: Array) -> Array:
    """Offsets (n, 3) of the affine map that best brings `strip` to `moved_strip` (m, 3)."""
    middle = strip.mean(axis=0)
    design = np.column_stack([strip - middle, np.ones(len(strip))])
    solution = np.linalg.lstsq(design, moved_strip - strip, rcond=None)[0]
    return np.asarray(np.column_stack([positions - middle, np.ones(len(positions))]) @ solution)


def strip_of(wheel: Wheel, arch: Arch) -> Indices:
    return wheel.group("helper-upper-teeth" if arch.up > 0 else "helper-lower-teeth")


def _on_arch(arch: Arch, along: Array) -> tuple[Array, Array]:
    """Points (n, 2) x, z and outward unit normals at arc lengths (n,) metres from the middle."""
    angle = np.linspace(0, np.pi / 2, 400)
    x = arch.half_width * np.sin(angle)
    z = arch.front - arch.half_depth * (1 - np.cos(angle))
    length = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    at = np.interp(np.abs(along), length, angle)
    side = np.sign(along)
    point = np.column_stack(
        [side * arch.half_width * np.sin(at), arch.front - arch.half_depth * (1 - np.cos(at))]
    )
    normal = np.column_stack([side * np.sin(at) / arch.half_width, np.cos(at) / arch.half_depth])
    return point, np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True))


def _tooth(
    arch: Arch, along: float, width: float, height: float, depth: float, rank: int
) -> tuple[Array, Indices]:
    """Rings from inside the gum (level 0) to the biting edge, closed there by three quads."""
    (middle,), (outward,) = _on_arch(arch, np.array([along or 1e-9]))
    tangent = np.array([outward[1], -outward[0]])
    if rank <= 2:  # incisors and canine: a chisel, thin at the edge
        canine = rank == 2
        levels = np.array([-0.25, 0.08, 0.40, 0.78, 0.97, 1.03])
        widths = np.array(
            [0.66, 0.84, 0.97, 1.02, 0.55 if canine else 0.96, 0.30 if canine else 0.80]
        )
        depths = np.array([0.80, 1.00, 0.86, 0.48, 0.26, 0.12])
        faces = np.array([0.30, 0.05, -0.15, 0.05, 0.30, 0.55])
    else:  # premolars and molars: a crown with a flat top
        levels = np.array([-0.25, 0.08, 0.40, 0.80, 1.00, 0.90])
        widths = np.array([0.76, 0.92, 1.02, 1.00, 0.78, 0.40])
        depths = np.array([0.80, 0.96, 1.02, 0.96, 0.70, 0.36])
        faces = np.array([0.30, 0.05, -0.10, 0.15, 0.90, 2.40])
    edge = arch.edge + arch.up * _recess(rank)
    corner = (np.arange(RING) + 0.5) * 2 * np.pi / RING
    rounding = 0.62  # between a circle (1) and a box (0)
    across = np.sign(np.cos(corner)) * np.abs(np.cos(corner)) ** rounding
    into = np.sign(np.sin(corner)) * np.abs(np.sin(corner)) ** rounding
    swell = 1.06  # what subdivision takes away
    rings = []
    for level, wide, deep, face in zip(levels, widths, depths, faces, strict=True):
        half_width = wide * width / 2 * swell * 1e-3
        half_depth = deep * depth / 2 * swell * 1e-3
        center = middle - outward * (half_depth + face * 1e-3)
        plane = (
            center + np.outer(across * half_width, tangent) + np.outer(into * half_depth, outward)
        )
        y = edge + arch.up * (1 - level) * height * 1e-3
        rings.append(np.column_stack([plane[:, 0], np.full(RING, y), plane[:, 1]]))
    ring = np.arange(RING)
    following = np.roll(ring, -1)
    sides = [
        np.column_stack([ring, following, following + RING, ring + RING]) + RING * level
        for level in range(len(levels) - 1)
    ]
    cap = np.array([[0, 1, 2, 7], [7, 2, 3, 6], [6, 3, 4, 5]]) + RING * (len(levels) - 1)
    faces_ = np.concatenate([*sides, cap])
    # `across` runs along +x at the front, so rings wind one way; the arch's side turns them over.
    return np.concatenate(rings), faces_ if arch.up > 0 else faces_[:, ::-1]


def _recess(rank: int) -> float:
    """Metres by which a tooth's edge stays behind that of the first incisor."""
    return (0.0, 0.0006, 0.0001, 0.0008, 0.0011, 0.0014, 0.0015)[rank]


def _gum(arch: Arch, sizes: tuple[tuple[float, float, float], ...]) -> tuple[Array, Indices]:
    """A band around the necks of the teeth, higher between them than at their middles."""
    widths = np.array([size[0] for size in sizes]) * 1e-3
    heights = np.array([size[1] for size in sizes]) * 1e-3
    depths = np.array([size[2] for size in sizes]) * 1e-3
    borders = np.concatenate([[0], np.cumsum(widths)])
    half = np.empty(2 * len(sizes) + 1)
    half[0::2], half[1::2] = borders, borders[:-1] + widths / 2
    crown = np.interp(half, half[1::2], heights)
    depth = np.interp(half, half[1::2], depths)
    papilla = np.where(np.arange(len(half)) % 2 == 0, 0.0022, 0.0)
    papilla[0] = 0.0026
    mirrored = slice(None, 0, -1)
    along = np.concatenate([-half[mirrored], half])
    crown, depth, papilla = (
        np.concatenate([values[mirrored], values]) for values in (crown, depth, papilla)
    )
    along[len(half) - 1] = 1e-9
    point, outward = _on_arch(arch, along)
    # From the cheek side of the jaw over the margin to the tongue side: (outwards, along the root).
    profile = (
        (-0.0010, 0.0100, 0.0),
        (0.0006, 0.0060, 0.0),
        (0.0011, 0.0022, 0.0),
        (0.0006, 0.0001, 1.0),
        (-0.0008, 0.0004, 1.0),
        (-0.0030, 0.0014, 0.4),
        (-0.0052, 0.0010, 0.3),
        (-0.0066, 0.0030, 0.0),
        (-0.0076, 0.0100, 0.0),
    )
    rows = []
    for outwards, rootwards, pointed in profile:
        scale = np.where(outwards < -0.002, depth / 0.0066, 1.0)
        plane = point + outward * (outwards * scale)[:, None]
        y = arch.edge + arch.up * (crown + rootwards - pointed * papilla)
        rows.append(np.column_stack([plane[:, 0], y, plane[:, 1]]))
    stations = len(along)
    index = np.arange(len(profile) * stations).reshape(len(profile), stations)
    quads = np.stack(
        [index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], axis=-1
    ).reshape(-1, 4)
    return np.concatenate(rows), quads if arch.up > 0 else quads[:, ::-1]
