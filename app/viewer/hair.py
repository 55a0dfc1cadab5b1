"""Scalp hair, grown strand by strand on the head of an identity, as ribbons.

Hairs are drawn as ribbons about a
millimetre wide; the scalp beneath is tinted, so that they need not cover it hair by hair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.viewer.hair_styles import STYLES, Style
from app.viewer.programs import Attribute
from app.viewer.ribbons import both_sides, ribbon_indices, tangents_of
from app.viewer.skull import SKULL_CENTER, SkullShape, along_surface, unit
from models.heads.free import FreeHead
from models.heads.mesh import triangles_of, vertex_normals

Floats = NDArray[np.float64]

VERTEX_LAYOUT = np.dtype(
    [("position", "f4", 3), ("tangent", "f4", 3), ("strand", "u1", 4), ("width", "f4")]
)
FIELDS = (
    Attribute("in_position", "3f4", 12),
    Attribute("in_tangent", "3f4", 12),
    Attribute("in_strand", "4f1", 4),
    Attribute("in_width", "1f4", 4),
)
DOWN = np.array([0.0, -1.0, 0.0])
LONG_STEP = 0.005  # metres between points from which on curls have their full size
HAIRLINE = 0.4  # of masks.scalp: no hair grows where it is less


@dataclass(frozen=True, slots=True)
class Ribbons:
    """Vertices in VERTEX_LAYOUT and (T, 3) indices.

    The outermost strands come first: they hide the others before those are shaded, and any first
    share of them is a head of hair, too.
    """

    vertices: NDArray[np.void]
    indices: NDArray[np.int32]
    coarse_indices: NDArray[np.int32]  # every second point only
    strand_count: int


def grow_hair(head: FreeHead, style_name: str) -> Ribbons | None:
    """The hair of a style on a subdivided head; None for a bald one."""
    style = STYLES.get(style_name)
    if style is None:
        return None
    random = np.random.default_rng(5)
    roots, normals, cover = _roots(head, style.strands, random)
    count = len(roots)
    length = style.length(roots) * random.uniform(0.72, 1.0, count)
    inside = np.clip((cover - HAIRLINE) / 0.4, 0.0, 1.0)
    length *= style.hairline + (1.0 - style.hairline) * inside
    comb = along_surface(style.comb(roots, normals) + random.normal(0, 0.12, (count, 3)), normals)
    lift = style.lift * random.uniform(0.7, 1.3, count)[:, None]
    skull = SkullShape(head)
    depth = np.sort(random.uniform(0.0, 1.0, count) ** 1.5)  # 0 lies outermost
    step = (length / (style.points - 1))[:, None]
    along = np.linspace(0.0, 1.0, style.points)
    points = np.zeros((count, style.points, 3))
    points[:, 0] = roots - 0.0006 * normals
    heading = unit(comb + lift * normals)
    for k in range(1, style.points):
        outward = unit(points[:, k - 1] - SKULL_CENTER)
        settle = style.obedience * along_surface(comb, outward)
        fall = style.weight * min(1.0, 2.5 * along[k]) * step / 0.01 * DOWN
        heading = unit(heading + settle + fall)
        ahead = points[:, k - 1] + heading * step
        height = style.layer * (1.0 - depth) * min(1.0, along[k] * 3.0)
        height += 0.0012 + 0.0018 * min(1.0, along[k] * 8.0)
        ahead = skull.held(ahead, height, style.hold)
        heading = unit(ahead - points[:, k - 1])
        points[:, k] = points[:, k - 1] + heading * step
    points = _clumped(points, along, style.clump, random)
    if style.curl > 0.0:
        points += (
            _curls(points, along, style, random) * np.minimum(1.0, step / LONG_STEP)[..., None]
        )
    width = style.half_width * (0.55 + 0.45 * inside)
    openness = _openness(depth, inside, along)
    kept = ~_before_face(points) if style.clears_face else np.ones(count, bool)
    return _ribbons(points[kept], along, width[kept], openness[kept], random)


def _before_face(points: Floats) -> NDArray[np.bool_]:
    """(S,) of strands (S, K, 3): whether any point hangs before forehead or cheeks."""
    across = np.abs(points[..., 0])
    inside = (points[..., 1] < 0.062) & (points[..., 2] > 0.0) & (across < 0.058)
    below = (points[..., 1] < 0.045) & (points[..., 2] > -0.020) & (across < 0.066)
    return np.asarray((inside | below).any(axis=1))


def _roots(
    head: FreeHead, wanted: int, random: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Places (S, 3) on the scalp, normals (S, 3), and how far inside the hairline (S,) 0..1."""
    skin = head.part("skin")
    triangles = triangles_of(head.quads[skin.first_quad : skin.first_quad + skin.quad_count])
    scalp = head.masks.scalp[triangles].mean(axis=1)
    triangles, scalp = triangles[scalp > HAIRLINE], scalp[scalp > HAIRLINE]
    corner = head.positions[triangles].astype(np.float64)
    area = np.linalg.norm(
        np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1
    )
    chance = area * np.clip((scalp - HAIRLINE) / 0.35, 0.15, 1.0)
    chosen = random.choice(len(triangles), wanted, p=chance / chance.sum())
    bary = random.dirichlet((1.0, 1.0, 1.0), wanted)[..., None]
    normals = vertex_normals(head.positions, head.quads)
    place = (corner[chosen] * bary).sum(axis=1)
    normal = unit((normals[triangles[chosen]] * bary).sum(axis=1))
    cover = (head.masks.scalp[triangles[chosen]] * bary[..., 0]).sum(axis=1)
    return place, normal, cover


