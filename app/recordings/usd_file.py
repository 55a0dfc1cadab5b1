"""A USD layer of text whose animation grows key by key and that is valid after each.

In USD all keys of an attribute lie in one piece. The file therefore has room for more keys than it
holds: lines of blanks. A key is written into the room as a comment, `#` first, and then the `#` is
made a blank: one byte, which a kill cannot tear. Half a line is still a comment, and a key that
has reached one attribute and not yet the next is valid too. What else it takes: `growing_file`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from app.recordings.growing_file import GrowingFile
from app.recordings.next_file import Layout, write_at

FIRST_ROOM = 1024  # keys: half a minute at 30 a second, a megabyte
RATE = 60  # time codes a second; keys lie between them wherever they were
KEYS_AT_ONCE = 1024  # that are moved in one piece
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


class GrowingUsd(GrowingFile):
    """keys: how many were written so far."""

    def __init__(self, path: Path, top: str, attributes: Sequence[Attribute]) -> None:
        """The file stays empty until the first key. Raises RecordingError as `GrowingFile` does.

        top: what comes before the attributes, its first line included; `{end}` in it becomes the
             time code of the last key. The attributes are followed by two closing braces.
        """
        before, after = top.split("{end}")
        self._end_start = len(before.encode())
        self._top = (before + _TIME.format(0.0) + after).encode()
        self._attributes = attributes
        super().__init__(path, first_room=FIRST_ROOM, keys_at_once=KEYS_AT_ONCE)

    def append(self, seconds: float, values: Sequence[str]) -> None:
        """Add a key, or raise RecordingError and leave the file with those before it.

        seconds: 0 for the first key, larger than the last. values: one for each attribute.
        """
        code = RATE * seconds
        if self.keys:
            code = max(code, self._last_time + 1e-6)  # the next time code that the file can tell
        lines = [
            f"{_TIME.format(code)}: {value},".ljust(attribute.line_size - 2)
            for attribute, value in zip(self._attributes, values, strict=True)
        ]
        self._append(code, [_COMMENT + line.encode() + b"\n" for line in lines])

    def _put(self, file: FileIO, start: int, part: bytes) -> None:
        write_at(file, start, part)
        write_at(file, start, _BLANK)

    def _state(self, file: FileIO, keys: int, last_time: float) -> None:
        write_at(file, self._end_start, _TIME.format(last_time).encode())

    def _laid_out(self, room: int) -> Layout:
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
        return Layout(
            texts=tuple(texts),
            starts=tuple(starts),
            sizes=tuple(attribute.line_size for attribute in self._attributes),
            room=room,
            length=place + len(texts[-1][1]),
            blank=True,
        )
