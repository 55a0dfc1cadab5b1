"""Reads takes from files: Live Link Face CSV and GLB."""

from __future__ import annotations

from pathlib import Path

from .take import Take
from .take_csv import csv_take
from .take_error import TakeError
from .take_glb import glb_take


def read_take(path: Path) -> Take:
    """A file's take, by its suffix. Raises TakeError."""
    readers = {".csv": csv_take, ".glb": glb_take}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise TakeError(f"Cannot import {path.name}: expected a .csv or .glb file")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TakeError(f"Cannot read {path.name}: {error.strerror}") from error
    return reader(content, path.name)
