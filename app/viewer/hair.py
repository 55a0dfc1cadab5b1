"""Scalp hair, grown strand by strand on the head of an identity, as ribbons.

A style says how long, how steep and which way hairs grow. Hairs are drawn as ribbons about a
millimetre wide; the scalp beneath is tinted, so that they need not cover it hair by hair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from app.viewer.binding import triangles_of, vertex_normals
from app.viewer.programs import Attribute
from app.viewer.ribbons import both_sides, ribbon_indices, tangents_of
from models.heads.free import FreeHead

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
SKULL_CENTER = np.array([0.0, 0.020, -0.075])  # shaders/hair.glsl has it too
HAIRLINE = 0.4  # of masks.scalp: no hair grows where it is less
CROWN = np.array([0.012, 0.115, -0.125])  # the whorl


@dataclass(frozen=True, slots=True)
class Ribbons:
    """Vertices in VERTEX_LAYOUT and (T, 3) indices; strands in random order."""

    vertices: NDArray[np.void]
    indices: NDArray[np.int32]
    strand_count: int


@dataclass(frozen=True, slots=True)
class Style:
    """How a head of hair grows.

    strands, points: how many, and points of each.
    half_width:      metres.
    length:          metres, of roots (S, 3) in head space.
    comb:            (S, 3) direction in which hairs lie, of roots and outward normals.
    lift:            0 lies flat, 1 stands up, at the root.
    obedience:       how soon hairs turn from the lift to the comb, a step.
    weight:          how much a hair falls in a centimetre.
    hold:            0..1, how firmly it keeps to its height above the skin, a step.
    curl, waves:     metres, radius of curls and turns along a hair.
    clump:           0..1, how much tips gather.
    layer:           metres, thickness of the whole.
    """

    strands: int
    points: int
    half_width: float
    length: Callable[[Floats], Floats]
    comb: Callable[[Floats, Floats], Floats]
    lift: float
    obedience: float
    weight: float
    hold: float
    curl: float
    waves: float
    clump: float
    layer: float


def grow_hair(head: FreeHead, style_name: str) -> Ribbons | None:
    """The hair of a style on a subdivided head; None for a bald one."""
    style = STYLES.get(style_name)
    if style is None:
        return None
    random = np.random.default_rng(5)
    roots, normals, cover = _roots(head, style.strands, random)
    count = len(roots)
    length = style.length(roots) * random.uniform(0.72, 1.0, count)
    length *= np.clip(0.4 + 0.6 * (cover - HAIRLINE) / 0.4, 0.4, 1.0)  # short at the hairline
    comb = _flat(style.comb(roots, normals) + random.normal(0, 0.12, (count, 3)), normals)
    lift = style.lift * random.uniform(0.7, 1.3, count)[:, None]
    skull = _SkullShape(head)
    depth = random.uniform(0.0, 1.0, count) ** 1.5  # 0 lies outermost
    step = (length / (style.points - 1))[:, None]
    along = np.linspace(0.0, 1.0, style.points)
    points = np.zeros((count, style.points, 3))
    points[:, 0] = roots - 0.0006 * normals
    heading = _unit(comb + lift * normals)
    for k in range(1, style.points):
        outward = _unit(points[:, k - 1] - SKULL_CENTER)
        settle = style.obedience * _flat(comb, outward)
        fall = style.weight * step / 0.01 * np.array([0.0, -1.0, 0.0])
        heading = _unit(heading + settle + fall)
        ahead = points[:, k - 1] + heading * step
        height = style.layer * (1.0 - depth) * min(1.0, along[k] * 3.0) + 0.0012
        ahead = skull.held(ahead, height, style.hold)
        heading = _unit(ahead - points[:, k - 1])
        points[:, k] = points[:, k - 1] + heading * step
    points = _clumped(points, along, style.clump, random)
    if style.curl > 0.0:
        points += _curls(points, along, style, random)
    return _ribbons(points, along, style, depth, random)


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
    normal = _unit((normals[triangles[chosen]] * bary).sum(axis=1))
    cover = (head.masks.scalp[triangles[chosen]] * bary[..., 0]).sum(axis=1)
    return place, normal, cover


class _SkullShape:
    """How far the skin is from the skull's centre in every direction, on a grid of angles."""

    ROWS, COLUMNS = 48, 96

    def __init__(self, head: FreeHead) -> None:
        skin = head.part_vertices("skin")
        ray = head.positions[skin].astype(np.float64) - SKULL_CENTER
        keep = (head.head_share[skin] > 0.3) & (head.masks.inner_mouth[skin] < 0.1)
        ray = ray[keep]
        distance = np.linalg.norm(ray, axis=1)
        row, column = self._cell(ray)
        grid = np.zeros((self.ROWS, self.COLUMNS))
        np.maximum.at(grid, (row.astype(int), column.astype(int) % self.COLUMNS), distance)
        for _ in range(8):  # cells that no vertex fell into take their neighbours' mean
            shifted = [np.roll(grid, s, 1) for s in (-1, 1)]
            up, down = np.vstack([grid[:1], grid[:-1]]), np.vstack([grid[1:], grid[-1:]])
            around = np.stack([*shifted, up, down])
            known = np.maximum((around > 0).sum(axis=0), 1)
            grid = np.where(grid > 0, grid, around.sum(axis=0) / known)
        for _ in range(2):
            grid = 0.5 * grid + 0.125 * (
                np.roll(grid, 1, 1)
                + np.roll(grid, -1, 1)
                + np.vstack([grid[:1], grid[:-1]])
                + np.vstack([grid[1:], grid[-1:]])
            )
        self._grid = grid

    def held(self, points: Floats, height: Floats, hold: float) -> Floats:
        """Moves points to a height (S,) above the skin: those below it wholly, others by `hold`."""
        ray = points - SKULL_CENTER
        distance = np.linalg.norm(ray, axis=1)
        row, column = self._cell(ray)
        r0, c0 = np.floor(row - 0.5).astype(int), np.floor(column - 0.5).astype(int)
        fr, fc = row - 0.5 - r0, column - 0.5 - c0
        top, bottom = np.clip(r0, 0, self.ROWS - 1), np.clip(r0 + 1, 0, self.ROWS - 1)
        left, right = c0 % self.COLUMNS, (c0 + 1) % self.COLUMNS
        surface = (self._grid[top, left] * (1 - fc) + self._grid[top, right] * fc) * (1 - fr)
        surface += (self._grid[bottom, left] * (1 - fc) + self._grid[bottom, right] * fc) * fr
        gap = distance - surface - height
        wanted = distance - np.where(gap > 0.0, hold * gap, gap)
        return SKULL_CENTER + ray * (wanted / np.maximum(distance, 1e-9))[:, None]

    def _cell(self, ray: Floats) -> tuple[Floats, Floats]:
        distance = np.maximum(np.linalg.norm(ray, axis=1), 1e-9)
        polar = np.arccos(np.clip(ray[:, 1] / distance, -1, 1)) / np.pi
        around = np.arctan2(ray[:, 0], ray[:, 2]) / (2 * np.pi) + 0.5
        return np.clip(polar * self.ROWS, 0, self.ROWS - 1e-6), around * self.COLUMNS


