"""The free head as the text of a USD layer.

    rig                SkelRoot
    ├── skeleton       joints bust, head, head/eye_left, head/eye_right
    ├── face           the mesh, bent between bust and head, with 52 blend shapes
    ├── eye_left, eye_right
    ├── materials
    └── take           SkelAnimation, which `usd_file` writes

Head space is USD's with Y up and metres, and camera space that of a USD camera at the origin, so
nothing is converted. The cage is written, as a Catmull-Clark surface: USD subdivides by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from app.recordings.head_parts import (
    MATERIALS,
    Floats,
    Integers,
    Material,
    eyeball,
    moved_vertices,
    quads_by_material,
)
from engine.blendshapes import BLENDSHAPES
from models.heads.free import EYES, FreeHead

JOINTS = ("bust", "head", *(f"head/{eye}" for eye in EYES))
LEAST_DELTA = 2e-5  # metres; the head's own precision
_BUST, _HEAD, _FIRST_EYE = 0, 1, 2


def head_text(head: FreeHead) -> str:
    """Everything within the SkelRoot but the animation. head: the cage, neutral."""
    eyes = [
        _eye(name, center, head.eye_radius, _FIRST_EYE + i)
        for i, (name, center) in enumerate(zip(EYES, head.eye_centers, strict=True))
    ]
    return "".join((_materials(), _skeleton(head), _face(head), *eyes))


def _skeleton(head: FreeHead) -> str:
    places = [np.zeros(3), np.zeros(3), *head.eye_centers]  # of the joints, in head space
    matrices = ", ".join(_matrix(place) for place in places)
    return f"""
    def Skeleton "skeleton" (
        prepend apiSchemas = ["SkelBindingAPI"]
    )
    {{
        uniform token[] joints = {_strings(JOINTS)}
        uniform matrix4d[] bindTransforms = [{matrices}]
        uniform matrix4d[] restTransforms = [{matrices}]
        rel skel:animationSource = </rig/take>
    }}
"""


def _face(head: FreeHead) -> str:
    quads = quads_by_material(head)
    used = np.unique(np.concatenate(list(quads.values())))
    row = np.full(len(head.positions), -1)  # in the file, of a vertex of the head
    row[used] = np.arange(len(used))
    corners = {name: row[indices] for name, indices in quads.items()}
    share = head.head_share[used]
    joints = np.tile([_HEAD, _BUST], len(used))
    weights = np.stack([share, 1.0 - share], axis=1)
    shapes = "".join(_blend_shape(head, i, name, row) for i, name in enumerate(BLENDSHAPES))
    targets = ", ".join(f"</rig/face/{name}>" for name in BLENDSHAPES)
    skin = f"""
        uniform token[] skel:blendShapes = {_strings(BLENDSHAPES)}
        rel skel:blendShapeTargets = [{targets}]
        int[] primvars:skel:jointIndices = {_integers(joints)} (
            elementSize = 2
            interpolation = "vertex"
        )
        float[] primvars:skel:jointWeights = {_numbers(weights.ravel())} (
            elementSize = 2
            interpolation = "vertex"
        )"""
    return _mesh("face", head.positions[used], corners, "catmullClark", skin + shapes)


def _eye(name: str, center: Floats, radius: float, joint: int) -> str:
    directions, parts = eyeball(radius)
    points = (directions * np.float32(radius) + center).astype(np.float32)
    skin = f"""
        int[] primvars:skel:jointIndices = [{joint}] (
            elementSize = 1
            interpolation = "constant"
        )
        float[] primvars:skel:jointWeights = [1] (
            elementSize = 1
            interpolation = "constant"
        )
        normal3f[] normals = {_triples(directions)} (
            interpolation = "vertex"
        )"""
    return _mesh(name, points, parts, "none", skin)


def _mesh(name: str, points: Floats, parts: dict[str, Integers], scheme: str, contents: str) -> str:
    """parts: faces of equally many corners each, by material."""
    corners = np.concatenate(list(parts.values()))
    subsets, first = "", 0
    for material, faces in parts.items():
        subsets += f"""
        def GeomSubset "{material}" (
            prepend apiSchemas = ["MaterialBindingAPI"]
        )
        {{
            uniform token elementType = "face"
            uniform token familyName = "materialBind"
            int[] indices = {_integers(np.arange(first, first + len(faces)))}
            rel material:binding = </rig/materials/{material}>
        }}
"""
        first += len(faces)
    extent = np.stack([points.min(axis=0), points.max(axis=0)])
    return f"""
    def Mesh "{name}" (
        prepend apiSchemas = ["SkelBindingAPI", "MaterialBindingAPI"]
    )
    {{
        uniform token subdivisionScheme = "{scheme}"
        uniform token subsetFamily:materialBind:familyType = "partition"
        bool doubleSided = 1
        float3[] extent = {_triples(extent)}
        int[] faceVertexCounts = {_integers(np.full(len(corners), corners.shape[1]))}
        int[] faceVertexIndices = {_integers(corners.ravel())}
        point3f[] points = {_triples(points)}
        rel skel:skeleton = </rig/skeleton>{contents}
{subsets}    }}
"""


def _blend_shape(head: FreeHead, action: int, name: str, row: Integers) -> str:
    rows, deltas = moved_vertices(head, action, row, LEAST_DELTA)
    return f"""

        def BlendShape "{name}"
        {{
            uniform vector3f[] offsets = {_triples(deltas)}
            uniform int[] pointIndices = {_integers(rows)}
        }}"""


def _materials() -> str:
    return f"""
    def Scope "materials"
    {{{"".join(map(_material, MATERIALS))}
    }}
"""


def _material(material: Material) -> str:
    red, green, blue = material.color
    path = f"/rig/materials/{material.name}"
    return f"""
        def Material "{material.name}"
        {{
            token outputs:surface.connect = <{path}/surface.outputs:surface>

            def Shader "surface"
            {{
                uniform token info:id = "UsdPreviewSurface"
                color3f inputs:diffuseColor = ({red}, {green}, {blue})
                float inputs:roughness = {material.roughness}
                float inputs:opacity = {material.opacity}
                token outputs:surface
            }}
        }}"""


def _matrix(place: NDArray[np.floating]) -> str:
    # Rounded: Blender 4.5 crashes on a joint whose children lie about it but for 1e-15 m.
    x, y, z = (f"{round(float(value), 6) + 0.0:.6g}" for value in place)
    return f"((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), ({x}, {y}, {z}, 1))"


def _strings(words: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def _integers(values: Integers) -> str:
    return "[" + ", ".join(map(str, values.tolist())) + "]"


def _numbers(values: NDArray[np.floating]) -> str:
    return "[" + ", ".join(f"{value:.6g}" for value in values.tolist()) + "]"


def _triples(values: NDArray[np.floating]) -> str:
    return "[" + ", ".join(f"({x:.6g}, {y:.6g}, {z:.6g})" for x, y, z in values.tolist()) + "]"
