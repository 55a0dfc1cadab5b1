"""What VRM says of hair and cloth that swing: joints, and what they must not swing into.

Left out: VRM 1.0's `center`, and colliders of other shapes than spheres and capsules.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.geometry import Array
from models.avatars.gltf import GltfError
from models.avatars.nodes import Nodes

LEAF = 0.07  # metres: VRM 0.x gives a joint without child a tail so long
MOST_JOINTS = 2048
MOST_COLLIDERS = 256


@dataclass(frozen=True, slots=True)
class _Joint:
    """tail: the node to which it reaches; None: beyond itself, as its parent reaches it.

    groups: of colliders.
    """

    node: int
    tail: int | None
    stiffness: float
    drag: float
    gravity: tuple[float, float, float]
    radius: float
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Collider:
    node: int
    start: tuple[float, float, float]
    end: tuple[float, float, float]
    radius: float
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Springs:
    """S joints and C colliders. World metres; stiffness and gravity are metres a second.

    nodes: (S,). axes: (S, 3) unit, of the node, towards the tail at rest. lengths: (S,).
    stiffness, drag, radii: (S,). gravity: (S, 3). collides: (S, C) with which of the colliders.
    colliders: (C,) nodes. starts, ends: (C, 3) of capsules in their nodes. thick: (C,) radii.
    """

    nodes: NDArray[np.int64]
    axes: Array
    lengths: Array
    stiffness: Array
    drag: Array
    radii: Array
    gravity: Array
    collides: NDArray[np.bool_]
    colliders: NDArray[np.int64]
    starts: Array
    ends: Array
    thick: Array


def read_springs(document: Any, nodes: Nodes, world: Array, scale: float) -> Springs | None:
    """None: nothing swings. world: (N, 4, 4) at rest. scale: world metres a metre of the file."""
    extensions = document.extensions or {}
    if "VRMC_springBone" in extensions:
        joints, colliders = _version_1(extensions["VRMC_springBone"])
        down = np.ones(3)
    elif "VRM" in extensions:
        said = extensions["VRM"].get("secondaryAnimation") or {}
        joints, colliders = _version_0(said, nodes)
        down = np.array([-1.0, 1.0, -1.0])  # the file is turned round
    else:
        return None
    joints = list({joint.node: joint for joint in joints}.values())
    if len(joints) > MOST_JOINTS or len(colliders) > MOST_COLLIDERS:
        raise GltfError(f"{len(joints)} joints that swing among {len(colliders)} colliders")
    for node in (*(joint.node for joint in joints), *(c.node for c in colliders)):
        if not 0 <= node < len(nodes.names):
            raise GltfError(f"a joint on node {node}")
    tails = [_tail(joint, nodes, world, scale) for joint in joints]
    reaching = [(j, t) for j, t in zip(joints, tails, strict=True) if np.linalg.norm(t) > 1e-9]
    if not reaching:
        return None
    joints = [joint for joint, _ in reaching]
    in_nodes = np.array([tail for _, tail in reaching])
    apart = world[[j.node for j in joints], :3, :3] @ in_nodes[..., None]
    return Springs(
        nodes=np.array([joint.node for joint in joints]),
        axes=in_nodes / np.linalg.norm(in_nodes, axis=1, keepdims=True),
        lengths=np.asarray(np.linalg.norm(apart[..., 0], axis=1), np.float64),
        stiffness=scale * np.array([joint.stiffness for joint in joints]),
        drag=np.clip(np.array([joint.drag for joint in joints]), 0.0, 1.0),
        radii=scale * np.array([joint.radius for joint in joints]),
        gravity=scale * down * np.array([joint.gravity for joint in joints]),
        collides=np.array(
            [[bool(set(j.groups) & set(c.groups)) for c in colliders] for j in joints], bool
        ).reshape(len(joints), len(colliders)),
        colliders=np.array([c.node for c in colliders], np.int64),
        starts=np.array([c.start for c in colliders]).reshape(-1, 3),
        ends=np.array([c.end for c in colliders]).reshape(-1, 3),
        thick=scale * np.array([c.radius for c in colliders], np.float64),
    )


def _tail(joint: _Joint, nodes: Nodes, world: Array, scale: float) -> Array:
    """(3,) in the joint's node."""
    here, turn = world[joint.node, :3, 3], world[joint.node, :3, :3]
    if joint.tail is not None:
        if not 0 <= joint.tail < len(nodes.names):
            raise GltfError(f"a joint that reaches to node {joint.tail}")
        beyond = world[joint.tail, :3, 3] - here
    else:
        parent = int(nodes.parents[joint.node])
        beyond = here - world[parent, :3, 3] if parent >= 0 else np.zeros(3)
        beyond = beyond * (scale * LEAF / max(float(np.linalg.norm(beyond)), 1e-9))
    tail: Array = np.asarray(np.linalg.solve(turn, beyond), np.float64)
    return tail


