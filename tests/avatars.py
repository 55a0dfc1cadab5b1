"""A small avatar, made of code: a face of 52 morph targets, eyes, body and arms on bones.

Everything is laid out as VRM 1.0 and glTF have it, the face towards +Z, the person's left at +X;
for VRM 0.x the whole of it is turned round.
"""

from __future__ import annotations

import base64
import copy
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES, INDEX

Form = Literal["glTF", "VRM 0.x", "VRM 1.0"]

PLACES = {  # metres, of each bone
    "hips": (0.0, 0.9, 0.0),
    "neck": (0.0, 1.45, 0.0),
    "head": (0.0, 1.52, 0.0),
    "leftEye": (0.03, 1.6, 0.07),
    "rightEye": (-0.03, 1.6, 0.07),
    "leftUpperArm": (0.15, 1.4, 0.0),
    "leftLowerArm": (0.4, 1.4, 0.0),
    "rightUpperArm": (-0.15, 1.4, 0.0),
    "rightLowerArm": (-0.4, 1.4, 0.0),
}
PARENTS = {
    "neck": "hips",
    "head": "neck",
    "leftEye": "head",
    "rightEye": "head",
    "leftUpperArm": "hips",
    "leftLowerArm": "leftUpperArm",
    "rightUpperArm": "hips",
    "rightLowerArm": "rightUpperArm",
}
HAIR = {  # metres from the node before
    "hair1": (0.02, 0.1, -0.1),
    "hair2": (0.03, -0.05, -0.02),
    "hair3": (0.0, -0.06, 0.01),
}
HAIR_SPRING = {"stiffness": 0.6, "dragForce": 0.3, "gravityPower": 0.4, "hitRadius": 0.02}
HEAD_COLLIDER = 0.11  # metres
UNMOVED = (  # which a VRM must have
    *("spine", "leftHand", "rightHand"),
    *("leftUpperLeg", "leftLowerLeg", "leftFoot"),
    *("rightUpperLeg", "rightLowerLeg", "rightFoot"),
)
FACE_CENTER, FACE_RADIUS, EYE_RADIUS = np.array([0.0, 1.61, 0.0]), 0.1, 0.013
FACE_RINGS, FACE_SPOKES = 9, 12
PRESETS = {  # of VRM 1.0 and 0.x, and the ARKit shape whose morph target they use
    "aa": ("a", "jawOpen"),
    "ou": ("u", "mouthPucker"),
    "blinkLeft": ("blink_l", "eyeBlinkLeft"),
    "blinkRight": ("blink_r", "eyeBlinkRight"),
    "happy": ("joy", "mouthSmileLeft"),
}


def avatar_bytes(
    form: Form = "glTF",
    *,
    names: Sequence[str] | None = BLENDSHAPES,
    expressions: Literal["arkit", "presets", "none"] = "none",
    overrides: str = "",
    look_at: Literal["bone", "expression", ""] = "",
    up: float = 9.0,
    material: dict[str, Any] | None = None,
    image: NDArray[np.uint8] | None = None,
    scale: float = 1.0,
    hair: bool = False,
) -> bytes:
    """A .glb or .vrm. names: of the face's morph targets; None: there are none.

    expressions: what a VRM has. overrides: of its `happy`, for Blink. up: degrees that its eyes
    look up at most; they look 10 down. material: the face's; image: its texture 0. scale: of all.
    hair: a lock of three joints behind the head, with a ball on the second.
    """
    document, binary = _document(form, names, material, image, scale, hair)
    if form == "VRM 1.0":
        document["extensionsUsed"] = ["VRMC_vrm", *(["VRMC_springBone"] if hair else [])]
        document["extensions"] = {"VRMC_vrm": _vrm1(document, expressions, overrides, look_at, up)}
        if hair:
            document["extensions"]["VRMC_springBone"] = _springs1(document)
    if form == "VRM 0.x":
        document["extensionsUsed"] = ["VRM"]
        document["extensions"] = {"VRM": _vrm0(document, expressions, look_at, up)}
        if hair:
            document["extensions"]["VRM"]["secondaryAnimation"] = _springs0(document)
    if form != "glTF" and material is not None and "mtoon0" in material:
        document["extensions"]["VRM"]["materialProperties"] = [
            material["mtoon0"],
            {"name": "plain", "shader": "VRM_USE_GLTFSHADER"},
        ]
    return glb(document, binary)


def write_avatar(path: Path, form: Form = "glTF", **given: Any) -> Path:
    path.write_bytes(avatar_bytes(form, **given))
    return path


