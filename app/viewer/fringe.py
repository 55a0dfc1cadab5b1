"""Brows and lashes: where each hair grows and how it lies, as ribbons bound to the skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.viewer.binding import Anchors, locate
from app.viewer.programs import Attribute
from app.viewer.ribbons import ribbon_indices, tangents_of
from models.heads.free import FreeHead
from models.heads.mesh import triangles_of, vertex_normals

Floats = NDArray[np.float64]

VERTEX_LAYOUT = np.dtype(
    [
        ("triangle", "f4", 3),
        ("bary", "f4", 3),
        ("offset", "f4", 3),
        ("tangent", "f4", 3),
        ("strand", "u1", 4),
        ("width", "f4"),
    ]
)
FIELDS = (
    Attribute("in_triangle", "3f4", 12),
    Attribute("in_bary", "3f4", 12),
    Attribute("in_offset", "3f4", 12),
    Attribute("in_tangent", "3f4", 12),
    Attribute("in_strand", "4f1", 4),
    Attribute("in_width", "1f4", 4),
)
POINTS = 6  # of every hair

# The brow's middle line on the average head: |x|, y in metres from the inner to the outer end,
# and half its height there.
BROW_LINE = np.array(
    [
        (0.0105, 0.0160, 0.0040),
        (0.0185, 0.0195, 0.0043),
        (0.0290, 0.0225, 0.0037),
        (0.0400, 0.0235, 0.0028),
        (0.0490, 0.0205, 0.0018),
        (0.0555, 0.0155, 0.0007),
    ]
)
SHADE, BROW, LASH = 0, 128, 255  # kinds of ribbons: shaders/fringe.glsl
BROW_HAIRS = 620  # of one brow of average thickness
LASH_HAIRS = {"upper": 78, "lower": 44}


@dataclass(frozen=True, slots=True, eq=False)
class Ribbons:
    """Vertices in VERTEX_LAYOUT and (T, 3) indices."""

    vertices: NDArray[np.void]
    indices: NDArray[np.int32]


def grow_fringe(head: FreeHead, thickness: float) -> Ribbons:
    """All hairs of both brows and of the four lash strips. `head` is subdivided."""
    normals = vertex_normals(head.positions, head.quads)
    pieces = [
        _brow(head, normals, side, thickness, np.random.default_rng(20 + int(side)))
        for side in (1.0, -1.0)
    ]
    for part in head.parts:
        if part.name.startswith("lash_"):
            pieces.append(_lashes(head, normals, part.name, np.random.default_rng(30)))
    vertices = np.concatenate(pieces)
    return Ribbons(vertices, ribbon_indices(len(vertices) // (2 * POINTS), POINTS))


def _brow(
    head: FreeHead, normals: Floats, side: float, thickness: float, random: np.random.Generator
) -> NDArray[np.void]:
    count = round(BROW_HAIRS * min(thickness, 1.4))
    along = random.uniform(0.0, 1.0, count) ** 0.9
    across = np.clip(random.normal(0.0, 0.5, count), -1.0, 1.0)
    station = np.linspace(0.0, 1.0, len(BROW_LINE))
    x, y, height = (_smooth_interpolation(along, station, column) for column in BROW_LINE.T)
    ahead = np.clip(along + 0.02, 0, 1.02)
    direction = np.stack(
        [
            _smooth_interpolation(ahead, station, BROW_LINE[:, 0]) - x,
            _smooth_interpolation(ahead, station, BROW_LINE[:, 1]) - y,
        ],
        axis=1,
    )
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
    upward = np.stack([-direction[:, 1], direction[:, 0]], axis=1)
    place = np.stack([x, y], axis=1) + upward * (across * height * thickness)[:, None]
    # Inner hairs stand up, outer ones lie along; those below sweep up, those above sweep down.
    angle = np.interp(along, [0, 0.12, 0.35, 0.7, 1], [1.25, 0.85, 0.45, 0.22, 0.10])
    angle += random.normal(0, 0.13, count)
    angle -= across * np.interp(along, [0, 0.3, 1], [0.10, 0.38, 0.30])
    length = np.interp(along, [0, 0.3, 0.8, 1], [0.0058, 0.0080, 0.0070, 0.0042])
    length *= random.uniform(0.75, 1.15, count)
    k = np.linspace(0.0, 1.0, POINTS)
    bend = angle[:, None] * (1 - 0.5 * k)
    step = np.cos(bend)[..., None] * direction[:, None] + np.sin(bend)[..., None] * upward[:, None]
    path = np.cumsum(step, axis=1) - step[:, :1]
    path *= (length / (POINTS - 1))[:, None, None]

    place[:, 0] *= side
    path[..., 0] *= side
    skin = head.part("skin")
    quads = head.quads[skin.first_quad : skin.first_quad + skin.quad_count]
    triangles = triangles_of(quads)
    flat = head.texture_coordinates
    center = flat[triangles].mean(axis=1)
    depth = head.positions[triangles].mean(axis=1)[:, 2]
    near = (np.abs(center[:, 1] - 0.021) < 0.022) & (center[:, 0] * side > 0) & (depth > -0.03)
    anchors = locate(place, triangles[near], flat)
    # Offsets in the skin's frame: lie close to the skin, rise a little in the middle.
    frames = anchors.frames(head.positions, normals)
    normal = frames[:, 2]
    in_space = np.concatenate([path, np.zeros((count, POINTS, 1))], axis=2)
    in_space -= normal[:, None] * (in_space * normal[:, None]).sum(axis=2, keepdims=True)
    lift = 0.0003 + 0.0007 * np.sin(k * 2.4) * random.uniform(0.4, 1.2, (count, 1))
    in_space += normal[:, None] * lift[..., None]
    offsets = np.einsum("sij,skj->ski", frames, in_space)
    widths = 0.00021 * random.uniform(0.7, 1.25, (count, 1)) * (1 - 0.65 * k)
    shade = count // 5
    widths[:shade] = 0.0015
    rows = np.repeat(np.arange(count), POINTS)
    vertices = _vertices(head, normals, anchors.take(rows), offsets, widths, random, BROW)
    vertices["strand"][: shade * POINTS * 2, 3] = SHADE
    return vertices


def _lashes(
    head: FreeHead, normals: Floats, name: str, random: np.random.Generator
) -> NDArray[np.void]:
    kind = "upper" if "upper" in name else "lower"
    count = LASH_HAIRS[kind]
    part = head.part(name)
    triangles = triangles_of(head.quads[part.first_quad : part.first_quad + part.quad_count])
    root = np.linspace(0.02, 0.99, count) + random.normal(0, 0.006, count)
    reach = {"upper": 0.95, "lower": 0.75}[kind] * random.uniform(0.6, 1.0, count)
    reach *= np.interp(root, [0, 0.35, 0.8, 1], [0.55, 0.85, 1.0, 0.85])
    sweep = 0.10 * (root - 0.35) + random.normal(0, 0.018, count)
    k = np.linspace(0.0, 1.0, POINTS)
    u = np.clip(root[:, None] + sweep[:, None] * k**1.5, 0.0, 1.0)
    v = np.clip(reach[:, None] * k, 0.0, 1.0)
    anchors = locate(np.stack([u, v], axis=-1).reshape(-1, 2), triangles, head.texture_coordinates)
    # The curl stands off the strip, upwards for the upper lashes and downwards for the lower.
    frames = anchors.frames(head.positions, normals)
    up = np.array([0.0, 1.0 if kind == "upper" else -0.6, 0.25])
    curl = 0.0011 * (k**2)[None, :, None] * up * random.uniform(0.5, 1.2, (count, 1, 1))
    offsets = np.einsum("pij,pj->pi", frames, curl.reshape(-1, 3)).reshape(count, POINTS, 3)
    widths = {"upper": 0.00016, "lower": 0.00010}[kind] * np.ones((count, 1)) * (1 - 0.75 * k)
    return _vertices(head, normals, anchors, offsets, widths, random, LASH)


def _vertices(
    head: FreeHead,
    normals: Floats,
    anchors: Anchors,
    offsets: Floats,
    widths: Floats,
    random: np.random.Generator,
    kind: int,
) -> NDArray[np.void]:
    """VERTEX_LAYOUT rows: one anchor, offset (in the anchor's frame) and half width a point."""
    count = len(offsets)
    frames = anchors.frames(head.positions, normals)
    flat_offsets = offsets.reshape(-1, 3)
    points = anchors.interpolate(head.positions) + np.einsum("pij,pi->pj", frames, flat_offsets)
    tangents = tangents_of(points.reshape(count, POINTS, 3)).reshape(-1, 3)
    rows = np.zeros(count * POINTS, VERTEX_LAYOUT)
    rows["triangle"] = anchors.corners
    rows["bary"] = anchors.bary
    rows["offset"] = flat_offsets
    rows["tangent"] = np.einsum("pij,pj->pi", frames, tangents)
    rows["strand"][:, 1] = np.tile(np.round(np.linspace(0, 255, POINTS)), count)
    rows["strand"][:, 2] = np.repeat(random.integers(0, 256, count), POINTS)
    rows["strand"][:, 3] = kind
    rows["width"] = widths.ravel()
    vertices = np.repeat(rows, 2)
    vertices["strand"][1::2, 0] = 255
    return vertices


def _smooth_interpolation(at: Floats, station: Floats, values: Floats) -> Floats:
    """A cubic through the stations (Catmull-Rom), so that the brow's line has no corners."""
    slope = np.gradient(values, station)
    i = np.clip(np.searchsorted(station, at, side="right") - 1, 0, len(station) - 2)
    span = station[i + 1] - station[i]
    t = np.clip((at - station[i]) / span, 0.0, 1.2)
    result: Floats = (
        (2 * t**3 - 3 * t**2 + 1) * values[i]
        + (t**3 - 2 * t**2 + t) * span * slope[i]
        + (3 * t**2 - 2 * t**3) * values[i + 1]
        + (t**3 - t**2) * span * slope[i + 1]
    )
    return result
