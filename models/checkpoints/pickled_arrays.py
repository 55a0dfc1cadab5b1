"""numpy arrays out of the inert values that a pickle leaves (models/checkpoints/pickled.py)."""

from __future__ import annotations

import re
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from models.checkpoints.inert import Instance

_CORES = ("numpy.core", "numpy._core")
_RECONSTRUCT = frozenset(f"{core}.multiarray._reconstruct" for core in _CORES)
_FROM_BUFFER = frozenset(f"{core}.numeric._frombuffer" for core in _CORES)
_SCALAR = frozenset(f"{core}.multiarray.scalar" for core in _CORES)
_NUMBERS = re.compile(r"[fiub][1248]")
MAX_SIZE = 1 << 30  # of an axis, which may stand beside one of no size

NUMPY_NAMES = _RECONSTRUCT | _FROM_BUFFER | _SCALAR | {"numpy.ndarray", "numpy.dtype"}


def is_array(value: object) -> bool:
    """Whether the value stands for an array."""
    return isinstance(value, Instance) and value.kind in _RECONSTRUCT | _FROM_BUFFER


def array_from(value: object) -> NDArray[Any]:
    """The array of numbers, not writable. Raises ModelError if the value is none."""
    match value:
        case Instance(kind=kind, state=(int(), tuple() as shape, dtype, bool() as fortran, raw)):
            if kind in _RECONSTRUCT:
                return _array(raw, dtype, shape, "F" if fortran else "C")
        case Instance(kind=kind, arguments=(raw, dtype, tuple() as shape, "C" | "F" as order)):
            if kind in _FROM_BUFFER:
                return _array(raw, dtype, shape, order)
        case Instance(kind=kind, arguments=(dtype, raw)):
            if kind in _SCALAR:
                return _array(raw, dtype, (), "C")
    raise ModelError(f"its pickle holds {_named(value)} where an array is expected")


def object_of(value: object) -> object:
    """What an array of one Python object holds: `np.save` wraps dictionaries so."""
    match value:
        case Instance(kind=kind, state=(int(), (), _, bool(), [content])) if kind in _RECONSTRUCT:
            return content
    raise ModelError(f"its pickle holds {_named(value)}; expected one dictionary")


def _array(raw: object, dtype: object, shape: tuple[Any, ...], order: Any) -> NDArray[Any]:
    number = _dtype(dtype)
    try:
        data = raw.encode("latin-1") if isinstance(raw, str) else raw  # bytes of Python 2
    except UnicodeEncodeError as error:
        raise ModelError("its pickle has an array made of text") from error
    if not isinstance(data, bytes | bytearray):
        raise ModelError(f"its pickle has an array made of {_named(raw)}")
    if not all(isinstance(size, int) and 0 <= size <= MAX_SIZE for size in shape) or (
        prod(shape) * number.itemsize != len(data)
    ):
        raise ModelError(f"an array of shape {shape!s:.60} has {len(data)} bytes")
    return np.frombuffer(data, number).reshape(shape, order=order)


def _dtype(value: object) -> np.dtype[Any]:
    match value:
        case Instance(kind="numpy.dtype", arguments=(str() as code, *_), state=state):
            big = isinstance(state, tuple) and len(state) > 1 and state[1] == ">"
            if _NUMBERS.fullmatch(code) and code not in ("f1", "b2", "b4", "b8"):
                return np.dtype((">" if big else "<") + code)
            raise ModelError(f"its pickle has an array of type {code!r:.20}; expected numbers")
    raise ModelError(f"its pickle has an array of {_named(value)}; expected numbers")


def _named(value: object) -> str:
    return value.kind if isinstance(value, Instance) else f"a value of type {type(value).__name__}"
