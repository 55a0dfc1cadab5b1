"""What moves which bone: the head's turn, the gaze, and arms that hang down.

Bones are turned about the world's axes from where they are at rest, however a file lays out its
own axes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.geometry import (
    IDENTITY_ROTATION,
    Array,
    matrix_from_quaternion,
    quaternion_from_euler,
    slerp,
)
from models.avatars.gltf import GltfError
from models.avatars.names import bone_name
from models.avatars.nodes import Nodes
from models.avatars.vrm import LookAt, Vrm

NECK_SHARE = 0.35  # of the head's turn
ARM_DROP = math.radians(70.0)  # below the horizontal
RAISED = math.radians(50.0)  # an arm that hangs lower than this is left as it is


def find_bones(
    nodes: Nodes, vrm: Vrm | None, joints: NDArray[np.int64], meshes: frozenset[int]
) -> dict[str, int]:
    """Node of each bone that is there, by what VRM says, else by name.

    Among nodes of one name those that skin something come first, those with a mesh last.
    """
    if vrm is not None:
        for name, node in vrm.bones:
            if not 0 <= node < len(nodes.names):
                raise GltfError(f"the bone {name} is the node {node}")
        return dict(vrm.bones)
    skinning = set(joints.tolist()) - meshes
    found: dict[str, int] = {}
    order = sorted(range(len(nodes.names)), key=lambda n: (n not in skinning, n in meshes, n))
    for node in order:
        called = bone_name(nodes.names[node])
        if called is not None and node in nodes.shown:
            found.setdefault(called, node)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Bones:
    """rest: (N, 4, 4) parent_from_node, arms down. turns: (N, 3, 3) world_from_node's rotation.

    nodes of neck, head, left and right eye; None: there is none that the face moves.
    """

    rest: Array
    turns: Array
    neck: int | None
    head: int | None
    eyes: tuple[int, int] | None
    look_at: LookAt | None

    def posed(self, head_rotation: Array, gaze: NDArray[np.floating]) -> Array:
        """(N, 4, 4) parent_from_node. head_rotation: xyzw. gaze: as in FaceState."""
        local = self.rest.copy()
        if self.head is not None:
            share = NECK_SHARE if self.neck is not None else 0.0
            if self.neck is not None:
                self._turn(local, self.neck, slerp(IDENTITY_ROTATION, head_rotation, share))
            self._turn(local, self.head, slerp(IDENTITY_ROTATION, head_rotation, 1.0 - share))
        if self.eyes is not None:
            for side, node in enumerate(self.eyes):
                yaw, pitch = (float(angle) for angle in gaze[side])
                if self.look_at is not None:
                    yaw, pitch = _limited(self.look_at, yaw, pitch, outer=(yaw > 0) == (side == 0))
                self._turn(local, node, quaternion_from_euler(pitch, yaw, 0.0))
        return local

    def _turn(self, local: Array, node: int, rotation: Array) -> None:
        turn = self.turns[node]
        local[node, :3, :3] = local[node, :3, :3] @ turn.T @ matrix_from_quaternion(rotation) @ turn


def bones_of(
    nodes: Nodes,
    found: Mapping[str, int],
    world_from_file: Array,
    *,
    look_at: LookAt | None,
    eyes_turn: bool,
) -> Bones:
    """eyes_turn: the gaze moves the eye bones; without it shapes do, or nothing."""
    rest = _with_arms_down(nodes, found, world_from_file)
    world = nodes.world(rest, world_from_file)
    both = "leftEye" in found and "rightEye" in found
    return Bones(
        rest=rest,
        turns=_rotations(world[:, :3, :3]),
        neck=found.get("neck"),
        head=found.get("head"),
        eyes=(found["leftEye"], found["rightEye"]) if eyes_turn and both else None,
        look_at=look_at,
    )


def _with_arms_down(nodes: Nodes, found: Mapping[str, int], world_from_file: Array) -> Array:
    rest = nodes.local.copy()
    world = nodes.world(rest, world_from_file)
    turns = _rotations(world[:, :3, :3])
    for side, sign in (("left", 1.0), ("right", -1.0)):
        upper, lower = found.get(f"{side}UpperArm"), found.get(f"{side}LowerArm")
        if upper is None or lower is None:
            continue
        right, up, _ = (float(c) for c in world[lower, :3, 3] - world[upper, :3, 3])
        drop = math.atan2(-up, sign * right)
        if not -RAISED < drop < RAISED:
            continue
        roll = matrix_from_quaternion(quaternion_from_euler(0.0, 0.0, -sign * (ARM_DROP - drop)))
        turn = turns[upper]
        rest[upper, :3, :3] = rest[upper, :3, :3] @ turn.T @ roll @ turn
    return rest


def _rotations(matrices: Array) -> Array:
    """(N, 3, 3) the nearest rotations: scales taken out."""
    left, _, right = np.linalg.svd(matrices)
    rotations: Array = left @ right
    flipped = np.linalg.det(rotations) < 0.0
    left[flipped, :, 2] *= -1.0
    rotations[flipped] = left[flipped] @ right[flipped]
    return rotations


def _limited(look_at: LookAt, yaw: float, pitch: float, *, outer: bool) -> tuple[float, float]:
    """As far as the file lets its eyes turn."""
    sideways = (look_at.outer if outer else look_at.inner).of(abs(yaw))
    upright = (look_at.down if pitch > 0 else look_at.up).of(abs(pitch))
    return math.copysign(sideways, yaw), math.copysign(upright, pitch)
