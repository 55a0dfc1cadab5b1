"""Files that appear whole or not at all, also if their writer is killed."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

PART = ".part"  # ending of a file that is being written; the writer's process id stands before
PUBLIC, PRIVATE = 0o644, 0o600  # who may read a file, where the system knows such modes


def replace_file(path: Path, content: bytes, *, mode: int = PUBLIC) -> None:
    """The file appears whole or not at all. Raises OSError."""
    part = part_of(path)
    try:
        write_part(part, content, mode)
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink()


def part_of(path: Path) -> Path:
    """Where it is written before it gets its name."""
    return path.with_name(f".{path.name}.{os.getpid()}{PART}")


def write_part(part: Path, content: bytes, mode: int = PUBLIC) -> None:
    """Raises OSError. On Linux the part gets its name when it is whole, if the disk can do that."""
    try:
        handle = os.open(part.parent, os.O_TMPFILE | os.O_WRONLY, mode)
    except (AttributeError, OSError):  # another system, or a file system that cannot
        _fill(open(part, "wb", opener=lambda path, flags: os.open(path, flags, mode)), content)
        return
    folder = os.open(part.parent, os.O_RDONLY)
    try:
        file = os.fdopen(handle, "wb")
        # The folder's handle is of no use for an absolute path, but makes Python follow the link.
        _fill(file, content, lambda: os.link(f"/proc/self/fd/{handle}", part, src_dir_fd=folder))
    finally:
        os.close(folder)


def _fill(file: BinaryIO, content: bytes, finish: Callable[[], None] = lambda: None) -> None:
    with file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        finish()


def remove_killed(folder: Path) -> None:
    """Remove parts whose writers were killed."""
    for part in folder.glob(f".*{PART}"):
        process = part.name.removesuffix(PART).rpartition(".")[2]
        if process.isdecimal() and not _runs(int(process)):
            with suppress(OSError):  # Windows refuses while its writer has it open
                part.unlink()


def _runs(process: int) -> bool:
    if os.name != "posix":
        return False  # os.kill would end it there; an open file cannot be removed anyway
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