def _clumped(points: Floats, along: Floats, clump: float, random: np.random.Generator) -> Floats:
    """Draws strands towards the strand in whose neighbourhood they grow, tips most."""
    count = len(points)
    leaders = random.choice(count, max(count // 18, 1), replace=False)
    away = ((points[:, None, 0] - points[None, leaders, 0]) ** 2).sum(axis=-1)
    leader = leaders[away.argmin(axis=1)]
    share = clump * along**1.4 * random.uniform(0.3, 1.0, (count, 1))
    return points + share[..., None] * (points[leader] - points)


def _curls(points: Floats, along: Floats, style: Style, random: np.random.Generator) -> Floats:
    tangent = tangents_of(points)
    outward = _unit(points - SKULL_CENTER)
    side = np.cross(tangent, outward)
    up = np.cross(side, tangent)
    lock = np.round(points[:, 0] / 0.011)  # neighbours curl together
    phase = (lock @ np.array([12.9898, 78.233, 37.719])) % (2 * np.pi)
    turn = phase[:, None] + style.waves * 2 * np.pi * along * random.uniform(
        0.85, 1.15, (len(points), 1)
    )
    size = style.curl * np.minimum(1.0, along * 3.0) * random.uniform(0.6, 1.2, (len(points), 1))
    return size[..., None] * (np.cos(turn)[..., None] * side + np.sin(turn)[..., None] * up)


def _ribbons(
    points: Floats, along: Floats, style: Style, depth: Floats, random: np.random.Generator
) -> Ribbons:
    count, point_count = points.shape[:2]
    vertices = np.zeros(count * point_count * 2, VERTEX_LAYOUT)
    vertices["position"] = both_sides(points)
    vertices["tangent"] = both_sides(tangents_of(points))
    # How much light comes in: outer strands and tips are open, roots lie in the others' shade.
    reach = np.minimum(1.0, along[None] * 1.5)
    openness = np.clip(0.30 + 0.70 * reach * (1.0 - 0.75 * depth[:, None]), 0.0, 1.0)
    strand = np.zeros((count, point_count, 4))
    strand[..., 1] = along
    strand[..., 2] = random.uniform(0.0, 1.0, (count, 1))
    strand[..., 3] = openness
    vertices["strand"] = np.round(both_sides(strand) * 255)
    vertices["strand"][1::2, 0] = 255
    taper = 1.0 - 0.8 * np.clip((along - 0.55) / 0.45, 0.0, 1.0) ** 1.5
    width = style.half_width * random.uniform(0.6, 1.2, (count, 1)) * taper
    vertices["width"] = both_sides(width[..., None])[:, 0]
    return Ribbons(vertices, ribbon_indices(count, point_count), count)


def _from_crown(roots: Floats, normals: Floats) -> Floats:
    return _flat(roots - CROWN, normals)


def _swept_comb(roots: Floats, normals: Floats) -> Floats:
    """From a parting on the person's left across the forehead and back."""
    front = np.clip((roots[:, 2:] + 0.04) / 0.08, 0.0, 1.0)
    top = np.clip((roots[:, 1:2] - 0.055) / 0.04, 0.0, 1.0)
    across = np.array([-0.9, 0.30, -0.35])
    away = _from_crown(roots, normals)
    blend = front * top
    return _flat(away * (1 - blend) + across * blend, normals)


def _parted_comb(roots: Floats, normals: Floats) -> Floats:
    """Down and away from a parting along the middle, slightly to the person's left."""
    side = np.where(roots[:, :1] > 0.016, 1.0, -1.0)
    across = np.concatenate([side, np.full_like(side, -0.25), np.full_like(side, -0.20)], axis=1)
    back = np.clip((-0.10 - roots[:, 2:]) / 0.05, 0.0, 1.0)
    return _flat(across * (1 - back) + _from_crown(roots, normals) * back, normals)


def _faded(top: float, sides: float) -> Callable[[Floats], Floats]:
    """Long on top, short at the sides and the nape."""

    def length(roots: Floats) -> Floats:
        share = np.clip((roots[:, 1] - 0.035) / 0.050, 0.0, 1.0)
        return sides + (top - sides) * share * share * (3 - 2 * share)

    return length


def _to_level(level: float, least: float) -> Callable[[Floats], Floats]:
    """Long enough to hang down to a height y = level, metres."""

    def length(roots: Floats) -> Floats:
        radius = np.hypot(roots[:, 0], roots[:, 2] + 0.075)
        over_the_top = 0.10 * np.clip((roots[:, 1] - 0.03) / 0.09, 0.0, 1.0) * (1 - radius / 0.2)
        return np.maximum(roots[:, 1] - level + np.maximum(over_the_top, 0.0), least)

    return length


STYLES = MappingProxyType(
    {
        "cropped": Style(
            strands=11000,
            points=4,
            half_width=0.00036,
            length=_faded(0.012, 0.006),
            comb=_from_crown,
            lift=0.7,
            obedience=0.1,
            weight=0.0,
            hold=0.0,
            curl=0.0,
            waves=0.0,
            clump=0.1,
            layer=0.006,
        ),
        "short": Style(
            strands=9000,
            points=6,
            half_width=0.00042,
            length=_faded(0.036, 0.011),
            comb=_swept_comb,
            lift=0.55,
            obedience=0.45,
            weight=0.02,
            hold=0.35,
            curl=0.0012,
            waves=0.7,
            clump=0.55,
            layer=0.012,
        ),
        "swept": Style(
            strands=9000,
            points=8,
            half_width=0.00046,
            length=_faded(0.075, 0.022),
            comb=_swept_comb,
            lift=0.8,
            obedience=0.4,
            weight=0.03,
            hold=0.4,
            curl=0.002,
            waves=0.8,
            clump=0.6,
            layer=0.020,
        ),
        "curly": Style(
            strands=8000,
            points=10,
            half_width=0.00042,
            length=_faded(0.060, 0.035),
            comb=_from_crown,
            lift=1.2,
            obedience=0.15,
            weight=0.02,
            hold=0.15,
            curl=0.0050,
            waves=2.6,
            clump=0.35,
            layer=0.026,
        ),
        "bob": Style(
            strands=6500,
            points=11,
            half_width=0.00062,
            length=_to_level(-0.095, 0.06),
            comb=_parted_comb,
            lift=0.35,
            obedience=0.16,
            weight=0.22,
            hold=0.22,
            curl=0.0018,
            waves=0.8,
            clump=0.55,
            layer=0.013,
        ),
    }
)


def _flat(directions: Floats, normals: Floats) -> Floats:
    """Unit, without the part along the normals."""
    return _unit(directions - normals * (directions * normals).sum(axis=1, keepdims=True))


def _unit(vectors: Floats) -> Floats:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
