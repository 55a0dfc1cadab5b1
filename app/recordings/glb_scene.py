"""Building the part of a glTF document that does not change: meshes, nodes, their binary data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Json = dict[str, Any]  # a glTF object, with the specification's names

FLOAT, UBYTE, USHORT, UINT = 5126, 5121, 5123, 5125
_COMPONENTS = {
    np.dtype(np.float32): FLOAT,
    np.dtype(np.uint8): UBYTE,
    np.dtype(np.uint16): USHORT,
    np.dtype(np.uint32): UINT,
}
_TYPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
_VERTICES, _INDICES = 34962, 34963  # what a buffer view is for


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything but the animation. Accessors are numbered from 0 here; in the file, whose first
    accessors are the animation's, from `document`'s shift on.

    data: the binary chunk's beginning; its length divides by 4.
    """

    accessors: tuple[Json, ...]
    buffer_views: tuple[Json, ...]
    data: bytes
    nodes: tuple[Json, ...]
    roots: tuple[int, ...]
    meshes: tuple[Json, ...]
    materials: tuple[Json, ...]
    skins: tuple[Json, ...]
    copyright: str

    def node(self, name: str) -> int:
        """The number of a node."""
        return next(i for i, node in enumerate(self.nodes) if node["name"] == name)

    def document(self, shift: int) -> Json:
        """The document without accessors, buffer views, buffers and animations."""
        return {
            "asset": {"version": "2.0", "generator": "mien", "copyright": self.copyright},
            "scene": 0,
            "scenes": [{"name": "take", "nodes": list(self.roots)}],
            "nodes": list(self.nodes),
            "meshes": [_shifted_mesh(mesh, shift) for mesh in self.meshes],
            "materials": list(self.materials),
            "skins": [
                {**skin, "inverseBindMatrices": skin["inverseBindMatrices"] + shift}
                for skin in self.skins
            ],
        }


class SceneData:
    """Accessors and the bytes that they show."""

    def __init__(self) -> None:
        self.accessors: list[Json] = []
        self.buffer_views: list[Json] = []
        self._pieces: list[bytes] = []
        self._length = 0

    @property
    def data(self) -> bytes:
        return b"".join(self._pieces)

    def positions(self, values: NDArray[np.float32]) -> int:
        """The accessor's number of (V, 3) metres."""
        return self._added(_accessor(values, self._view(values, _VERTICES)) | _limits(values))

    def vertices(self, values: NDArray[np.float32]) -> int:
        """The accessor's number of any other row a vertex."""
        return self._added(_accessor(values, self._view(values, _VERTICES)))

    def shares(self, values: NDArray[np.uint8]) -> int:
        """(V, 4) shares of 255 each."""
        accessor = _accessor(values, self._view(values, _VERTICES))
        return self._added(accessor | {"normalized": True})

    def joints(self, values: NDArray[np.uint8]) -> int:
        """(V, 4) numbers of joints."""
        return self._added(_accessor(values, self._view(values, _VERTICES)))

    def indices(self, triangles: NDArray[np.integer]) -> int:
        """(T, 3) vertices of triangles."""
        flat = triangles.ravel()
        narrow = flat.astype(np.uint16 if flat.max() < 0xFFFF else np.uint32)
        return self._added(_accessor(narrow, self._view(narrow, _INDICES)))

    def matrices(self, values: NDArray[np.float32]) -> int:
        """(N, 16) numbers of 4×4 matrices, column by column."""
        return self._added(_accessor(values, self._view(values)))

    def sparse(self, count: int, vertices: NDArray[np.integer], deltas: NDArray[np.float32]) -> int:
        """(count, 3) zeros but for `deltas` (n, 3) at the ascending `vertices` (n,)."""
        accessor: Json = {"componentType": FLOAT, "type": "VEC3", "count": count}
        bounded = deltas
        if len(vertices) < count:
            bounded = np.concatenate([deltas, np.zeros((1, 3), np.float32)])
        accessor |= _limits(bounded)
        if len(vertices):
            narrow = vertices.astype(np.uint16 if count < 0xFFFF else np.uint32)
            accessor["sparse"] = {
                "count": len(vertices),
                "indices": {
                    "bufferView": self._view(narrow),
                    "componentType": _COMPONENTS[narrow.dtype],
                },
                "values": {"bufferView": self._view(deltas)},
            }
        return self._added(accessor)

    def _added(self, accessor: Json) -> int:
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def _view(self, values: NDArray[Any], target: int | None = None) -> int:
        content = np.ascontiguousarray(values).tobytes()
        view: Json = {"buffer": 0, "byteOffset": self._length, "byteLength": len(content)}
        if target is not None:
            view["target"] = target
        self.buffer_views.append(view)
        content += bytes(-len(content) % 4)
        self._pieces.append(content)
        self._length += len(content)
        return len(self.buffer_views) - 1


def material(
    name: str,
    color: Sequence[float],
    roughness: float,
    *,
    open: bool = False,
    opacity: float = 1.0,
) -> Json:
    """A plain material. color: linear, 0..1. open: seen from both sides."""
    described: Json = {
        "name": name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*color, opacity],
            "metallicFactor": 0.0,
            "roughnessFactor": roughness,
        },
    }
    if open:
        described["doubleSided"] = True
    if opacity < 1.0:
        described["alphaMode"] = "BLEND"
    return described


def _accessor(values: NDArray[Any], view: int) -> Json:
    width = 1 if values.ndim == 1 else values.shape[1]
    return {
        "bufferView": view,
        "componentType": _COMPONENTS[values.dtype],
        "type": _TYPES[width],
        "count": len(values),
    }


def _limits(values: NDArray[Any]) -> Json:
    return {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}


def _shifted_mesh(mesh: Json, shift: int) -> Json:
    primitives = []
    for primitive in mesh["primitives"]:
        shifted = dict(primitive)
        shifted["indices"] = primitive["indices"] + shift
        shifted["attributes"] = _shifted(primitive["attributes"], shift)
        if "targets" in primitive:
            shifted["targets"] = [_shifted(target, shift) for target in primitive["targets"]]
        primitives.append(shifted)
    return {**mesh, "primitives": primitives}


def _shifted(attributes: dict[str, int], shift: int) -> dict[str, int]:
    return {name: accessor + shift for name, accessor in attributes.items()}