def _clumped(points: Floats, along: Floats, clump: float, random: np.random.Generator) -> Floats:
    """Draws strands towards the strand in whose neighbourhood they grow, tips most."""
    count = len(points)
    leaders = random.choice(count, max(count // 18, 1), replace=False)
    away = ((points[:, None, 0] - points[None, leaders, 0]) ** 2).sum(axis=-1)
    leader = leaders[away.argmin(axis=1)]
    share = clump * along**1.4 * random.uniform(0.3, 1.0, (count, 1))
    gathered: Floats = points + share[..., None] * (points[leader] - points)
    return gathered


def _curls(points: Floats, along: Floats, style: Style, random: np.random.Generator) -> Floats:
    tangent = tangents_of(points)
    outward = unit(points - SKULL_CENTER)
    side = np.cross(tangent, outward)
    up = np.cross(side, tangent)
    lock = np.round(points[:, 0] / 0.011)  # neighbours curl together
    phase = (lock @ np.array([12.9898, 78.233, 37.719])) % (2 * np.pi)
    turn = phase[:, None] + style.waves * 2 * np.pi * along * random.uniform(
        0.85, 1.15, (len(points), 1)
    )
    size = style.curl * np.minimum(1.0, along * 3.0) * random.uniform(0.6, 1.2, (len(points), 1))
    curls: Floats = size[..., None] * (
        np.cos(turn)[..., None] * side + np.sin(turn)[..., None] * up
    )
    return curls


def _openness(depth: Floats, inside: Floats, along: Floats) -> Floats:
    """(S, K) share of the light that comes in: tips and outer strands are open, roots lie in the
    others' shade, but for those at the hairline, where there are few others.
    """
    reach = np.minimum(1.0, along * 1.5) * (1.0 - 0.75 * depth[:, None])
    within: Floats = np.clip(0.30 + 0.70 * reach, 0.0, 1.0)
    return 1.0 - (1.0 - within) * (0.35 + 0.65 * inside[:, None])


def _ribbons(
    points: Floats,
    along: Floats,
    half_width: Floats,
    openness: Floats,
    random: np.random.Generator,
) -> Ribbons:
    count, point_count = points.shape[:2]
    vertices = np.zeros(count * point_count * 2, VERTEX_LAYOUT)
    vertices["position"] = both_sides(points)
    vertices["tangent"] = both_sides(tangents_of(points))
    strand = np.zeros((count, point_count, 4))
    strand[..., 1] = along
    strand[..., 2] = random.uniform(0.0, 1.0, (count, 1))
    strand[..., 3] = openness
    vertices["strand"] = np.round(both_sides(strand) * 255)
    vertices["strand"][1::2, 0] = 255
    taper = 1.0 - 0.88 * np.clip((along - 0.4) / 0.6, 0.0, 1.0) ** 1.3
    width = half_width[:, None] * random.uniform(0.6, 1.2, (count, 1)) * taper
    vertices["width"] = both_sides(width[..., None])[:, 0]
    return Ribbons(
        vertices=vertices,
        indices=ribbon_indices(count, point_count),
        coarse_indices=ribbon_indices(count, point_count, step=2),
        strand_count=count,
    )
