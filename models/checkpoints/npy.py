"""numpy's own files, .npy and .npz, read so that a wrong header costs nothing.

`np.load` reserves what the header claims, and warns about headers of Python 2.
The format: numpy.lib.format, versions 1 to 3.
"""

from __future__ import annotations

import re
import struct
import zipfile
from math import prod
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from models.checkpoints.damage import ARCHIVE_DAMAGE, brief
from models.checkpoints.inert import PLAIN_NAMES, Names
from models.checkpoints.pickled import unpickle
from models.checkpoints.pickled_arrays import NUMPY_NAMES, object_of
from models.checkpoints.torch_file import TENSOR_NAMES

NPY_START = b"\x93NUMPY"
MAX_NPZ_ENTRY = 100_000_000  # bytes; the files that mien reads have some kilobytes

_DESCR = re.compile(r"'descr': *'([<>|=]?[a-zA-Z]\d*)'")
_ORDER = re.compile(r"'fortran_order': *(True|False)")
_SHAPE = re.compile(r"'shape': *\(([\d, L]*)\)")  # L: Python 2's whole numbers
_NUMBERS = re.compile(r"[<>|=]?([fiu][248]|[iub]1)")
_NAMES = Names(PLAIN_NAMES | NUMPY_NAMES | TENSOR_NAMES)


def read_npy(file: BinaryIO) -> object:
    """The array of numbers, or the inert object that an .npy file with a pickle holds.

    Raises ModelError.
    """
    descr, order, shape = _header(file)
    if descr.endswith("O") or descr == "|O8":
        return object_of(unpickle(file, _NAMES))
    return _numbers(file.read(), descr, order, shape)


def read_npz(file: BinaryIO) -> dict[str, NDArray[Any]]:
    """The arrays by name. Raises ModelError."""
    arrays: dict[str, NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                with archive.open(name) as entry:
                    descr, order, shape = _header(entry)
                    data = entry.read(MAX_NPZ_ENTRY)
                arrays[name.removesuffix(".npy")] = _numbers(data, descr, order, shape)
    except ARCHIVE_DAMAGE as error:
        raise ModelError(f"it is damaged or cut off ({brief(error)})") from error
    return arrays


def _header(file: Any) -> tuple[str, str, tuple[int, ...]]:
    start = file.read(8)
    size_format = "<H" if start[6:7] == b"\x01" else "<I"
    size_bytes = file.read(struct.calcsize(size_format))
    if not start.startswith(NPY_START) or len(size_bytes) != struct.calcsize(size_format):
        raise ModelError("it is no .npy file, or cut off")
    text = file.read(min(struct.unpack(size_format, size_bytes)[0], 10_000)).decode("latin-1")
    descr, order, shape = (pattern.search(text) for pattern in (_DESCR, _ORDER, _SHAPE))
    if descr is None or order is None or shape is None:
        raise ModelError("its header is damaged, or its numbers are of a kind not expected here")
    sizes = [size.strip().rstrip("L") for size in shape[1].split(",") if size.strip()]
    if not all(size.isdecimal() and len(size) < 12 for size in sizes):
        raise ModelError(f"its header claims the shape ({shape[1]:.60})")
    return descr[1], "F" if order[1] == "True" else "C", tuple(map(int, sizes))


def _numbers(data: bytes, descr: str, order: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    if not _NUMBERS.fullmatch(descr):
        raise ModelError(f"its numbers are of type {descr!r}; expected whole or decimal numbers")
    dtype = np.dtype(descr)
    if prod(shape) * dtype.itemsize != len(data):
        raise ModelError(
            f"it has {len(data)} bytes for the shape {shape}; expected "
            f"{prod(shape) * dtype.itemsize}: cut off or damaged"
        )
    return np.frombuffer(data, dtype).reshape(shape, order=order)
