"""The file that is to replace a growing glTF file: it gets ready in small steps beside it."""

from __future__ import annotations

from collections.abc import Sequence
from io import FileIO
from pathlib import Path

NUMBER = 4  # bytes of a float32
DATA_AT_ONCE = 1 << 16  # bytes of the scene that one step writes


class NextFile:
    """The file that is to replace the present one, while it gets ready."""

    def __init__(
        self,
        path: Path,
        top: bytes,
        data: bytes,
        widths: Sequence[int],
        starts: tuple[int, ...],
        length: int,
    ) -> None:
        self.path = path
        self.starts = starts
        self.file: FileIO = open(path, "wb", buffering=0)
        self._data = data
        self._data_start = len(top)
        self._data_done = 0
        self._widths = widths
        self._keys = 0
        try:
            write_at(self.file, 0, top)
            self.file.truncate(length)  # of zeros, which take no place on most disks
        except OSError:
            self.discard()
            raise

    def has_all(self, keys: int) -> bool:
        return self._keys == keys and self._data_done == len(self._data)

    def advance(self, present: FileIO, starts: Sequence[int], keys: int, at_once: int) -> None:
        """Copies a piece of the scene, and some of the `keys` that the present file has.

        starts: where the keys' parts begin in the present file.
        """
        piece = self._data[self._data_done : self._data_done + DATA_AT_ONCE]
        write_at(self.file, self._data_start + self._data_done, piece)
        self._data_done += len(piece)
        count = min(at_once, keys - self._keys)
        if count == 0:
            return
        for start, present_start, width in zip(self.starts, starts, self._widths, strict=True):
            size = width * NUMBER
            present.seek(present_start + self._keys * size)
            write_at(self.file, start + self._keys * size, present.read(count * size))
        self._keys += count

    def discard(self) -> None:
        """Nothing is left of it, unless it has taken its place."""
        self.file.close()
        self.path.unlink(missing_ok=True)


def write_at(file: FileIO, start: int, content: bytes) -> None:
    """Writes all of it, or raises OSError."""
    file.seek(start)
    done = 0
    while done < len(content):  # a full disk takes a part first and refuses then
        done += file.write(content[done:]) or 0
