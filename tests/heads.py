"""Looking at the free head from outside: what tests of it share."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES, INDEX
from models.heads.free import EYES, FreeHead


def weights(**named: float) -> NDArray[np.float64]:
    """(52,): `eyeBlink=1` sets both sides, any full name one."""
    chosen = np.zeros(len(BLENDSHAPES))
    for name, value in named.items():
        for blendshape in (name, name + "Left", name + "Right"):
            if blendshape in INDEX:
                chosen[INDEX[blendshape]] = value
    return chosen


def offsets(head: FreeHead, action: str) -> NDArray[np.float32]:
    return head.actions.blend(weights(**{action: 1.0}), len(head.positions))


def hidden(
    head: FreeHead, vertices: NDArray[np.float32], points: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """(n,): whether skin lies in front of each point (n, 3), seen from straight ahead."""
    skin = head.part("skin")
    quads = head.quads[skin.first_quad : skin.first_quad + skin.quad_count]
    corners = vertices[np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])]
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    beside = (corners[..., :2].max(axis=1) < low) | (corners[..., :2].min(axis=1) > high)
    a, b, c = np.moveaxis(corners[~beside.any(axis=1)].astype(np.float64), 1, 0)
    edge_b, edge_c = b - a, c - a
    area = edge_b[:, 0] * edge_c[:, 1] - edge_b[:, 1] * edge_c[:, 0]
    upright = np.abs(area) > 1e-14
    a, edge_b, edge_c, area = a[upright], edge_b[upright], edge_c[upright], area[upright]
    ray = points[:, None] - a
    share_b = (ray[..., 0] * edge_c[:, 1] - ray[..., 1] * edge_c[:, 0]) / area
    share_c = (edge_b[:, 0] * ray[..., 1] - edge_b[:, 1] * ray[..., 0]) / area
    inside = (share_b >= 0) & (share_c >= 0) & (share_b + share_c <= 1)
    depth = a[:, 2] + share_b * edge_b[:, 2] + share_c * edge_c[:, 2]
    return np.asarray((inside & (depth > points[:, None, 2])).any(axis=1))


def front_teeth(head: FreeHead) -> NDArray[np.integer]:
    """Every third vertex of the teeth from canine to canine, faces and edges."""
    teeth = np.concatenate([head.part_vertices(f"teeth_{row}") for row in ("upper", "lower")])
    place = head.positions[teeth]
    return teeth[(place[:, 2] > 0.008) & (head.masks.gums[teeth] < 0.5)][::3]


def iris(head: FreeHead, vertices: NDArray[np.float32], eye: int) -> NDArray[np.float32]:
    """(n, 3): the points of an eyeball within 30° of straight ahead."""
    ball = vertices[head.part_vertices(EYES[eye])]
    return ball[ball[:, 2] - head.eye_centers[eye, 2] > head.eye_radius * math.cos(math.pi / 6)]