def _version_1(said: dict[str, Any]) -> tuple[list[_Joint], list[_Collider]]:
    joints = []
    for spring in said.get("springs") or ():
        groups = tuple(int(group) for group in spring.get("colliderGroups") or ())
        chain = spring.get("joints") or ()
        for joint, after in itertools.pairwise(chain):
            power = float(joint.get("gravityPower", 0.0))
            x, y, z = (power * float(c) for c in joint.get("gravityDir", (0.0, -1.0, 0.0)))
            joints.append(
                _Joint(
                    node=int(joint["node"]),
                    tail=int(after["node"]),
                    stiffness=float(joint.get("stiffness", 1.0)),
                    drag=float(joint.get("dragForce", 0.5)),
                    gravity=(x, y, z),
                    radius=float(joint.get("hitRadius", 0.0)),
                    groups=groups,
                )
            )
    grouped = [group.get("colliders") or () for group in said.get("colliderGroups") or ()]
    colliders = []
    for number, collider in enumerate(said.get("colliders") or ()):
        shape = collider.get("shape") or {}
        solid = shape.get("sphere") or shape.get("capsule")
        if solid:
            start = _vector(solid.get("offset", (0.0, 0.0, 0.0)))
            colliders.append(
                _Collider(
                    node=int(collider["node"]),
                    start=start,
                    end=_vector(solid["tail"]) if "tail" in solid else start,
                    radius=float(solid.get("radius", 0.0)),
                    groups=tuple(g for g, members in enumerate(grouped) if number in members),
                )
            )
    return joints, colliders


def _version_0(said: dict[str, Any], nodes: Nodes) -> tuple[list[_Joint], list[_Collider]]:
    joints = []
    for group in said.get("boneGroups") or ():
        power = float(group.get("gravityPower", 0.0))
        x, y, z = _of_unity(group.get("gravityDir") or {"y": -1.0})
        for root in group.get("bones") or ():
            for node, child in _chain(int(root), nodes):
                joints.append(
                    _Joint(
                        node=node,
                        tail=child,
                        stiffness=float(group.get("stiffiness", 1.0)),  # so the format spells it
                        drag=float(group.get("dragForce", 0.4)),
                        gravity=(power * x, power * y, power * z),
                        radius=float(group.get("hitRadius", 0.02)),
                        groups=tuple(int(g) for g in group.get("colliderGroups") or ()),
                    )
                )
    colliders = [
        _Collider(
            node=int(group["node"]),
            start=_of_unity(collider.get("offset") or {}),
            end=_of_unity(collider.get("offset") or {}),
            radius=float(collider.get("radius", 0.0)),
            groups=(number,),
        )
        for number, group in enumerate(said.get("colliderGroups") or ())
        for collider in group.get("colliders") or ()
    ]
    return joints, colliders


def _chain(root: int, nodes: Nodes) -> Iterator[tuple[int, int | None]]:
    """The node and all below it, each with its first child."""
    for node in sorted(nodes.below(root)):
        children = np.flatnonzero(nodes.parents == node)
        yield node, int(children[0]) if len(children) else None


def _vector(said: Any) -> tuple[float, float, float]:
    x, y, z = (float(c) for c in said)
    return x, y, z


def _of_unity(said: dict[str, Any]) -> tuple[float, float, float]:
    """VRM 0.x writes these with z the other way."""
    x, y, z = (float(said.get(axis, 0.0)) for axis in "xyz")
    return x, y, -z
