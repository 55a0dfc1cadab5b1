"""Reading the npz files of face models: names, shapes and numbers are checked first."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError

Size = int | str  # a number, or the name of a size that is the same throughout a file


@dataclass(frozen=True, slots=True)
class Expected:
    """One array of a file: decimal numbers, or whole ones.

    below: of whole numbers that count something: the size that none may reach.
    """

    name: str
    shape: tuple[Size, ...]
    whole: bool = False
    below: Size | None = None


def read_arrays(
    path: Path, expected: tuple[Expected, ...], *, remedy: str, sizes: dict[str, int] | None = None
) -> list[NDArray[Any]]:
    """The arrays in the order in which they are expected.

    sizes: those that are known already. remedy: what to do about a file that is missing or wrong.
    Raises ModelError. No pickle is ever read.
    """
    known = dict(sizes or {})
    arrays = []
    try:
        with path.open("rb") as opened, open_arrays(opened) as file:
            if missing := [one.name for one in expected if one.name not in file.files]:
                raise _wrong(path, f"no {', '.join(missing)}", "a whole file", remedy)
            for one in expected:
                array = file[one.name]
                _check(path, one, array, known, remedy)
                arrays.append(array)
    except FileNotFoundError:
        raise ModelError(
            f"no face model at {path}; expected the file that adding one writes. {remedy}"
        ) from None
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _wrong(path, reason, "a file that `mien models add` wrote", remedy) from error
    return arrays


def open_arrays(opened: BinaryIO) -> np.lib.npyio.NpzFile:
    """An npz file, never a pickle. `opened` stays the caller's to close."""
    loaded = np.load(opened, allow_pickle=False)
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        raise ValueError("one array")
    return loaded


def _check(
    path: Path, one: Expected, array: NDArray[Any], known: dict[str, int], remedy: str
) -> None:
    if array.dtype.kind not in ("iu" if one.whole else "f"):
        kind = "whole numbers" if one.whole else "decimal numbers"
        raise _wrong(path, f"{one.name} holds {array.dtype}", kind, remedy)
    if len(array.shape) == len(one.shape):
        for size, length in zip(one.shape, array.shape, strict=True):
            if isinstance(size, str):
                known.setdefault(size, length)
    wanted = tuple(known.get(size, -1) if isinstance(size, str) else size for size in one.shape)
    if array.shape != wanted:
        named = ", ".join(str(known.get(str(size), size)) for size in one.shape)
        raise _wrong(path, f"{one.name} has shape {array.shape}", f"({named})", remedy)
    if array.size == 0:
        raise _wrong(path, f"{one.name} is empty", "numbers", remedy)
    if one.below is not None:
        limit = one.below if isinstance(one.below, int) else known[one.below]
        if not (array.min() >= 0 and array.max() < limit):
            found = f"{one.name} reaches from {array.min()} to {array.max()}"
            raise _wrong(path, found, f"0 to {limit - 1}", remedy)
    elif not one.whole and not np.isfinite(array).all():
        raise _wrong(path, f"{one.name} holds numbers that are not finite", "finite ones", remedy)


def _wrong(path: Path, found: str, expected: str, remedy: str) -> ModelError:
    return ModelError(f"wrong face model {path}: {found}; expected {expected}. {remedy}")
