"""Checkpoints of TensorFlow 1, read without TensorFlow.

V2: `NAME.index`, a sorted table (LevelDB's format) of small protobuf messages, beside
`NAME.data-00000-of-00001` with the numbers. V1, before TensorFlow 1.0: one file `NAME`, the same
kind of table with the numbers in it.
tensorflow/core/protobuf/tensor_bundle.proto, tensorflow/core/util/saved_tensor_slice.proto,
tensorflow/core/lib/io/format.cc.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from models.checkpoints.crc32c import crc32c, masked

FOOTER = 48  # bytes
MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)  # the last bytes of a table

_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2"}  # DataType in types.proto
_VALUES_V1 = {1: 5, 2: 6, 3: 7, 9: 10}  # field of TensorProto by type
_BROKEN = (ValueError, IndexError, KeyError, TypeError, OverflowError, struct.error)

Variables = dict[str, NDArray[Any]]
Message = dict[int, list[Any]]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a variable lies in the data of a V2 checkpoint."""

    dtype: str
    shape: tuple[int, ...]
    shard: int
    start: int
    size: int
    crc: int


def is_table(end: bytes) -> bool:
    """Whether a file with this end is a table: an index or a V1 checkpoint."""
    return end.endswith(MAGIC)


def is_v1(table: bytes) -> bool:
    """Whether a table holds its numbers itself. Raises ModelError if it is damaged."""
    try:
        for key, value in _entries(table):
            return key == b"" and isinstance(_message(value).get(1, [None])[0], bytes)
    except _BROKEN as error:
        raise _damaged(error) from error
    return False


def variable_shapes(table: bytes) -> dict[str, tuple[int, ...]]:
    """The shapes of the variables of a table of either kind. Raises ModelError."""
    try:
        if is_v1(table):
            return {name: shape for name, (shape, _) in _declared_v1(table).items()}
        return {name: entry.shape for name, entry in read_index(table)[0].items()}
    except _BROKEN as error:
        raise _damaged(error) from error


def read_index(table: bytes) -> tuple[dict[str, Entry], int]:
    """The variables of a V2 checkpoint and the number of its files of data. Raises ModelError."""
    entries: dict[str, Entry] = {}
    shards = 1
    try:
        for key, value in _entries(table):
            message = _message(value)
            if key == b"":  # BundleHeaderProto: num_shards, endianness
                shards = message.get(1, [1])[0]
                if message.get(2, [0])[0]:
                    raise ModelError("it was written by a big-endian machine: not supported")
            elif message[1][0] in _DTYPES:  # texts are of no use here
                entries[key.decode()] = Entry(
                    _DTYPES[message[1][0]],
                    _shape(message.get(2, [b""])[0]),
                    *(message.get(field, [0])[0] for field in (3, 4, 5, 6)),
                )
    except _BROKEN as error:
        raise _damaged(error) from error
    return entries, shards


def read_variables(entries: dict[str, Entry], shards: dict[int, bytes]) -> Variables:
    """The numbers of a V2 checkpoint. Raises ModelError if a checksum does not fit."""
    variables: Variables = {}
    for name, entry in entries.items():
        data = memoryview(shards[entry.shard])[entry.start : entry.start + entry.size]
        expected = prod(entry.shape) * np.dtype(entry.dtype).itemsize
        if entry.size != expected or len(data) != expected:
            raise ModelError(
                f"its data are cut off: {name} has {len(data)} bytes; expected {expected}"
            )
        if masked(crc32c(bytes(data))) != entry.crc:
            raise ModelError(f"its data are damaged: the checksum of {name} does not fit")
        variables[name] = np.frombuffer(data, entry.dtype).reshape(entry.shape)
    return variables


def read_v1(table: bytes) -> Variables:
    """The numbers of a V1 checkpoint. Raises ModelError."""
    variables: Variables = {}
    try:
        declared = _declared_v1(table)
        for key, value in _entries(table):
            if key == b"":
                continue
            piece = _message(_message(value)[2][0])
            name, tensor = piece[1][0].decode(), _message(piece[3][0])
            shape, code = declared[name]
            if name in variables:
                raise ModelError(f"{name} is stored in several parts, which is not supported")
            if code in _DTYPES:
                variables[name] = _numbers_v1(tensor, code).reshape(shape)
    except _BROKEN as error:
        raise _damaged(error) from error
    return variables


def _declared_v1(table: bytes) -> dict[str, tuple[tuple[int, ...], int]]:
    """Shape and type of each variable: SavedTensorSliceMeta, the table's first entry."""
    for _, value in _entries(table):
        metas = map(_message, _message(_message(value)[1][0]).get(1, []))
        return {
            meta[1][0].decode(): (_shape(meta.get(2, [b""])[0]), meta.get(3, [1])[0])
            for meta in metas
        }
    return {}


def _numbers_v1(tensor: Message, code: int) -> NDArray[Any]:
    dtype = np.dtype(_DTYPES[code])
    if 4 in tensor:  # tensor_content
        return np.frombuffer(tensor[4][0], dtype)
    packed = b"".join(tensor.get(_VALUES_V1[code], []))
    if dtype.kind == "f":
        return np.frombuffer(packed, dtype)
    values, place = [], 0
    while place < len(packed):
        value, place = _varint(packed, place)
        values.append(value - (1 << 64) if value >> 63 else value)
    return np.array(values, dtype)


def _entries(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(table) < FOOTER or not is_table(table):
        raise ModelError("it is no checkpoint of TensorFlow, or cut off")
    place = len(table) - FOOTER
    _, place = _varint(table, place)  # the block of metadata: where, how long
    _, place = _varint(table, place)
    start, place = _varint(table, place)
    size, _ = _varint(table, place)
    for _, handle in _block(table, start, size):
        start, place = _varint(handle, 0)
        size, _ = _varint(handle, place)
        yield from _block(table, start, size)


def _block(table: bytes, start: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block; a key is stored as what differs from the one before."""
    block, (kind, crc) = table[start : start + size], struct.unpack_from("<BI", table, start + size)
    if masked(crc32c(table[start : start + size + 1])) != crc:
        raise ModelError("its table is damaged: a checksum does not fit")
    if kind != 0:
        raise ModelError("its table is compressed, which is not supported")
    (restarts,) = struct.unpack_from("<I", block, size - 4)
    place, key = 0, b""
    while place < size - 4 - 4 * restarts:
        shared, place = _varint(block, place)
        fresh, place = _varint(block, place)
        length, place = _varint(block, place)
        key = key[:shared] + block[place : place + fresh]
        place += fresh
        yield key, block[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """A number of 7 bits a byte, and the place behind it."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
        if shift > 63:
            raise ValueError("a number without an end")


def _message(data: bytes) -> Message:
    """The fields of a protobuf message: number -> values."""
    fields: Message = {}
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        value: int | bytes
        match tag & 7:
            case 0:
                value, place = _varint(data, place)
            case 1:
                value, place = struct.unpack_from("<Q", data, place)[0], place + 8
            case 2:
                size, place = _varint(data, place)
                value, place = data[place : place + size], place + size
            case 5:
                value, place = struct.unpack_from("<I", data, place)[0], place + 4
            case _:
                raise ValueError("no protobuf message")
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _shape(message: bytes) -> tuple[int, ...]:
    """TensorShapeProto: a size for each axis."""
    return tuple(_message(axis).get(1, [0])[0] for axis in _message(message).get(2, []))


def _damaged(error: Exception) -> ModelError:
    return ModelError(f"its table is damaged or cut off ({type(error).__name__}: {error})"[:160])
