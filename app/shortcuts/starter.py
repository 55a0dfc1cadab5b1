"""What a starter starts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Starter:
    """name: of its file, without an ending. title: for people. command: program and arguments."""

    name: str
    title: str
    command: tuple[str, ...]


def mien_starter(arguments: Sequence[str] = (), *, kiosk: bool = False) -> Starter:
    """For the mien that runs now, with these arguments."""
    name, title = ("mien-booth", "mien demo booth") if kiosk else ("mien", "mien")
    return Starter(name, title, (*program(), *arguments))


def program() -> tuple[str, ...]:
    """The program that pip has written beside Python, on Windows the one without a console."""
    if getattr(sys, "frozen", False):  # built into one program
        return (sys.executable,)
    python = Path(sys.executable)
    names = ("mienw.exe", "mien.exe") if sys.platform == "win32" else ("mien",)
    for name in names:
        if python.with_name(name).is_file():
            return (str(python.with_name(name)),)
    return (str(python), "-m", "app")
