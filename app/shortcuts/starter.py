"""What a starter starts."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.folders import is_one_folder


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
    """mienw, which shows its errors in a dialog: beside this program, or where pip has put it."""
    name = "mienw.exe" if sys.platform == "win32" else "mienw"
    folders = [Path(sys.executable).parent]
    if not is_one_folder():
        user = sysconfig.get_preferred_scheme("user")
        folders += [
            Path(sysconfig.get_path("scripts", scheme))
            for scheme in (sysconfig.get_default_scheme(), user)
        ]
    for folder in folders:
        if (folder / name).is_file():
            return (str(folder / name),)
    return (sys.executable, "-m", "app")  # not installed by pip
