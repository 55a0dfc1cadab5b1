"""Reads MediaPipe's canonical face from the geometry metadata in its face_landmarker.task.

The file is a message GeometryPipelineMetadata (geometry_pipeline_metadata.proto, mesh_3d.proto) in
protocol buffers' wire format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError

CANONICAL_MESH, BASIS = 1, 2  # fields of GeometryPipelineMetadata
VERTEX_BUFFER = 3  # of Mesh3d: x, y, z and two texture coordinates a vertex
LANDMARK_ID, WEIGHT = 1, 2  # of WeightedLandmarkRef
VERTEX_SIZE = 5


@dataclass(frozen=True, slots=True, eq=False)
class CanonicalFace:
    """A face of average size, and which of its points tell the pose of a head.

    points:  (468, 3) centimetres, head space; in the order of MediaPipe's landmarks.
    weights: (468,) 0 for those that move with the expression.
    """

    points: NDArray[np.float64]
    weights: NDArray[np.float64]


def read_face_geometry(content: bytes) -> CanonicalFace:
    """The face in the bytes of geometry_pipeline_metadata_landmarks.binarypb.

    Raises ModelError if they are something else.
    """
    try:
        fields = list(_fields(content))
        (mesh,) = (value for field, value in fields if field == CANONICAL_MESH)
        numbers = [value for field, value in _fields(mesh) if field == VERTEX_BUFFER]
        basis = [dict(_fields(value)) for field, value in fields if field == BASIS]
        vertices = np.frombuffer(b"".join(numbers), "<f4").reshape(-1, VERTEX_SIZE)
        weights = np.zeros(len(vertices))
        for point in basis:
            weights[int.from_bytes(point[LANDMARK_ID], "little")] = _float(point[WEIGHT])
    except (ValueError, LookupError, struct.error) as error:
        raise ModelError(
            f"cannot read the canonical face: {len(content)} bytes, {error}; expected the geometry "
            "metadata of MediaPipe's face_landmarker.task. Get the model file anew."
        ) from error
    return CanonicalFace(points=vertices[:, :3].astype(np.float64), weights=weights)


def _float(value: bytes) -> float:
    return float(struct.unpack("<f", value)[0])


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Numbers of the fields of a message, with their values; integers as little-endian bytes."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        match key & 7:
            case 0:
                number, end = _varint(message, position)
                yield key >> 3, number.to_bytes(8, "little")
                position = end
                continue
            case 1:
                size = 8
            case 2:
                size, position = _varint(message, position)
            case 5:
                size = 4
            case kind:
                raise ValueError(f"wire type {kind} at byte {position}")
        if position + size > len(message):
            raise ValueError(f"it ends within the field at byte {position}")
        yield key >> 3, message[position : position + size]
        position += size


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """An integer of seven bits a byte, the lowest first, and the position behind it."""
    number = shift = 0
    while True:
        byte = message[position]
        number |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return number, position
