"""The free head as a glTF scene.

    rig
    ├── bust        follows the head's position, stays upright; the shirt and the neck's root
    └── head        the tracked head
        ├── eye_left, eye_right
    face            the mesh, bent between bust and head, with 52 morph targets

Head space is glTF's, and camera space that of a glTF camera at the origin, so nothing is converted.

The smooth head is written, not its cage: five megabytes instead of one, an eighth of an hour's
keys, for a face that looks right in programs that do not subdivide. Morph targets hold only the
vertices that they move, and no normals, which would take another five; Blender computes its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.recordings.glb_scene import Json, Scene, SceneData, material
from app.recordings.head_parts import (
    LICENCE,
    MATERIALS,
    Floats,
    eyeball,
    moved_vertices,
    quads_by_material,
)
from engine.blendshapes import BLENDSHAPES
from models.heads.free import EYES, FreeHead
from models.heads.mesh import triangles_of, vertex_normals

LEAST_DELTA = 2e-5  # metres; the head's own precision

_MATERIALS = tuple(
    material(one.name, one.color, one.roughness, open=one.open, opacity=one.opacity)
    for one in MATERIALS
)
_MATERIAL = {described["name"]: number for number, described in enumerate(_MATERIALS)}
_NODES = ("rig", "bust", "head", *EYES, "face")
_NODE = {name: number for number, name in enumerate(_NODES)}
_FACE_MESH, _EYE_MESH = 0, 1
_BUST_JOINT, _HEAD_JOINT = 0, 1


def head_scene(head: FreeHead) -> Scene:
    """The subdivided head, at the origin, neutral."""
    data = SceneData()
    meshes = (_face(data, head), _eye(data, head.eye_radius))
    skin = _skin(data)
    nodes: list[Json] = [{"name": name} for name in _NODES]
    nodes[_NODE["rig"]]["children"] = [_NODE["bust"], _NODE["head"]]
    nodes[_NODE["head"]]["children"] = [_NODE[name] for name in EYES]
    for name, center in zip(EYES, head.eye_centers, strict=True):
        nodes[_NODE[name]] |= {"mesh": _EYE_MESH, "translation": center.tolist()}
    nodes[_NODE["face"]] |= {"mesh": _FACE_MESH, "skin": 0}
    return Scene(
        accessors=tuple(data.accessors),
        buffer_views=tuple(data.buffer_views),
        data=data.data,
        nodes=tuple(nodes),
        roots=(_NODE["rig"], _NODE["face"]),
        meshes=meshes,
        materials=_MATERIALS,
        skins=(skin,),
        copyright=LICENCE,
    )


def _face(data: SceneData, head: FreeHead) -> Json:
    """Everything but the eyeballs: one set of vertices, a primitive for each material."""
    quads = quads_by_material(head)
    used = np.unique(np.concatenate(list(quads.values())))
    row = np.full(len(head.positions), -1)  # in the file, of a vertex of the head
    row[used] = np.arange(len(used))
    positions = head.positions[used]
    rows = {name: row[corners] for name, corners in quads.items()}
    joints, shares = _joints(head.head_share[used])
    attributes = {
        "POSITION": data.positions(positions),
        "NORMAL": data.vertices(
            vertex_normals(positions, np.concatenate(list(rows.values()))).astype(np.float32)
        ),
        "JOINTS_0": data.joints(joints),
        "WEIGHTS_0": data.shares(shares),
    }
    targets = [
        {"POSITION": data.sparse(len(used), *moved_vertices(head, action, row, LEAST_DELTA))}
        for action in range(len(BLENDSHAPES))
    ]
    return {
        "name": "face",
        "primitives": [
            {
                "attributes": attributes,
                "indices": data.indices(triangles_of(corners)),
                "material": _MATERIAL[name],
                "targets": targets,
            }
            for name, corners in rows.items()
        ],
        "weights": [0.0] * len(BLENDSHAPES),
        "extras": {"targetNames": list(BLENDSHAPES)},
    }


def _skin(data: SceneData) -> Json:
    """Bust and head, bound where they are.

    Unit matrices would be glTF's default; assimp 5.2 crashes without.
    """
    return {
        "name": "neck",
        "skeleton": _NODE["rig"],
        "joints": [_NODE["bust"], _NODE["head"]],
        "inverseBindMatrices": data.matrices(np.tile(np.eye(4, dtype=np.float32).ravel(), (2, 1))),
    }


def _joints(head_share: Floats) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(V, 4) joints and shares. A joint without a share is 0, as glTF asks."""
    of_head = np.rint(head_share * 255).astype(np.uint8)
    joints = np.zeros((len(of_head), 4), np.uint8)
    shares = np.zeros((len(of_head), 4), np.uint8)
    joints[:, 0] = np.where(of_head > 0, _HEAD_JOINT, 0)
    shares[:, 0] = of_head
    joints[:, 1] = _BUST_JOINT
    shares[:, 1] = 255 - of_head
    return joints, shares


def _eye(data: SceneData, radius: float) -> Json:
    """A ball about the origin that looks along +Z."""
    directions, parts = eyeball(radius)
    attributes = {
        "POSITION": data.positions(directions * np.float32(radius)),
        "NORMAL": data.vertices(directions),
    }
    return {
        "name": "eye",
        "primitives": [
            {"attributes": attributes, "indices": data.indices(faces), "material": _MATERIAL[name]}
            for name, faces in parts.items()
        ],
    }
