"""Where an avatar stands before the camera: turned to it, its eyes in the origin, of a head's size.

World is the resting head space (engine/geometry.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.geometry import Array
from models.avatars.gltf import GltfError
from models.avatars.meshes import Joints, Meshes, Offsets, Vertices
from models.avatars.nodes import Nodes
from models.avatars.vrm import Vrm

CROWN = 0.12  # metres from the eyes to the top of a head with hair
LIKE_A_HEAD = (0.75, 1.3)  # crowns of so many times that are left as they are
TOP_SHARE = 0.97  # of the vertices above the eyes: a single lock or ear does not count
EYES_SHARE = 0.45  # of a head's height above its bone, where nothing tells the eyes
EYE_RADIUS = 0.012  # metres
HALF_TURN = np.diag([-1.0, 1.0, -1.0, 1.0])


def facing_camera(vrm: Vrm | None) -> Array:
    """(4, 4) the turn from a file's axes to +Z out of the face: VRM 0.x looks along -Z."""
    return HALF_TURN if vrm is not None and vrm.version == "0.x" else np.eye(4)


def skinned(vertices: Vertices, matrices: Array) -> Array:
    """(V, 3). matrices: (J, 4, 4) of all joints."""
    moved: Array = np.zeros(vertices.positions.shape)
    for influence in range(vertices.joints.shape[1]):
        matrix = matrices[vertices.joints[:, influence]]
        there = np.einsum("vij,vj->vi", matrix[:, :3, :3], vertices.positions) + matrix[:, :3, 3]
        moved += vertices.weights[:, influence, None] * there
    return moved


def joint_matrices(joints: Joints, world: Array) -> Array:
    """(J, 4, 4) world_from_mesh. world: (N, 4, 4) of all nodes."""
    matrices: Array = world[joints.nodes] @ joints.inverse
    return matrices


def hanging_on(meshes: Meshes, nodes: frozenset[int]) -> NDArray[np.bool_]:
    """(V,) which vertices follow one of these nodes more than any other joint."""
    strongest = meshes.vertices.weights.argmax(axis=1)
    joint = np.take_along_axis(meshes.vertices.joints, strongest[:, None], axis=1)[:, 0]
    on: NDArray[np.bool_] = np.isin(meshes.joints.nodes[joint], list(nodes))
    return on


def world_from_file(
    nodes: Nodes,
    meshes: Meshes,
    found: Mapping[str, int],
    vrm: Vrm | None,
    blinks: NDArray[np.bool_],
    offsets: Offsets,
) -> Array:
    """(4, 4). found: bones. blinks: (M,) which of the offsets close the eyes."""
    turned = facing_camera(vrm)
    world = nodes.world(nodes.local, turned)
    positions = skinned(meshes.vertices, joint_matrices(meshes.joints, world))
    on_head = _head(nodes, meshes, found, offsets)
    head = positions[on_head]
    if "leftEye" in found and "rightEye" in found:
        eyes = (world[found["leftEye"], :3, 3] + world[found["rightEye"], :3, 3]) / 2.0
    elif blinks.any():
        size = np.linalg.norm(offsets.positions[blinks], axis=1)
        eyes = np.average(positions[offsets.vertices[blinks]], axis=0, weights=size + 1e-12)
    else:
        base = float(world[found["head"], 1, 3]) if "head" in found else float(head[:, 1].min())
        middle = np.median(head, axis=0)
        height = base + EYES_SHARE * (float(head[:, 1].max()) - base)
        eyes = np.array([middle[0], height, float(np.quantile(head[:, 2], 0.9))])
    above = head[head[:, 1] > eyes[1], 1] - float(eyes[1])
    crown = float(np.quantile(above, TOP_SHARE)) if len(above) else CROWN
    crown = max(crown, 1e-6 * float(np.abs(positions).max()))
    scale = 1.0 if LIKE_A_HEAD[0] <= crown / CROWN <= LIKE_A_HEAD[1] else CROWN / crown
    placed = np.diag([scale, scale, scale, 1.0])
    placed[:3, 3] = -scale * eyes
    if "leftEye" in found and "rightEye" in found:
        placed[2, 3] += EYE_RADIUS  # bones lie within the head, the origin in the eyes' middle
    matrix: Array = placed @ turned
    if not np.isfinite(matrix).all() or not math.isfinite(scale):
        raise GltfError("a head of no size")
    return matrix


def _head(
    nodes: Nodes, meshes: Meshes, found: Mapping[str, int], offsets: Offsets
) -> NDArray[np.bool_]:
    """(V,) the head's vertices: on its bone, else what morph targets move, else all."""
    if "head" in found:
        on_bone = hanging_on(meshes, nodes.below(found["head"]))
        if on_bone.any():
            return on_bone
    moved = np.zeros(len(meshes.vertices.positions), bool)
    moved[offsets.vertices] = True
    return moved if moved.any() else np.ones_like(moved)
