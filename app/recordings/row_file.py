"""A text file that grows by whole rows and is readable at any moment.

Each row is one write to the system, without a buffer of ours: what was written survives the end of
the program, however violent.
"""

from __future__ import annotations

import os
import stat
from io import FileIO
from pathlib import Path

from engine.errors import RecordingError


def new_file(path: Path) -> FileIO:
    """A new file without a buffer of ours.

    Raises RecordingError if the file cannot be made, or holds something already: a take is never
    overwritten. An empty file, a pipe or a device is taken as it is.
    """
    try:
        if _holds_something(path):
            raise RecordingError(
                f"cannot record to {path}: it exists already; a take is never overwritten. "
                "Give another name or remove the file."
            )
        return open(path, "wb", buffering=0)
    except OSError as error:
        raise RecordingError(
            f"cannot record to {path}: {error.strerror}; expected a folder that exists and "
            "may be written to."
        ) from error


class RowFile:
    """A new file; rows are written whole or not at all.

    Raises RecordingError as `new_file` does.
    """

    def __init__(self, path: Path) -> None:
        self._file = new_file(path)
        self._path = path
        self._size = 0  # bytes, up to the end of the last whole row

    def write(self, row: bytes) -> None:
        """Append a row, or raise RecordingError and leave the file as it was before the row."""
        done = 0
        try:
            while done < len(row):  # a full disk takes a part first and refuses then
                done += self._file.write(row[done:]) or 0
        except OSError as error:
            self._cut()
            raise RecordingError(
                f"cannot go on recording to {self._path}: {error.strerror}. "
                "The file is complete up to here; free some space or choose another disk."
            ) from error
        self._size += len(row)

    def overwrite(self, start: int, text: bytes) -> None:
        """Replace bytes that are there already, or raise RecordingError."""
        try:
            self._file.seek(start)
            self._file.write(text)
            self._file.seek(self._size)
        except OSError as error:
            raise RecordingError(
                f"cannot go on recording to {self._path}: {error.strerror}; expected a file on a "
                "disk, whose beginning can be written again."
            ) from error

    def close(self) -> None:
        """May be called twice."""
        self._file.close()

    def _cut(self) -> None:
        """Take away what was written of a row."""
        if stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            self._file.truncate(self._size)
            self._file.seek(self._size)


def _holds_something(path: Path) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size > 0
