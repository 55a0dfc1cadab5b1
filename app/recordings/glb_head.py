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
from engine.blendshapes import BLENDSHAPES
from models.heads.free import EYES, FreeHead
from models.heads.mesh import triangles_of, vertex_normals

Floats = NDArray[np.float32]
Integers = NDArray[np.integer]

LEAST_DELTA = 2e-5  # metres; the head's own precision
IRIS_RADIUS, PUPIL_RADIUS = 0.0060, 0.0022  # metres
_SEGMENTS = 32  # of an eyeball, round
_SCLERA_RINGS = 14

_MATERIALS = (
    material("skin", (0.51, 0.305, 0.215), 0.55),
    material("lips", (0.415, 0.125, 0.105), 0.4),
    material("teeth", (0.62, 0.57, 0.48), 0.3),
    material("gums", (0.40, 0.12, 0.11), 0.4),
    material("tongue", (0.40, 0.13, 0.12), 0.5),
    material("lashes", (0.012, 0.008, 0.006), 0.8, open=True, opacity=0.5),
    material("shirt", (0.022, 0.032, 0.062), 0.9, open=True),
    material("sclera", (0.70, 0.66, 0.62), 0.15),
    material("iris", (0.080, 0.138, 0.205), 0.15),
    material("pupil", (0.002, 0.002, 0.002), 0.1),
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
        copyright="The head is free of any conditions: CC0 1.0, from MakeHuman's data.",
    )


def _face(data: SceneData, head: FreeHead) -> Json:
    """Everything but the eyeballs: one set of vertices, a primitive for each material."""
    quads = {name: quads for name, quads in _quads_by_material(head).items() if len(quads)}
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
        {"POSITION": data.sparse(len(used), *_moved(head, action, row))}
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


def _quads_by_material(head: FreeHead) -> dict[str, Integers]:
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
    lashes = [part.name for part in head.parts if part.name.startswith("lash")]
    return {
        "skin": skin[~lips],
        "lips": skin[lips],
        "teeth": teeth[~gums],
        "gums": teeth[gums],
        "tongue": of("tongue"),
        "lashes": of(*lashes),
        "shirt": of("shirt"),
    }


def _moved(head: FreeHead, action: int, row: Integers) -> tuple[Integers, Floats]:
    """Which vertices of the file an action moves, ascending, and by how much."""
    run = slice(*head.actions.starts[action : action + 2])
    rows, deltas = row[head.actions.vertices[run]], head.actions.deltas[run]
    kept = (rows >= 0) & (np.linalg.norm(deltas, axis=1) >= LEAST_DELTA)
    order = np.argsort(rows[kept])
    return rows[kept][order], deltas[kept][order]


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
    """A ball about the origin that looks along +Z, with rings at the iris's and pupil's edges."""
    pupil, iris = np.arcsin(PUPIL_RADIUS / radius), np.arcsin(IRIS_RADIUS / radius)
    angles = np.array([pupil, iris, *np.linspace(iris, np.pi, _SCLERA_RINGS + 1)[1:-1]])
    round_about = np.arange(_SEGMENTS) * (2 * np.pi / _SEGMENTS)
    rings = np.stack(
        [
            np.outer(np.sin(angles), np.cos(round_about)),
            np.outer(np.sin(angles), np.sin(round_about)),
            np.outer(np.cos(angles), np.ones(_SEGMENTS)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    directions = np.concatenate([[(0, 0, 1)], rings, [(0, 0, -1)]]).astype(np.float32)
    here = np.arange(_SEGMENTS)
    beside = (here + 1) % _SEGMENTS
    back = len(directions) - 1
    last = back - _SEGMENTS

    def strip(ring: int) -> Integers:
        """The triangles between a ring and the next."""
        near, far = 1 + ring * _SEGMENTS, 1 + (ring + 1) * _SEGMENTS
        quads = np.stack([near + here, far + here, far + beside, near + beside], axis=1)
        return triangles_of(quads)

    front_cap = np.stack([np.zeros_like(here), 1 + here, 1 + beside], axis=1)
    back_cap = np.stack([np.full_like(here, back), last + beside, last + here], axis=1)
    sclera = np.concatenate([*(strip(ring) for ring in range(1, len(angles) - 1)), back_cap])
    attributes = {
        "POSITION": data.positions(directions * np.float32(radius)),
        "NORMAL": data.vertices(directions),
    }
    return {
        "name": "eye",
        "primitives": [
            {"attributes": attributes, "indices": data.indices(faces), "material": _MATERIAL[name]}
            for name, faces in (("pupil", front_cap), ("iris", strip(0)), ("sclera", sclera))
        ],
    }
