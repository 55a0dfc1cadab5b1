"""A file with rooms for keys that is valid after each key, however the program ends.

Some formats want all values of a channel in one piece. Their file therefore has room for more keys
than it holds, and says near its beginning how far they go. A key is written into the room first;
then that statement is written again, in one write within the file's first page, which a kill cannot
tear. When the room is full, the keys move to a new file with twice the room, which has got ready
beside it; at the end they move to one without room to spare. Each such file takes its place in one
step.
"""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path

from app.recordings.next_file import Layout, NextFile, write_at
from app.recordings.row_file import new_file
from engine.errors import RecordingError

PAGE = 4096  # bytes
READY_AHEAD = 8  # the last eighth of the room is for getting the next file ready


class GrowingFile(ABC):
    """What binary glTF and USD's text have in common. keys: how many were written so far."""

    def __init__(self, path: Path, *, first_room: int, keys_at_once: int) -> None:
        """The file stays empty until the first key.

        first_room: keys that the first file has room for. keys_at_once: that move in one piece.

        Raises RecordingError as `new_file` does, and for what is no file on a disk.
        """
        self.keys = 0
        self._path = path.resolve()  # the file, not a link to it, is what a new one replaces
        self._first_room, self._keys_at_once = first_room, keys_at_once
        self._file: FileIO | None = new_file(path)
        if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            self._file.close()
            raise RecordingError(
                f"cannot record to {path}: it is no file; expected a place on a disk for a new one."
            )
        self._room = 0
        self._starts: tuple[int, ...] = ()  # where in the file each room begins
        self._next: NextFile | None = None
        self._last_time = 0.0

    @abstractmethod
    def _laid_out(self, room: int) -> Layout:
        """A file with room for so many keys, as it is before the first one."""

    @abstractmethod
    def _state(self, file: FileIO, keys: int, last_time: float) -> None:
        """Write at the file's beginning that so many keys count, the last of them at this time."""

    def _put(self, file: FileIO, start: int, part: bytes) -> None:
        """Write what a key has for one room."""
        write_at(file, start, part)

    def _append(self, time: float, key: Sequence[bytes]) -> None:
        """Add a key, or raise RecordingError and leave the file with those before it.

        time: as the file's beginning states it. key: a part for each room.
        """
        try:
            if self.keys == self._room:
                self._move(max(self._first_room, 2 * self._room), key)
            assert self._file is not None
            if self.keys >= self._room - self._room // READY_AHEAD:
                if self._next is None:
                    self._next = self._new_file(2 * self._room)
                # Twice as fast as it must be to have all in time.
                self._next.advance(self._file, self._starts, self.keys, 2 * READY_AHEAD)
            self._put_key(self._file, self._starts, key)
            self._state(self._file, self.keys + 1, time)
        except OSError as error:
            so_far = "The file is complete up to here" if self.keys else "Nothing was recorded"
            raise RecordingError(
                f"cannot go on recording to {self._path}: {error.strerror}. {so_far}; free some "
                "space or choose another disk."
            ) from error
        self.keys += 1
        self._last_time = time

    def close(self) -> None:
        """Takes away the spare room. May be called twice."""
        if self._file is None:
            return
        if self._next is not None:
            self._next.discard()
            self._next = None
        if self.keys:
            with suppress(OSError):  # no place for a copy: with its spare room it is as valid
                self._move(self.keys, ())
        self._file.close()
        self._file = None

    def _move(self, room: int, first_key: Sequence[bytes]) -> None:
        """A file with room for so many keys takes the place of the present one.

        A file without keys need not be valid: if there are none yet, the first one is given.
        """
        assert self._file is not None
        following = self._next or self._new_file(room)
        self._next = None
        try:
            while not following.has_all(self.keys):
                following.advance(self._file, self._starts, self.keys, self._keys_at_once)
            if self.keys == 0:
                assert following.layout.sizes == tuple(len(part) for part in first_key)
                self._put_key(following.file, following.layout.starts, first_key)
            self._state(following.file, max(self.keys, 1), self._last_time)
            following.file.close()
            self._file.close()  # Windows replaces no open file
            os.replace(following.path, self._path)
        finally:
            following.discard()
            if self._file.closed:
                self._file = open(self._path, "r+b", buffering=0)
        self._room, self._starts = room, following.layout.starts

    def _put_key(self, file: FileIO, starts: Sequence[int], key: Sequence[bytes]) -> None:
        for start, part in zip(starts, key, strict=True):
            self._put(file, start + self.keys * len(part), part)

    def _new_file(self, room: int) -> NextFile:
        return NextFile(self._path.with_name(self._path.name + ".part"), self._laid_out(room))
