"""NPZ for researchers: every number of every state, a face model's own coefficients among them.

    take = numpy.load("take.npz"); take["timestamp"], take["expression"], take["weights"], …

An array a name, a row a state; spaces and units as in `engine.data.FaceState`. The fields of the
coefficients (`shape`, `expression`, `jaw`, …) are there if a regressor of a face model was in use.
What was absent in a state, as landmarks while no face is seen, is NaN.

A zip file is whole only with its end, so while it is recorded the file is a single NumPy array with
fields of the same names: `numpy.load` takes both, and the lines above work for both. It becomes a
zip when the take ends; after `kill -9` it stays what it is.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from app.recordings.row_file import RowFile, new_file
from engine.blendshapes import BLENDSHAPES
from engine.closing import Closing
from engine.data import LANDMARK_COUNT, Coefficients, FaceState
from engine.errors import RecordingError

HEADER = 4096  # bytes, one page: a write within it is done whole or not at all

_Field = tuple[str, str, tuple[int, ...]]
_FIELDS: tuple[_Field, ...] = (
    ("timestamp", "<f8", ()),
    ("tracked", "?", ()),
    ("confidence", "<f4", ()),
    ("weights", "<f4", (len(BLENDSHAPES),)),
    ("head_rotation", "<f8", (4,)),
    ("head_position", "<f8", (3,)),
    ("gaze", "<f4", (2, 2)),
    ("landmarks", "<f4", (LANDMARK_COUNT, 3)),
    ("image_size", "<i4", (2,)),
    ("image_from_crop", "<f8", (2, 3)),
    ("valence", "<f4", ()),
    ("arousal", "<f4", ()),
)


class Npz(Closing):
    """Writes a row per state.

    Rows before the first face wait in memory: only then is it known which coefficients there are.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: list[FaceState] = []
        self._table: _GrowingTable | None = None
        new_file(path).close()  # refused now, not at the first face

    @property
    def rows(self) -> int:
        return len(self._waiting) + (0 if self._table is None else self._table.rows)

    def write(self, state: FaceState) -> None:
        """Add a row, also while no face is seen. Raises RecordingError."""
        if self._table is None:
            self._waiting.append(state)
            if state.landmarks is not None:
                self._begin(state.coefficients)
        else:
            self._table.append(state)

    def _begin(self, coefficients: Coefficients | None) -> None:
        self._table = _GrowingTable(self.path, coefficients)
        for state in self._waiting:
            self._table.append(state)
        self._waiting = []

    def close(self) -> None:
        """Make it a zip. May be called twice. Raises RecordingError."""
        if self._waiting:
            self._begin(None)
        if self._table is not None and not self._table.closed:
            self._table.close()
            _become_zip(self.path)


class _GrowingTable:
    """A .npy file of one row after the other, whole after each."""

    def __init__(self, path: Path, like: Coefficients | None) -> None:
        """like: has the fields that the take's coefficients have; others are left out."""
        self.rows = 0
        self.closed = False
        self._kind = type(like)
        self._type = _row_type(like)
        self._file = RowFile(path)
        self._file.write(_header(self._type, 0))

    def append(self, state: FaceState) -> None:
        row = np.zeros((), self._type)
        coefficients = state.coefficients if type(state.coefficients) is self._kind else None
        for name in self._type.names or ():
            if name in ("valence", "arousal"):
                value = getattr(state.emotion, name, None)
            elif hasattr(state, name):
                value = getattr(state, name)
            else:
                value = getattr(coefficients, name, None)
            row[name] = np.nan if value is None else value
        self._file.write(row.tobytes())
        self._file.overwrite(0, _header(self._type, self.rows + 1))
        self.rows += 1

    def close(self) -> None:
        self.closed = True
        self._file.close()


def _row_type(coefficients: Coefficients | None) -> np.dtype[Any]:
    own: tuple[_Field, ...] = ()
    if coefficients is not None:
        own = tuple(
            (field.name, "<f8", getattr(coefficients, field.name).shape)
            for field in fields(coefficients)
        )
    return np.dtype([*_FIELDS, *own])


def _header(row_type: np.dtype[Any], rows: int) -> bytes:
    """NumPy's format 1.0 (numpy.lib.format), padded to one page."""
    text = repr({"descr": row_type.descr, "fortran_order": False, "shape": (rows,)})
    size = HEADER - 10  # magic, version and the size itself
    return b"\x93NUMPY\x01\x00" + size.to_bytes(2, "little") + text.ljust(size - 1).encode() + b"\n"


def _become_zip(path: Path) -> None:
    """The table's columns as the arrays of an .npz, in one step."""
    part = path.with_name(path.name + ".part")
    try:
        table = np.load(path, mmap_mode="r")
        with part.open("wb") as file:
            np.savez(file, **{name: table[name] for name in table.dtype.names})
        del table  # Windows replaces no file that is open
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise RecordingError(
            f"cannot make a zip of {path}: {error.strerror}. The take is whole: numpy.load reads "
            "it as one array with named fields."
        ) from error
