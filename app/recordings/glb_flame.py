"""Binary glTF with FLAME's mesh in the person's own shape, where a face model's regressor sees it.

Nodes, channels and the names of the 52 morph targets are those of `Glb`; the targets are what
`engine/retarget.py` takes the weights to mean on this mesh. FLAME's root stays upright as `bust`,
its eyeballs turn by the gaze.

The shape is averaged over a person's first three seconds. The states until then, ten seconds at
most, wait in memory; they are what `kill -9` loses of a longer take.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.recordings.glb import Figure, Glb
from app.recordings.glb_scene import Json, Scene, SceneData, material
from app.recordings.head_parts import MATERIALS, Floats, Integers
from app.recordings.row_file import new_file
from app.threads import Worker
from engine.blendshapes import BLENDSHAPES
from engine.closing import Closing
from engine.data import FaceState, FlameCoefficients
from engine.errors import RecordingError
from engine.face_motion import carried, flame_motion
from models.heads.flame import FlameHead
from models.heads.free import EYES

LONGEST_WAIT = 10.0  # s for the shape
PATIENCE = 0.1  # s
LEAST_DELTA = 2e-5  # metres
EXPRESSIONS = 50  # what the retarget stage looks at; the actions do not depend on it
LICENCE = "The mesh is FLAME's and comes under the licence of the installed model."

_NODES = ("rig", "bust", "head", *EYES, "face")
_NODE = {name: number for number, name in enumerate(_NODES)}
_JOINTS = ("bust", "head", *EYES)
_USED = ("skin", "sclera")
_NECK, _FIRST_EYE = 1, 3  # among FLAME's joints


class FlameGlb(Closing):
    """Writes one key per state."""

    def __init__(self, path: Path, models: Path) -> None:
        """models: the folder with flame.npz. Raises RecordingError."""
        if not (models / "flame.npz").is_file():
            raise RecordingError(
                f"cannot record FLAME's mesh to {path}: the model is not installed. Add it: "
                "mien models add flame FILE, or record the free head."
            )
        self.path = path
        self._models = models
        self._head: FlameHead | None = None
        self._offsets: Floats = np.zeros((0, 0, 3), np.float32)
        self._waiting: list[FaceState] = []
        self._glb: Glb | None = None
        new_file(path).close()  # refused now, not when the shape is known
        self._loading = Worker(self._load)  # half a second, in which a show goes on
        self._loading.start()

    @property
    def rows(self) -> int:
        """Keys so far, those that wait included."""
        return len(self._waiting) + (0 if self._glb is None else self._glb.rows)

    def write(self, state: FaceState) -> None:
        """Add a key, also while no face is seen. Raises RecordingError."""
        if self._glb is not None:
            self._glb.write(state)
            return
        last = self._waiting[-1] if self._waiting else None
        self._waiting.append(state)
        too_long = state.timestamp - self._waiting[0].timestamp > LONGEST_WAIT
        known = last is not None and _shape(state) is not None and _shape(state) is _shape(last)
        if (known or too_long) and not self._loading.running:
            self._begin()

    def close(self) -> None:
        """May be called twice. Raises RecordingError."""
        while not self._loading.wait(PATIENCE):
            pass
        if self._waiting:
            self._begin()
        if self._glb is not None:
            self._glb.close()

    def _load(self) -> bool:
        head = FlameHead.load(self._models)
        motion = flame_motion(head, carried(head), EXPRESSIONS, eyelids=False)
        self._offsets = motion.actions.offsets.astype(np.float32)
        self._head = head
        return False

    def _begin(self) -> None:
        self._loading.check()
        assert self._head is not None
        shapes = [shape for state in self._waiting if (shape := _shape(state)) is not None]
        shape = shapes[-1] if shapes else np.zeros(300)
        self._glb = Glb(self.path, flame_figure(self._head, self._offsets, shape))
        waiting, self._waiting = self._waiting, []
        for state in waiting:
            self._glb.write(state)


def _shape(state: FaceState) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None:
    coefficients = state.coefficients
    return coefficients.shape if isinstance(coefficients, FlameCoefficients) else None


def flame_figure(head: FlameHead, offsets: Floats, shape: np.ndarray) -> Figure:
    """The neutral person. offsets: (52, V, 3) m of the actions; shape: (300,)."""
    still = np.zeros(3)
    person = FlameCoefficients(
        shape=shape,
        expression=np.zeros(100),
        rotation=still,
        neck=still,
        jaw=still,
        eyelids=np.zeros(2),
        camera=still,
    )
    joints = head.joints(person)
    origin = joints[_FIRST_EYE:].mean(axis=0)
    joints -= origin
    positions = (head.vertices(person) - origin).astype(np.float32)
    data = SceneData()
    mesh = _mesh(data, head, positions, offsets)
    nodes: list[Json] = [{"name": name} for name in _NODES]
    nodes[_NODE["rig"]]["children"] = [_NODE["bust"], _NODE["head"]]
    nodes[_NODE["head"]]["children"] = [_NODE[name] for name in EYES]
    for name, center in zip(EYES, joints[_FIRST_EYE:], strict=True):
        nodes[_NODE[name]]["translation"] = center.tolist()
    nodes[_NODE["face"]] |= {"mesh": 0, "skin": 0}
    unbound = np.tile(np.eye(4, dtype=np.float32), (len(_JOINTS), 1, 1))
    unbound[2:, 3, :3] = -joints[_FIRST_EYE:]  # column by column: the last one is the translation
    skin = {
        "name": "neck",
        "skeleton": _NODE["rig"],
        "joints": [_NODE[name] for name in _JOINTS],
        "inverseBindMatrices": data.matrices(unbound.reshape(-1, 16)),
    }
    looks = [one for name in _USED for one in MATERIALS if one.name == name]
    scene = Scene(
        accessors=tuple(data.accessors),
        buffer_views=tuple(data.buffer_views),
        data=data.data,
        nodes=tuple(nodes),
        roots=(_NODE["rig"], _NODE["face"]),
        meshes=(mesh,),
        materials=tuple(material(one.name, one.color, one.roughness, open=True) for one in looks),
        skins=(skin,),
        copyright=LICENCE,
    )
    return Figure(scene, joints[_NECK])


def _mesh(data: SceneData, head: FlameHead, positions: Floats, offsets: Floats) -> Json:
    skin = head.skin_weights
    eyes = skin[:, _FIRST_EYE:].sum(axis=1)
    shares = np.column_stack([skin[:, 0], skin[:, 1] + skin[:, 2], skin[:, _FIRST_EYE:]])
    joints, of_255 = _joints(shares)
    attributes = {
        "POSITION": data.positions(positions),
        "NORMAL": data.vertices(_normals(positions, head.faces)),
        "JOINTS_0": data.joints(joints),
        "WEIGHTS_0": data.shares(of_255),
    }
    targets = []
    for moved in offsets * (1.0 - eyes)[:, None]:  # eyeballs turn, nothing bends them
        rows = np.flatnonzero(np.linalg.norm(moved, axis=1) >= LEAST_DELTA)
        sparse = data.sparse(len(positions), rows, moved[rows].astype(np.float32))
        targets.append({"POSITION": sparse})
    is_eye = (eyes[head.faces] > 0.5).all(axis=1)
    primitives = [
        {
            "attributes": attributes,
            "indices": data.indices(faces),
            "material": number,
            "targets": targets,
        }
        for number, faces in enumerate((head.faces[~is_eye], head.faces[is_eye]))
        if len(faces)
    ]
    return {
        "name": "face",
        "primitives": primitives,
        "weights": [0.0] * len(BLENDSHAPES),
        "extras": {"targetNames": list(BLENDSHAPES)},
    }


def _normals(positions: Floats, faces: Integers) -> Floats:
    """(V, 3) unit: the mean over the triangles round a vertex, weighted by their area."""
    a, b, c = positions[faces].astype(np.float64).transpose(1, 0, 2)
    across = np.cross(b - a, c - a)
    normals = np.zeros(positions.shape)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], across)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(length > 0.0, normals / np.maximum(length, 1e-30), (0.0, 0.0, 1.0)).astype(
        np.float32
    )


def _joints(shares: Floats) -> tuple[np.ndarray, np.ndarray]:
    """(V, 4) joints and shares of 255. A joint without a share is 0, as glTF asks."""
    of_255 = np.rint(255.0 * shares / shares.sum(axis=1, keepdims=True)).astype(np.int64)
    largest = of_255.argmax(axis=1)
    of_255[np.arange(len(of_255)), largest] += 255 - of_255.sum(axis=1)
    joints = np.where(of_255 > 0, np.arange(len(_JOINTS)), 0)
    return joints.astype(np.uint8), of_255.astype(np.uint8)
