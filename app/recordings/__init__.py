"""Files that face states are written to. A format is a file with a class, and a line below."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self, get_args

from app.recordings.bvh import Bvh
from app.recordings.glb import Glb
from app.recordings.glb_flame import FlameGlb
from app.recordings.json_lines import JsonLines
from app.recordings.livelink_csv import LiveLinkCsv
from app.recordings.npz import Npz
from app.recordings.usd import Usd, UsdCrate
from app.recordings.video import Video
from app.recordings.wav import Wav
from engine.data import FaceState
from engine.errors import RecordingError

FORMATS: dict[str, type[Bvh | Glb | JsonLines | LiveLinkCsv | Npz | Usd | UsdCrate]] = {
    ".csv": LiveLinkCsv,
    ".jsonl": JsonLines,
    ".glb": Glb,
    ".usd": Usd,
    ".usda": Usd,
    ".usdc": UsdCrate,
    ".bvh": Bvh,
    ".npz": Npz,
}
"""By the ending of the file's name."""


Mesh = Literal["head", "flame"]
MESHES: tuple[Mesh, ...] = get_args(Mesh)
"""That a GLB may have."""

Footage = Video | Wav
"""What is recorded of the pictures themselves and of what is heard."""

FOOTAGE: dict[str, type[Footage]] = {".mkv": Video, ".wav": Wav}


class Recording(Protocol):
    """A file that grows by one row per state and is complete after each.

    rows: how many states were written so far.
    """

    path: Path

    @property
    def rows(self) -> int: ...

    def write(self, state: FaceState) -> None:
        """Called for every state, from one thread. Raises RecordingError, for example when the
        disk is full; the file then ends with the last whole row."""

    def close(self) -> None:
        """May be called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_footage(path: Path) -> Footage:
    """A new recording of the pictures or of the microphone, by the path's ending.

    Raises RecordingError as `open_recording` does, and if there is no microphone.
    """
    return FOOTAGE[path.suffix.lower()](path)


def open_recording(path: Path, *, flame: Path | None = None) -> Recording:
    """A new recording in the format of the path's ending.

    flame: the models folder, where a GLB is to have FLAME's mesh; None: the free head.

    Raises RecordingError: unknown ending, no such folder, no permission, or the file exists and
    is not empty.
    """
    try:
        recording = FORMATS[path.suffix.lower()]
    except KeyError:
        raise RecordingError(
            f"cannot record to {path}: unknown ending {path.suffix!r}; "
            f"expected {' or '.join((*FORMATS, *FOOTAGE))}."
        ) from None
    if recording is Glb and flame is not None:
        return FlameGlb(path, flame)
    return recording(path)