def glb(document: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The document and the binary chunk of a .glb."""
    (length,) = struct.unpack_from("<I", content, 12)
    return json.loads(content[20 : 20 + length]), content[28 + length :]


def as_gltf(content: bytes) -> bytes:
    """The same with its buffer in a data URI."""
    document, binary = parts(content)
    data = base64.b64encode(binary).decode()
    document["buffers"][0]["uri"] = f"data:application/octet-stream;base64,{data}"
    return json.dumps(document).encode()


def offsets_of(name: str) -> NDArray[np.float64]:
    """(V, 3) how the face's morph target of that ARKit shape moves it, in glTF's axes."""
    points = face_points()
    rng = np.random.default_rng(INDEX[name])
    moves = np.zeros_like(points)
    if name.startswith("eyeBlink"):
        side = 1.0 if name.endswith("Left") else -1.0
        near = np.linalg.norm(points - (side * 0.03, 1.6, 0.1), axis=1) < 0.045
        moves[near] = (0.0, -0.01, 0.0)
    elif name == "jawOpen":
        moves[(points[:, 1] < 1.57) & (points[:, 2] > 0.0)] = (0.0, -0.03, 0.0)
    else:
        moved = rng.choice(len(points), 12, replace=False)
        moves[moved] = rng.normal(0.0, 0.004, (12, 3))
    return moves


def face_points() -> NDArray[np.float64]:
    """(V, 3) of the face at rest: a ball."""
    return FACE_CENTER + FACE_RADIUS * _ball(FACE_RINGS, FACE_SPOKES)[0]


def _ball(rings: int, spokes: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Unit points and triangles, counter-clockwise seen from outside."""
    polar, round_ = np.meshgrid(
        np.linspace(0.0, np.pi, rings), np.arange(spokes) * 2 * np.pi / spokes, indexing="ij"
    )
    points = np.stack(
        [np.sin(polar) * np.sin(round_), np.cos(polar), np.sin(polar) * np.cos(round_)], axis=-1
    )
    ring, spoke = np.meshgrid(np.arange(rings - 1), np.arange(spokes), indexing="ij")
    a, b = ring * spokes + spoke, ring * spokes + (spoke + 1) % spokes
    quads = np.stack([a, a + spokes, b + spokes, b], axis=-1).reshape(-1, 4)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    flat = points.reshape(-1, 3)
    corners = flat[triangles]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    return flat, triangles[area > 1e-9]


class _Writer:
    """Gathers accessors."""

    def __init__(self) -> None:
        self.binary = b""
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def view(self, data: bytes) -> int:
        self.binary += b"\0" * (-len(self.binary) % 4)
        self.views.append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)})
        self.binary += data
        return len(self.views) - 1

    def add(self, values: NDArray[Any], kind: str, *, bounds: bool = False) -> int:
        codes = {"float32": 5126, "uint16": 5123, "uint8": 5121, "uint32": 5125}
        accessor = {
            "bufferView": self.view(values.tobytes()),
            "componentType": codes[values.dtype.name],
            "count": len(values),
            "type": kind,
        }
        if bounds:
            accessor |= {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def add_sparse(self, values: NDArray[np.float32]) -> int:
        rows = np.flatnonzero(values.any(axis=1)).astype(np.uint16)
        self.accessors.append(
            {
                "componentType": 5126,
                "count": len(values),
                "type": "VEC3",
                "min": values.min(axis=0).tolist(),
                "max": values.max(axis=0).tolist(),
                "sparse": {
                    "count": len(rows),
                    "indices": {"bufferView": self.view(rows.tobytes()), "componentType": 5123},
                    "values": {"bufferView": self.view(values[rows].tobytes())},
                },
            }
        )
        return len(self.accessors) - 1


def _document(
    form: Form,
    names: Sequence[str] | None,
    material: dict[str, Any] | None,
    image: NDArray[np.uint8] | None,
    scale: float,
    hair: bool,
) -> tuple[dict[str, Any], bytes]:
    turn = np.array([-1.0, 1.0, -1.0] if form == "VRM 0.x" else [1.0, 1.0, 1.0]) * scale
    bones = list(PLACES)
    nodes: list[dict[str, Any]] = []
    for name in bones:
        above = PLACES[PARENTS[name]] if name in PARENTS else (0.0, 0.0, 0.0)
        place = (np.array(PLACES[name]) - above) * turn
        nodes.append({"name": name, "translation": place.tolist()})
    nodes[0]["children"] = list(range(len(bones), len(bones) + len(UNMOVED)))
    nodes += [{"name": name} for name in UNMOVED]
    for name, parent in PARENTS.items():
        nodes[bones.index(parent)].setdefault("children", []).append(bones.index(name))
    writer = _Writer()
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(bones), 1, 1))
    inverse[:, :3, 3] = [-np.array(PLACES[name]) * turn for name in bones]
    skin = {
        "joints": list(range(len(bones))),
        "inverseBindMatrices": writer.add(
            np.ascontiguousarray(inverse.transpose(0, 2, 1)).reshape(-1, 16), "MAT4"
        ),
    }
    ball, triangles = _ball(FACE_RINGS, FACE_SPOKES)
    face = _primitive(writer, face_points() * turn, ball * np.sign(turn), triangles, "head")
    face["material"] = 0
    small, small_triangles = _ball(5, 8)
    meshes: list[dict[str, Any]] = [{"name": "face", "primitives": [face]}]
    if names is not None:
        targets = []
        for number, name in enumerate(BLENDSHAPES[: len(names)]):
            moves = (offsets_of(name) * turn).astype(np.float32)
            sparse = number % 2 == 0
            targets.append(
                {
                    "POSITION": writer.add_sparse(moves)
                    if sparse
                    else writer.add(moves, "VEC3", bounds=True)
                }
            )
        face["targets"] = targets
        meshes[0]["extras"] = {"targetNames": list(names)}
    for bone, radius in (("leftEye", EYE_RADIUS), ("rightEye", EYE_RADIUS), ("leftLowerArm", 0.05)):
        points = (np.array(PLACES[bone]) + radius * small) * turn
        primitive = _primitive(writer, points, small * np.sign(turn), small_triangles, bone)
        primitive["material"] = 1
        meshes.append({"name": f"{bone} ball", "primitives": [primitive]})
    for number, mesh in enumerate(meshes):
        nodes.append({"name": mesh["name"], "mesh": number, "skin": 0})
    if hair:
        points = (0.02 * small) * turn
        primitive = _primitive(writer, points, small * np.sign(turn), small_triangles, "head")
        primitive["material"] = 1
        for name in ("JOINTS_0", "WEIGHTS_0"):
            del primitive["attributes"][name]
        meshes.append({"name": "hair ball", "primitives": [primitive]})
    shown = list(range(len(bones) + len(UNMOVED), len(nodes)))
    if hair:
        nodes[bones.index("head")]["children"].append(len(nodes))
        for name, place in HAIR.items():
            nodes.append({"name": name, "translation": (np.array(place) * turn).tolist()})
            if name != "hair3":
                nodes[-1]["children"] = [len(nodes)]
        nodes[-2]["mesh"] = len(meshes) - 1
    given = {k: v for k, v in (material or {}).items() if k != "mtoon0"}
    document: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0, *shown]}],
        "nodes": nodes,
        "meshes": meshes,
        "skins": [skin],
        "materials": [{"name": "face", **given}, {"name": "plain"}],
    }
    if used := (given.get("extensions") or {}):
        document["extensionsUsed"] = list(used)
    if image is not None:
        png = cv2.imencode(".png", image[..., [2, 1, 0, 3]])[1].tobytes()
        document["images"] = [{"bufferView": writer.view(png), "mimeType": "image/png"}]
        document["textures"] = [{"source": 0}]
    document |= {
        "accessors": writer.accessors,
        "bufferViews": writer.views,
        "buffers": [{"byteLength": len(writer.binary)}],
    }
    return document, writer.binary


