"""The file that is to replace a growing one: it gets ready in small steps beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

AT_ONCE = 1 << 16  # bytes of text that one step writes
STEPS_TO_DISK = 16


@dataclass(frozen=True, slots=True)
class Layout:
    """A file with rooms, in each of which one row follows the other.

    texts:  where each piece that does not change begins, and the piece; the first is the top.
    starts: where each room begins.
    sizes:  bytes of a row in each room.
    room:   rows that fit.
    length: bytes of the file.
    blank:  fill the rooms with empty lines; otherwise with zeros, which take no place on most
            disks.
    """

    texts: tuple[tuple[int, bytes], ...]
    starts: tuple[int, ...]
    sizes: tuple[int, ...]
    room: int
    length: int
    blank: bool = False


class NextFile:
    """The file that is to replace the present one, while it gets ready."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path = path
        self.layout = layout
        self.file: FileIO = open(path, "wb", buffering=0)
        self._texts = list(layout.texts)  # that are still to be written
        self._blanked = 0 if layout.blank else layout.room
        self._rows = 0
        self._steps = 0
        try:
            self.file.truncate(layout.length)
        except OSError:
            self.discard()
            raise

    def has_all(self, rows: int) -> bool:
        return self._rows == rows and self._blanked == self.layout.room and not self._texts

    def advance(self, present: FileIO, starts: Sequence[int], rows: int, at_once: int) -> None:
        """Writes a piece of the texts, and some of the `rows` that the present file has.

        starts: where the present file's rooms begin.
        """
        if self._texts:
            start, text = self._texts.pop(0)
            write_at(self.file, start, text[:AT_ONCE])
            if len(text) > AT_ONCE:
                self._texts.insert(0, (start + AT_ONCE, text[AT_ONCE:]))
        self._blank(4 * at_once)  # there are twice as many as rows that are there already
        count = min(at_once, rows - self._rows, self._blanked - self._rows)
        if count == 0:
            return
        for start, present_start, size in zip(
            self.layout.starts, starts, self.layout.sizes, strict=True
        ):
            present.seek(present_start + self._rows * size)
            write_at(self.file, start + self._rows * size, present.read(count * size))
        self._rows += count
        self._steps += 1
        if sys.platform == "linux" and self._steps % STEPS_TO_DISK == 0:
            # Begin to write it out: ext4 otherwise does it all at once when the file takes its
            # place, 40 ms for half an hour.
            os.posix_fadvise(self.file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def _blank(self, at_once: int) -> None:
        count = min(at_once, self.layout.room - self._blanked)
        if count == 0:
            return
        for start, size in zip(self.layout.starts, self.layout.sizes, strict=True):
            write_at(self.file, start + self._blanked * size, blank_row(size) * count)
        self._blanked += count

    def discard(self) -> None:
        """Nothing is left of it, unless it has taken its place."""
        self.file.close()
        self.path.unlink(missing_ok=True)


def blank_row(size: int) -> bytes:
    """An empty line of so many bytes."""
    return b" " * (size - 1) + b"\n"


def write_at(file: FileIO, start: int, content: bytes) -> None:
    """Writes all of it, or raises OSError."""
    file.seek(start)
    done = 0
    while done < len(content):  # a full disk takes a part first and refuses then
        done += file.write(content[done:]) or 0
