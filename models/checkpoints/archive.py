"""What the user hands over, as a list of files: files, folders, and what archives hold.

Archives are read in memory and never unpacked: a path in an archive is a label, nothing more.
"""

from __future__ import annotations

import glob
import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO

from engine.errors import ModelError
from models.checkpoints.damage import ARCHIVE_DAMAGE, brief
from models.checkpoints.torch_file import is_torch_zip

MAX_FILES = 5_000  # in all; the official downloads hold some dozens
MAX_TOTAL = 4_000_000_000  # bytes out of an archive; ExpNet's three parts have 0.6 GB
MAX_RATIO = 100  # of these to the archive's own, beyond …
SMALL = 10_000_000  # … as many bytes

_GZIP, _BZIP2, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ"


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the download.

    label: its path as the user would write it, with "/"; for people and for telling names apart.
    name:  the last part of it.
    size:  bytes.
    open:  gives the content, seekable; close it.
    """

    label: str
    size: int
    open: Callable[[], BinaryIO]

    @property
    def name(self) -> str:
        return self.label.rpartition("/")[2]


def members_of(paths: Sequence[Path]) -> tuple[Member, ...]:
    """All files in the order of their labels. Raises ModelError if a path cannot be read."""
    members: list[Member] = []
    for path in paths:
        for member in _members(path):
            members.append(member)
            if len(members) > MAX_FILES:
                raise ModelError(
                    f"too many files in {path}: more than {MAX_FILES}; expected the download "
                    "alone. Give its own folder, or its files."
                )
    return tuple(sorted(members, key=lambda member: member.label))


def _members(path: Path) -> Iterator[Member]:
    try:
        if path.is_dir():
            yield from _folder(path)
        elif path.is_file():
            yield from _file(path)
        elif path.exists():
            raise ModelError(f"cannot read {path}: it is no file; expected a file or a folder.")
        elif _is_prefix(path):  # as TensorFlow calls a checkpoint of several files
            for file in sorted(path.parent.glob(f"{glob.escape(path.name)}.*")):
                yield from _file(file)
        else:
            raise ModelError(f"cannot read {path}: no such file or folder. Correct the path.")
    except OSError as error:
        raise ModelError(
            f"cannot read {path}: {error.strerror or error}. Correct its path and its rights."
        ) from error
    except ARCHIVE_DAMAGE as error:
        raise ModelError(
            f"cannot unpack {path}: damaged, cut off or locked ({brief(error)}); expected the "
            "file as its owner hands it out. Download it again."
        ) from error


def _folder(path: Path) -> Iterator[Member]:
    def refuse(error: OSError) -> None:
        raise error

    for folder, subfolders, names in os.walk(path, onerror=refuse):  # follows no links to folders
        subfolders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file():  # neither a pipe nor a dead link
                label = f"{path.resolve().name}/{file.relative_to(path).as_posix()}"
                yield Member(label, file.stat().st_size, partial(_open, file))


def _file(path: Path) -> Iterator[Member]:
    with path.open("rb") as file:
        start = file.read(512)
        if start.startswith(b"PK"):
            with zipfile.ZipFile(file) as archive:
                names = archive.namelist()
                if not is_torch_zip(names) and not _is_npz(names):
                    yield from _zip(path, archive)
                    return
        elif start.startswith((_GZIP, _BZIP2, _XZ)) or start[257:262] == b"ustar":
            file.seek(0)
            with tarfile.open(fileobj=file, mode="r:*") as tar:
                yield from _tar(path, tar)
            return
    yield Member(path.name, path.stat().st_size, partial(_open, path))


def _is_prefix(path: Path) -> bool:
    return path.with_name(f"{path.name}.index").is_file()


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise ModelError(f"it cannot be read ({error.strerror})") from error


def _is_npz(names: Sequence[str]) -> bool:
    return bool(names) and all(name.endswith(".npy") and "/" not in name for name in names)


def _zip(path: Path, archive: zipfile.ZipFile) -> Iterator[Member]:
    budget = _Budget(path)
    for info in archive.infolist():
        if not info.is_dir():
            with archive.open(info) as stream:
                yield budget.member(info.filename, stream)


def _tar(path: Path, archive: tarfile.TarFile) -> Iterator[Member]:
    budget = _Budget(path)
    for info in archive:
        stream = archive.extractfile(info) if info.isfile() else None  # no links, no devices
        if stream is not None:
            with closing(stream):
                yield budget.member(info.name, stream)


class _Budget:
    """How much may still come out of an archive: few bytes can be packed that make terabytes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = min(MAX_TOTAL, MAX_RATIO * path.stat().st_size + SMALL)

    def member(self, name: str, stream: IO[bytes]) -> Member:
        content = stream.read(self._left + 1)
        if len(content) > self._left:
            raise ModelError(
                f"cannot unpack {self._path}: too much comes out of it; expected weights, which "
                "can hardly be compressed. Give the file that is meant alone."
            )
        self._left -= len(content)
        return Member(f"{self._path.stem}/{name}", len(content), lambda: io.BytesIO(content))