def _primitive(
    writer: _Writer,
    points: NDArray[np.float64],
    normals: NDArray[np.float64],
    triangles: NDArray[np.int64],
    bone: str,
) -> dict[str, Any]:
    """On this bone; the lower half of the head's takes its share from the neck."""
    bones = list(PLACES)
    joints = np.zeros((len(points), 4), np.uint8)
    joints[:, 0], joints[:, 1] = bones.index(bone), bones.index("neck")
    weights = np.zeros((len(points), 4), np.float32)
    low = (bone == "head") & (points[:, 1] < np.median(points[:, 1]))
    weights[:, 1] = np.where(low, 0.25, 0.0)
    weights[:, 0] = 1.0 - weights[:, 1]
    joints[weights == 0.0] = 0
    if points[0, 1] != 0.0:
        coordinates = np.stack([points[:, 0] - points[:, 0].min(), -points[:, 1]], axis=1)
    unit = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    return {
        "attributes": {
            "POSITION": writer.add(points.astype(np.float32), "VEC3", bounds=True),
            "NORMAL": writer.add(unit.astype(np.float32), "VEC3"),
            "TEXCOORD_0": writer.add(coordinates.astype(np.float32), "VEC2"),
            "JOINTS_0": writer.add(joints, "VEC4"),
            "WEIGHTS_0": writer.add(weights, "VEC4"),
        },
        "indices": writer.add(triangles.ravel().astype(np.uint16), "SCALAR"),
    }


