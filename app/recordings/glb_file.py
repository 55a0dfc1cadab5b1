"""A binary glTF file whose animation grows key by key and that is valid after each.

In glTF all values of a channel lie in one piece. The file therefore has room for more keys than it
holds, and says in its accessors, at the very beginning, how many of them count:

    header | JSON: keyed accessors, the rest | binary: scene, room for times, room for channel 1, …

The file's length, which the header states, does not change as keys come: see `growing_file`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from io import FileIO
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.recordings.glb_scene import FLOAT, Json, Scene
from app.recordings.growing_file import PAGE, GrowingFile
from app.recordings.next_file import Layout, write_at

FIRST_ROOM = 4096  # keys: two minutes at 30 a second, a megabyte
NUMBER = 4  # bytes of a float32
KEYS_AT_ONCE = 4096  # that are moved in one piece, a megabyte
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


class GrowingGlb(GrowingFile):
    """keys: how many were written so far."""

    def __init__(self, path: Path, scene: Scene, channels: Sequence[Channel]) -> None:
        """The file stays empty until the first key. Raises RecordingError as `GrowingFile` does."""
        self._scene = scene
        self._channels = channels
        self._widths = (1, *(channel.width for channel in channels))
        super().__init__(path, first_room=FIRST_ROOM, keys_at_once=KEYS_AT_ONCE)

    def append(self, time: np.float32, values: Sequence[NDArray[np.float32]]) -> None:
        """Add a key, or raise RecordingError and leave the file with those before it.

        time: seconds, 0 for the first key, larger than the last. values: one array a channel.
        """
        self._append(float(time), (time.tobytes(), *(numbers.tobytes() for numbers in values)))

    def _state(self, file: FileIO, keys: int, last_time: float) -> None:
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
