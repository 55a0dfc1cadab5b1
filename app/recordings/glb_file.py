"""A binary glTF file whose animation grows key by key and that is valid after each.

In glTF all values of a channel lie in one piece. The file therefore has room for more keys than it
holds, and says in its accessors, at the very beginning, how many of them count:

    header | JSON: keyed accessors, the rest | binary: scene, room for times, room for channel 1, …

A key is written into the room first; then the accessors are written again, all in one write within
the file's first page, which a kill cannot tear. The file's length, which the header states, does
not change. When the room is full, the keys move to a new file with twice the room; at the end they
move to one without room to spare. Each such file takes its place in one step.
"""

from __future__ import annotations

import json
import os
import stat
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.recordings.glb_scene import FLOAT, Json, Scene
from app.recordings.next_file import Layout, NextFile, write_at
from app.recordings.row_file import new_file
from engine.errors import RecordingError

FIRST_ROOM = 4096  # keys: two minutes at 30 a second, a megabyte
PAGE = 4096  # bytes
NUMBER = 4  # bytes of a float32
KEYS_AT_ONCE = 4096  # that are moved in one piece, a megabyte
READY_AHEAD = 8  # the last eighth of the room is for getting the next file ready
_JSON_START = 20  # behind the file's header and the chunk's
_JSON_OPENING = b'{"accessors":['


@dataclass(frozen=True, slots=True)
class Channel:
    """What a key has for a node: `width` numbers for its rotation, translation or weights."""

    node: str
    path: str
    width: int

    @property
    def accessor_type(self) -> str:
        return {"rotation": "VEC4", "translation": "VEC3", "weights": "SCALAR"}[self.path]

    @property
    def elements(self) -> int:
        """Accessor elements of one key."""
        return self.width if self.path == "weights" else 1


class GrowingGlb:
    """keys: how many were written so far."""

    def __init__(self, path: Path, scene: Scene, channels: Sequence[Channel]) -> None:
        """The file stays empty until the first key.

        Raises RecordingError as `new_file` does, and for what is no file on a disk.
        """
        self.keys = 0
        self._path = path.resolve()  # the file, not a link to it, is what a new one replaces
        self._scene = scene
        self._channels = channels
        self._widths = (1, *(channel.width for channel in channels))
        self._file: FileIO | None = new_file(path)
        if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            self._file.close()
            raise RecordingError(
                f"cannot record to {path}: it is no file; expected a place on a disk for a new one."
            )
        self._room = 0
        self._starts: tuple[int, ...] = ()  # where in the file the room of times, channels begins
        self._next: NextFile | None = None
        self._last_time = 0.0

    def append(self, time: np.float32, values: Sequence[NDArray[np.float32]]) -> None:
        """Add a key, or raise RecordingError and leave the file with those before it.

        time: seconds, 0 for the first key, larger than the last. values: one array a channel.
        """
        key = (time.tobytes(), *(numbers.tobytes() for numbers in values))
        try:
            if self.keys == self._room:
                self._move(max(FIRST_ROOM, 2 * self._room), key)
            assert self._file is not None
            if self.keys >= self._room - self._room // READY_AHEAD:
                if self._next is None:
                    self._next = self._new_file(2 * self._room)
                # Twice as fast as it must be to have all in time.
                self._next.advance(self._file, self._starts, self.keys, 2 * READY_AHEAD)
            for start, numbers in zip(self._starts, key, strict=True):
                write_at(self._file, start + self.keys * len(numbers), numbers)
            self._write_counts(self._file, self.keys + 1, float(time))
        except OSError as error:
            so_far = "The file is complete up to here" if self.keys else "Nothing was recorded"
            raise RecordingError(
                f"cannot go on recording to {self._path}: {error.strerror}. {so_far}; free some "
                "space or choose another disk."
            ) from error
        self.keys += 1
        self._last_time = float(time)

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

        A file without keys would not be valid: if there are none yet, the first one is given.
        """
        assert self._file is not None
        following = self._next or self._new_file(room)
        self._next = None
        try:
            if self.keys == 0:
                for start, numbers in zip(following.layout.starts, first_key, strict=True):
                    write_at(following.file, start, numbers)
            while not following.has_all(self.keys):
                following.advance(self._file, self._starts, self.keys, KEYS_AT_ONCE)
            self._write_counts(following.file, max(self.keys, 1), self._last_time)
            following.file.close()
            self._file.close()  # Windows replaces no open file
            os.replace(following.path, self._path)
        finally:
            following.discard()
            if self._file.closed:
                self._file = open(self._path, "r+b", buffering=0)
        self._room, self._starts = room, following.layout.starts

    def _new_file(self, room: int) -> NextFile:
        return NextFile(self._path.with_name(self._path.name + ".part"), self._laid_out(room))

    def _write_counts(self, file: FileIO, keys: int, last_time: float) -> None:
        write_at(file, _JSON_START + len(_JSON_OPENING), self._keyed_accessors(keys, last_time))

    def _laid_out(self, room: int) -> Layout:
        """The top, the scene's data, the rooms for times and channels."""
        scene = self._scene
        binary_start = [len(scene.data)]  # in the binary chunk
        for width in self._widths:
            binary_start.append(binary_start[-1] + room * width * NUMBER)
        views = [
            *scene.buffer_views,
            *(
                {"buffer": 0, "byteOffset": start, "byteLength": end - start}
                for start, end in pairwise(binary_start)
            ),
        ]
        samplers = [
            {"input": 0, "output": output, "interpolation": "LINEAR"}
            for output in range(1, len(self._widths))
        ]
        targets = [
            {"sampler": i, "target": {"node": scene.node(channel.node), "path": channel.path}}
            for i, channel in enumerate(self._channels)
        ]
        rest: Json = {
            **scene.document(len(self._widths)),
            "animations": [{"name": "take", "samplers": samplers, "channels": targets}],
            "bufferViews": views,
            "buffers": [{"byteLength": binary_start[-1]}],
        }
        text = _JSON_OPENING + self._keyed_accessors(1, 0.0)
        assert _JSON_START + len(text) <= PAGE
        for accessor in scene.accessors:
            text += b"," + _json(accessor)
        text += b"]," + _json(rest)[1:]
        text += b" " * (-len(text) % 4)
        top_length = _JSON_START + len(text) + 8
        top = struct.pack("<4sII", b"glTF", 2, top_length + binary_start[-1])
        top += struct.pack("<I4s", len(text), b"JSON") + text
        top += struct.pack("<I4s", binary_start[-1], b"BIN\0")
        return Layout(
            texts=((0, top), (top_length, scene.data)),
            starts=tuple(top_length + start for start in binary_start[:-1]),
            sizes=tuple(width * NUMBER for width in self._widths),
            room=room,
            length=top_length + binary_start[-1],
        )

    def _keyed_accessors(self, keys: int, last_time: float) -> bytes:
        """Of times and channels, of the same length for any numbers."""
        view = len(self._scene.buffer_views)
        parts = [
            f'{{"bufferView":{view},"componentType":{FLOAT},"type":"SCALAR","count":{keys:10d},'
            f'"min":[0],"max":[{last_time:24.17g}]}}'
        ]
        for i, channel in enumerate(self._channels, start=1):
            parts.append(
                f'{{"bufferView":{view + i},"componentType":{FLOAT},'
                f'"type":"{channel.accessor_type}","count":{keys * channel.elements:10d}}}'
            )
        return ",".join(parts).encode("ascii")


def _json(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
