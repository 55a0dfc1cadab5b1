"""A reader of binary glTF for tests, written from the specification and not from our writer."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_DTYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}


class Gltf:
    """document: the JSON chunk."""

    def __init__(self, path: Path) -> None:
        content = path.read_bytes()
        magic, version, length = struct.unpack_from("<4sII", content)
        assert (magic, version, length) == (b"glTF", 2, len(content))
        json_length, json_type = struct.unpack_from("<I4s", content, 12)
        assert json_type == b"JSON" and json_length % 4 == 0
        self.document: dict[str, Any] = json.loads(content[20 : 20 + json_length])
        start = 20 + json_length
        binary_length, binary_type = struct.unpack_from("<I4s", content, start)
        assert binary_type == b"BIN\0" and start + 8 + binary_length == len(content)
        self._binary = content[start + 8 :]
        assert self.document["buffers"] == [{"byteLength": binary_length}]

    def accessor(self, number: int) -> NDArray[Any]:
        """(count, width) of any accessor, sparse ones filled in."""
        accessor = self.document["accessors"][number]
        dtype, width = _DTYPES[accessor["componentType"]], _WIDTHS[accessor["type"]]
        count = accessor["count"]
        values = np.zeros((count, width), dtype)
        if "bufferView" in accessor:
            values = self._numbers(accessor, dtype, count * width).reshape(count, width)
        if "sparse" in accessor:
            sparse = accessor["sparse"]
            indices = self._numbers(
                sparse["indices"], _DTYPES[sparse["indices"]["componentType"]], sparse["count"]
            )
            changed = self._numbers(sparse["values"], dtype, sparse["count"] * width)
            values = values.copy()
            values[indices] = changed.reshape(-1, width)
        if "min" in accessor:
            assert values.min(axis=0).tolist() == accessor["min"]
            assert values.max(axis=0).tolist() == accessor["max"]
        return values

    def _numbers(self, place: dict[str, Any], dtype: type, count: int) -> NDArray[Any]:
        view = self.document["bufferViews"][place["bufferView"]]
        start = view["byteOffset"] + place.get("byteOffset", 0)
        assert count * np.dtype(dtype).itemsize <= view["byteLength"]
        return np.frombuffer(self._binary, dtype, count, start)

    def keys(self, node: str, path: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """(times (N,), values (N, width)) of a node's animated property."""
        (animation,) = self.document["animations"]
        for channel in animation["channels"]:
            target = channel["target"]
            if self.document["nodes"][target["node"]]["name"] == node and target["path"] == path:
                sampler = animation["samplers"][channel["sampler"]]
                assert sampler["interpolation"] == "LINEAR"
                times = self.accessor(sampler["input"])[:, 0]
                return times, self.accessor(sampler["output"]).reshape(len(times), -1)
        raise KeyError(f"{node} {path}")

    def mesh(self, node: str) -> dict[str, Any]:
        """The mesh of a node."""
        (found,) = (n for n in self.document["nodes"] if n["name"] == node)
        mesh: dict[str, Any] = self.document["meshes"][found["mesh"]]
        return mesh