def _springs1(document: dict[str, Any]) -> dict[str, Any]:
    names = [node["name"] for node in document["nodes"]]
    return {
        "specVersion": "1.0",
        "colliders": [
            {
                "node": names.index("head"),
                "shape": {"sphere": {"offset": [0.0, 0.08, 0.0], "radius": HEAD_COLLIDER}},
            }
        ],
        "colliderGroups": [{"colliders": [0]}],
        "springs": [
            {
                "joints": [
                    {"node": names.index(name), "gravityDir": [0.0, -1.0, 0.0], **HAIR_SPRING}
                    for name in HAIR
                ],
                "colliderGroups": [0],
            }
        ],
    }


def _springs0(document: dict[str, Any]) -> dict[str, Any]:
    names = [node["name"] for node in document["nodes"]]
    return {
        "boneGroups": [
            {
                "stiffiness": HAIR_SPRING["stiffness"],
                "dragForce": HAIR_SPRING["dragForce"],
                "gravityPower": HAIR_SPRING["gravityPower"],
                "hitRadius": HAIR_SPRING["hitRadius"],
                "gravityDir": {"x": 0.0, "y": -1.0, "z": 0.0},
                "center": -1,
                "bones": [names.index("hair1")],
                "colliderGroups": [0],
            }
        ],
        "colliderGroups": [
            {
                "node": names.index("head"),
                "colliders": [{"offset": {"x": 0.0, "y": 0.08, "z": 0.0}, "radius": HEAD_COLLIDER}],
            }
        ],
    }


def _binds(expressions: str) -> dict[str, str]:
    """Expression -> ARKit shape whose morph target it uses."""
    if expressions == "arkit":
        return {name[0].upper() + name[1:]: name for name in BLENDSHAPES}
    return {name: shape for name, (_, shape) in PRESETS.items()} if expressions == "presets" else {}


def _vrm1(
    document: dict[str, Any], expressions: str, overrides: str, look_at: str, up: float
) -> dict[str, Any]:
    face = next(n for n, node in enumerate(document["nodes"]) if node.get("mesh") == 0)
    said: dict[str, Any] = {
        name: {"morphTargetBinds": [{"node": face, "index": INDEX[shape], "weight": 1.0}]}
        for name, shape in _binds(expressions).items()
    }
    if overrides:
        said["happy"]["overrideBlink"] = overrides
    vrm: dict[str, Any] = {
        "specVersion": "1.0",
        "meta": {
            "name": "Small",
            "authors": ["mien"],
            "licenseUrl": "https://vrm.dev/licenses/1.0/",
        },
        "humanoid": {
            "humanBones": {name: {"node": n} for n, name in enumerate((*PLACES, *UNMOVED))}
        },
        "expressions": {"custom" if expressions == "arkit" else "preset": said},
    }
    if look_at:
        vrm["lookAt"] = {
            "offsetFromHeadBone": [0.0, 0.06, 0.0],
            "type": look_at,
            **{
                f"rangeMap{way}": {"inputMaxValue": 90.0, "outputScale": scale}
                for way, scale in (
                    ("HorizontalInner", 8.0),
                    ("HorizontalOuter", 12.0),
                    ("VerticalDown", 10.0),
                    ("VerticalUp", up),
                )
            },
        }
    return vrm


def _vrm0(document: dict[str, Any], expressions: str, look_at: str, up: float) -> dict[str, Any]:
    vrm1 = _vrm1(document, expressions, "", "", up)
    presets = {name: preset for name, (preset, _) in PRESETS.items()}
    groups = [
        {
            "name": name,
            "presetName": presets.get(name, "unknown"),
            "binds": [{"mesh": 0, "index": INDEX[shape], "weight": 100.0}],
        }
        for name, shape in _binds(expressions).items()
    ]
    vrm: dict[str, Any] = {
        "meta": {"title": "Small", "version": "1"},
        "humanoid": {
            "humanBones": [
                {"bone": name, "node": bone["node"]}
                for name, bone in vrm1["humanoid"]["humanBones"].items()
            ]
        },
        "blendShapeMaster": {"blendShapeGroups": groups},
    }
    if look_at:
        vrm["firstPerson"] = {
            "lookAtTypeName": "Bone" if look_at == "bone" else "BlendShape",
            **{
                f"lookAt{way}": {"xRange": 90.0, "yRange": scale}
                for way, scale in (
                    ("HorizontalInner", 8.0),
                    ("HorizontalOuter", 12.0),
                    ("VerticalDown", 10.0),
                    ("VerticalUp", up),
                )
            },
        }
    return copy.deepcopy(vrm)
