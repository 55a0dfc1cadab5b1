"""Binary glTF: the animation of morph targets named as ARKit's, and of nodes head, eye_left,
eye_right. https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html

Only the numbers are read; to import the head itself, use Blender's own importer.
"""

from __future__ import annotations

import json
import struct
from array import array
from typing import Any

from .channels import HEAD, LEFT_EYE, NEUTRAL, RIGHT_EYE, blendshape_of, eye_angles
from .take import Take
from .take_error import TakeError

_FLOAT = 5126
_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
_JSON, _BINARY = b"JSON", b"BIN\0"
_TURNED = {"head": HEAD, "eye_left": LEFT_EYE, "eye_right": RIGHT_EYE}


def glb_take(content: bytes, name: str) -> Take:
    """name: the file's, for errors. Raises TakeError."""
    try:
        return _take(content)
    except TakeError as error:
        raise TakeError(f"Cannot import {name}: {error}") from None
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError, struct.error):
        # What a document may lack or have wrong is endless; its first fault ends up here.
        raise TakeError(f"Cannot import {name}: it is no whole GLB file") from None


def _take(content: bytes) -> Take:
    document, binary = _chunks(content)
    tracks: list[tuple[array[float], array[float], list[tuple[int, int]]]] = []
    for animation in document.get("animations", ()):
        for channel in animation["channels"]:
            target = channel["target"]
            if "node" not in target:
                continue
            node = document["nodes"][target["node"]]
            places = _places(document, node, target["path"])
            if not places:
                continue
            sampler = animation["samplers"][channel["sampler"]]
            if sampler.get("interpolation", "LINEAR") != "LINEAR":
                raise TakeError("its animation is not linear; expected a take of mien")
            times = _accessor(document, binary, sampler["input"])
            values = _accessor(document, binary, sampler["output"])
            tracks.append((times, values, places))
    if not tracks:
        raise TakeError("it has no animation of ARKit's shapes or of a node named head")
    times = tracks[0][0]
    if any(track_times != times for track_times, _, _ in tracks):
        raise TakeError("its channels have keys at different times; expected a take of mien")
    take = Take()
    for key, time in enumerate(times):
        row = list(NEUTRAL)
        for _, values, places in tracks:
            width = len(values) // len(times)
            key_values = values[key * width : (key + 1) * width]
            for source, index in places:
                if index in (LEFT_EYE, RIGHT_EYE):
                    x, y, z, w = key_values
                    row[index : index + 2] = eye_angles(x, y, z, w)
                else:
                    row[index] = key_values[source]
        take.append(time, row)
    if not take:
        raise TakeError("its animation has no keys")
    return take


def _places(document: dict[str, Any], node: dict[str, Any], path: str) -> list[tuple[int, int]]:
    """Which of a key's numbers belong where in a row."""
    if path == "weights":
        mesh = document["meshes"][node["mesh"]]
        names = mesh.get("extras", {}).get("targetNames", [])
        indices = [(source, blendshape_of(target)) for source, target in enumerate(names)]
        return [(source, index) for source, index in indices if index is not None]
    if path == "rotation" and node.get("name") == "head":
        return [(i, HEAD + i) for i in range(4)]
    if path == "rotation" and node.get("name") in _TURNED:
        return [(0, _TURNED[node["name"]])]
    return []


def _accessor(document: dict[str, Any], binary: bytes, number: int) -> array[float]:
    accessor = document["accessors"][number]
    if accessor["componentType"] != _FLOAT or "sparse" in accessor:
        raise TakeError("its animation is not stored as floats; expected a take of mien")
    view = document["bufferViews"][accessor["bufferView"]]
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    count = accessor["count"] * _WIDTHS[accessor["type"]]
    numbers = array("f", struct.unpack_from(f"<{count}f", binary, start))
    if any(number - number != 0.0 for number in numbers):  # not finite
        raise TakeError("its animation has numbers that are not finite")
    return numbers


def _chunks(content: bytes) -> tuple[dict[str, Any], bytes]:
    magic, version, length = struct.unpack_from("<4sII", content)
    if magic != b"glTF" or version != 2 or length > len(content):
        raise ValueError
    found: dict[bytes, bytes] = {}
    start = 12
    while start < length:
        size, kind = struct.unpack_from("<I4s", content, start)
        found.setdefault(kind, content[start + 8 : start + 8 + size])
        start += 8 + size
    return json.loads(found[_JSON]), found[_BINARY]
