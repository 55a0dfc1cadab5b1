"""A USD layer of text whose animation grows key by key and that is valid after each.

In USD all keys of an attribute lie in one piece. The file therefore has room for more keys than it
holds: lines of blanks. A key is written into the room as a comment, `#` first, and then the `#` is
made a blank: one byte, which a kill cannot tear. Half a line is still a comment, and a key that
has reached one attribute and not yet the next is valid too. Then the take's end is written anew,
within the file's first page.

When the room is full, the keys move to a new file with twice the room; at the end they move to one
without room to spare. Each such file takes its place in one step.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from app.recordings.next_file import Layout, NextFile, write_at
from app.recordings.row_file import new_file
from engine.errors import RecordingError

FIRST_ROOM = 1024  # keys: half a minute at 30 a second, a megabyte
RATE = 60  # time codes a second; keys lie between them wherever they were
KEYS_AT_ONCE = 1024  # that are moved in one piece
READY_AHEAD = 8  # the last eighth of the room is for getting the next file ready
_TIME = "{:14.6f}"
_COMMENT, _BLANK = b"#", b" "


@dataclass(frozen=True, slots=True)
class Attribute:
    """An animated array. declaration: its type and name. width: most characters of one value."""

    declaration: str
    width: int

    @property
    def line_size(self) -> int:
        """Bytes of a key: `#TIME: VALUE,` and the line's end."""
        return len("#: ,\n") + 14 + self.width


class GrowingUsd:
    """keys: how many were written so far."""

    def __init__(self, path: Path, top: str, attributes: Sequence[Attribute]) -> None:
        """The file stays empty until the first key.

        top: what comes before the attributes, its first line included; `{end}` in it becomes the
             time code of the last key. The attributes are followed by two closing braces.

        Raises RecordingError as `new_file` does, and for what is no file on a disk.
        """
        self.keys = 0
        self._path = path.resolve()  # the file, not a link to it, is what a new one replaces
        before, after = top.split("{end}")
        self._end_start = len(before.encode())
        self._top = (before + _TIME.format(0.0) + after).encode()
        self._attributes = attributes
        self._file: FileIO | None = new_file(path)
        if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            self._file.close()
            raise RecordingError(
                f"cannot record to {path}: it is no file; expected a place on a disk for a new one."
            )
        self._room = 0
        self._starts: tuple[int, ...] = ()
        self._next: NextFile | None = None
        self._last = 0.0

    def append(self, seconds: float, values: Sequence[str]) -> None:
        """Add a key, or raise RecordingError and leave the file with those before it.

        seconds: 0 for the first key, larger than the last. values: one for each attribute.
        """
        code = RATE * seconds
        if self.keys:
            code = max(code, self._last + 1e-6)  # the next time code that the file can tell
        lines = [
            f"{_TIME.format(code)}: {value},".ljust(attribute.line_size - 2)
            for attribute, value in zip(self._attributes, values, strict=True)
        ]
        try:
            if self.keys == self._room:
                self._move(max(FIRST_ROOM, 2 * self._room))
            assert self._file is not None
            if self.keys >= self._room - self._room // READY_AHEAD:
                if self._next is None:
                    self._next = self._new_file(2 * self._room)
                # Twice as fast as it must be to have all in time.
                self._next.advance(self._file, self._starts, self.keys, 2 * READY_AHEAD)
            for start, line, attribute in zip(self._starts, lines, self._attributes, strict=True):
                place = start + self.keys * attribute.line_size
                write_at(self._file, place, _COMMENT + line.encode() + b"\n")
                write_at(self._file, place, _BLANK)
            write_at(self._file, self._end_start, _TIME.format(code).encode())
        except OSError as error:
            so_far = "The file is complete up to here" if self.keys else "Nothing was recorded"
            raise RecordingError(
                f"cannot go on recording to {self._path}: {error.strerror}. {so_far}; free some "
                "space or choose another disk."
            ) from error
        self.keys += 1
        self._last = code

    def close(self) -> None:
        """Takes away the spare room. May be called twice."""
        if self._file is None:
            return
        if self._next is not None:
            self._next.discard()
            self._next = None
        if self.keys:
            with suppress(OSError):  # no place for a copy: with its spare room it is as valid
                self._move(self.keys)
        self._file.close()
        self._file = None

    def _move(self, room: int) -> None:
        """A file with room for so many keys takes the place of the present one."""
        assert self._file is not None
        following = self._next or self._new_file(room)
        self._next = None
        try:
            while not following.has_all(self.keys):
                following.advance(self._file, self._starts, self.keys, KEYS_AT_ONCE)
            write_at(following.file, self._end_start, _TIME.format(self._last).encode())
            following.file.close()
            self._file.close()  # Windows replaces no open file
            os.replace(following.path, self._path)
        finally:
            following.discard()
            if self._file.closed:
                self._file = open(self._path, "r+b", buffering=0)
        self._room, self._starts = room, following.layout.starts

    def _new_file(self, room: int) -> NextFile:
        texts, starts, place = [(0, self._top)], [], len(self._top)
        for attribute in self._attributes:
            opening = f"        {attribute.declaration}.timeSamples = {{\n".encode()
            texts.append((place, opening))
            starts.append(place + len(opening))
            place = starts[-1] + room * attribute.line_size
            closing = b"        }\n"
            texts.append((place, closing))
            place += len(closing)
        texts.append((place, b"    }\n}\n"))
        layout = Layout(
            texts=tuple(texts),
            starts=tuple(starts),
            sizes=tuple(attribute.line_size for attribute in self._attributes),
            room=room,
            length=place + len(texts[-1][1]),
            blank=True,
        )
        return NextFile(self._path.with_name(self._path.name + ".part"), layout)
