"""MATLAB's .mat files of versions 5 to 7: the numbers in structs, all that the Basel model needs.

MathWorks, "MAT-File Format", chapter 1: elements with a tag; arrays are elements of elements.
"""

from __future__ import annotations

import struct
import zlib
from math import prod
from typing import Any

import numpy as np

from engine.errors import ModelError

HEADER = 128  # bytes
START = b"MATLAB 5.0"
START_73 = b"MATLAB 7.3"  # that is HDF5
MAX_BYTES = 2_000_000_000  # of a compressed element, unpacked; the whole Basel model has 0.5 GB
MAX_DEPTH = 4  # of structs in structs

_TYPES = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
_MATRIX, _COMPRESSED = 14, 15
_STRUCT, _FIRST_NUMBER, _LAST_NUMBER = 2, 6, 15  # classes of arrays
_COMPLEX = 0x0800
_BROKEN = (ValueError, IndexError, KeyError, TypeError, OverflowError, struct.error, zlib.error)

Fields = dict[str, Any]


def read_mat(data: bytes) -> Fields:
    """The variables by name: an array of numbers, a struct as a dictionary of its fields.

    None stands for texts, cells, and arrays of structs. Raises ModelError.
    """
    if data.startswith(START_73):
        raise ModelError("it is of MATLAB's version 7.3; expected up to 7: save(…, '-v7')")
    if not data.startswith(START) or data[126:128] != b"IM":
        raise ModelError("it is no .mat file of version 5 to 7, little-endian")
    variables: Fields = {}
    try:
        view = memoryview(data)[HEADER:]
        while len(view) >= 8:
            kind, content, view = _element(view)
            if kind == _COMPRESSED:
                kind, content, _ = _element(memoryview(_unpacked(content, len(data))))
            if kind == _MATRIX:
                name, value = _matrix(content, MAX_DEPTH)
                variables[name] = value
    except _BROKEN as error:
        raise ModelError(f"it is damaged or cut off ({error})"[:160]) from error
    return variables


def _unpacked(content: memoryview, size: int) -> bytes:
    limit = min(MAX_BYTES, 100 * size + 1_000_000)
    unpacker = zlib.decompressobj()
    unpacked = unpacker.decompress(content, limit)
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ModelError("a compressed part of it is cut off, or far too large")
    return unpacked


def _element(view: memoryview) -> tuple[int, memoryview, memoryview]:
    """Type and content of the first element, and what follows it."""
    (kind, size) = struct.unpack_from("<II", view)
    if kind >> 16:  # up to four bytes stand in the tag itself
        return kind & 0xFFFF, view[4 : 4 + (kind >> 16)], view[8:]
    if 8 + size > len(view):
        raise ValueError(f"an element of {size} bytes, {len(view) - 8} are left")
    padded = size if kind == _COMPRESSED else -(-size // 8) * 8
    return kind, view[8 : 8 + size], view[8 + padded :]


def _matrix(view: memoryview, depth: int) -> tuple[str, Any]:
    if not view:  # an empty field of a struct
        return "", None
    _, flags, view = _element(view)
    _, sizes, view = _element(view)
    _, name, view = _element(view)
    (flag_bits,) = struct.unpack_from("<I", flags)
    shape = tuple(np.frombuffer(sizes, "<i4").tolist())
    kind = flag_bits & 0xFF
    value: Any = None
    if kind == _STRUCT and prod(shape) == 1 and depth > 0:
        value = _struct(view, depth - 1)
    elif _FIRST_NUMBER <= kind <= _LAST_NUMBER and not flag_bits & _COMPLEX:
        stored, content, _ = _element(view)  # MATLAB stores whole numbers in fewer bytes
        value = np.frombuffer(content, "<" + _TYPES[stored]).reshape(shape, order="F")
    return bytes(name).decode("latin-1"), value


def _struct(view: memoryview, depth: int) -> Fields:
    _, length, view = _element(view)
    _, names, view = _element(view)
    (size,) = struct.unpack_from("<i", length)
    fields: Fields = {}
    for start in range(0, len(names), size):
        name = bytes(names[start : start + size]).split(b"\0")[0].decode("latin-1")
        _, content, view = _element(view)
        fields[name] = _matrix(content, depth)[1]
    return fields
