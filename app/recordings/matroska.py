"""A Matroska file of one picture track that grows picture by picture and opens after each.

Element numbers are the specification's (RFC 9559). Each picture is a cluster of its own, with its
own time in milliseconds, so pictures may come at any rate. What a kill leaves has no index, and is
as long as its last whole picture; the index is written at the end.
"""

from __future__ import annotations

import struct
from pathlib import Path

from app.recordings.row_file import RowFile

CUE_PERIOD = 500  # ms between two entries of the index
_SEEK_ROOM = 128  # bytes at the beginning for where the index lies
_UNKNOWN_SIZE = b"\x01" + 7 * b"\xff"

_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_SEEK_HEAD, _VOID = b"\x11\x4d\x9b\x74", b"\xec"
_INFO, _TRACKS = b"\x15\x49\xa9\x66", b"\x16\x54\xae\x6b"
_CLUSTER, _CUES = b"\x1f\x43\xb6\x75", b"\x1c\x53\xbb\x6b"
_DURATION = b"\x44\x89\x88"  # with its size
_SIZE = 8  # bytes that an element's size is written with


class Matroska:
    """Writes JPEG pictures.

    pictures: how many so far.
    """

    def __init__(self, path: Path) -> None:
        """The file stays empty until the first picture. Raises RecordingError as `RowFile` does."""
        self.pictures = 0
        self._file = RowFile(path)
        self._closed = False
        self._length = 0  # bytes
        self._start = 0  # of the segment's content
        self._parts: dict[bytes, int] = {}  # where parts lie, from there
        self._duration_start = 0
        self._time = -1
        self._cues: list[tuple[int, int]] = []  # ms, and where its cluster lies

    def append(self, jpeg: bytes, seconds: float, size: tuple[int, int]) -> None:
        """Add a picture, or raise RecordingError and leave the file with those before it.

        seconds: 0 for the first, growing; two within a millisecond are put one apart.
        size:    width, height of the first picture, which all must have.
        """
        time = max(round(1000.0 * seconds), self._time + 1)
        top = self._top(*size) if self.pictures == 0 else b""
        place = self._length + len(top) - self._start
        # Track 1, no time from the cluster's on, a picture that needs no other.
        block = _element(b"\xa3", b"\x81\x00\x00\x80" + jpeg)
        row = top + _element(_CLUSTER, _number(b"\xe7", time) + block)
        self._file.write(row)
        self._length += len(row)
        self.pictures += 1
        self._time = time
        if not self._cues or time >= self._cues[-1][0] + CUE_PERIOD:
            self._cues.append((time, place))
        self._file.overwrite(self._duration_start, struct.pack(">d", float(time)))

    def close(self) -> None:
        """Write the index. May be called twice. Raises RecordingError."""
        if self._closed:
            return
        self._closed = True
        try:
            if self.pictures:
                self._write_index()
        finally:
            self._file.close()

    def _top(self, width: int, height: int) -> bytes:
        head = _element(
            _EBML,
            _text(b"\x42\x82", "matroska") + _number(b"\x42\x87", 4) + _number(b"\x42\x85", 2),
        )
        self._start = len(head) + len(_SEGMENT) + len(_UNKNOWN_SIZE)
        room = _element(_VOID, bytes(_SEEK_ROOM - len(_VOID) - _SIZE))
        info = _element(
            _INFO,
            _number(b"\x2a\xd7\xb1", 1_000_000)  # ns of a unit of time
            + _text(b"\x4d\x80", "mien")
            + _text(b"\x57\x41", "mien")
            + _DURATION
            + bytes(8),
        )
        video = _number(b"\xb0", width) + _number(b"\xba", height) + _number(b"\x9a", 2)
        track = (
            _number(b"\xd7", 1)
            + _number(b"\x73\xc5", 1)
            + _number(b"\x83", 1)  # a video
            + _number(b"\x9c", 0)  # one picture a block
            + _text(b"\x86", "V_MJPEG")
            + _element(b"\xe0", video)
        )
        self._parts = {_INFO: len(room), _TRACKS: len(room) + len(info)}
        self._duration_start = self._start + len(room) + len(info) - 8
        tracks = _element(_TRACKS, _element(b"\xae", track))
        return head + _SEGMENT + _UNKNOWN_SIZE + room + info + tracks

    def _write_index(self) -> None:
        self._parts[_CUES] = self._length - self._start
        points = b"".join(
            _element(
                b"\xbb",
                _number(b"\xb3", time)
                + _element(b"\xb7", _number(b"\xf7", 1) + _number(b"\xf1", place)),
            )
            for time, place in self._cues
        )
        cues = _element(_CUES, points)
        self._file.write(cues)
        self._length += len(cues)
        seeks = b"".join(
            _element(b"\x4d\xbb", _element(b"\x53\xab", part) + _number(b"\x53\xac", place))
            for part, place in self._parts.items()
        )
        head = _element(_SEEK_HEAD, seeks)
        rest = _element(_VOID, bytes(_SEEK_ROOM - len(head) - len(_VOID) - _SIZE))
        self._file.overwrite(self._start, head + rest)
        size = (self._length - self._start).to_bytes(7, "big")
        self._file.overwrite(self._start - len(_UNKNOWN_SIZE), b"\x01" + size)


def _element(name: bytes, content: bytes) -> bytes:
    return name + b"\x01" + len(content).to_bytes(_SIZE - 1, "big") + content


def _number(name: bytes, value: int) -> bytes:
    length = max(1, (value.bit_length() + 7) // 8)
    return name + bytes([0x80 | length]) + value.to_bytes(length, "big")


def _text(name: bytes, value: str) -> bytes:
    return name + bytes([0x80 | len(value)]) + value.encode("ascii")
