"""Linux: a desktop entry (freedesktop.org, Desktop Entry Specification) and its icon."""

from __future__ import annotations

import os
from pathlib import Path

from app.shortcuts.starter import Starter


def entry_folder(*, autostart: bool) -> Path:
    """Where starters for the menu, or for the login, are looked for."""
    if autostart:
        return _folder("XDG_CONFIG_HOME", ".config") / "autostart"
    return _folder("XDG_DATA_HOME", ".local/share") / "applications"


def icon_path() -> Path:
    """Where desktops look for an icon by its name."""
    return _folder("XDG_DATA_HOME", ".local/share") / "icons/hicolor/256x256/apps/mien.png"


def desktop_entry(starter: Starter, icon: Path) -> str:
    """The text of the .desktop file."""
    lines = (
        "[Desktop Entry]",
        "Type=Application",
        "Version=1.0",  # of the specification: no key of a later one is used
        f"Name={starter.title}",
        "Comment=A webcam becomes a live 3D face",
        f"Exec={' '.join(map(quoted, starter.command))}",
        f"Icon={_escaped(str(icon))}",
        "Terminal=false",
        "Categories=AudioVideo;Video;",
        "StartupWMClass=mien",
    )
    return "\n".join(lines) + "\n"


def quoted(argument: str) -> str:
    """As `Exec` wants it: in double quotes, then as any string of the file is escaped."""
    for character in '\\"`$':
        argument = argument.replace(character, "\\" + character)
    return _escaped(f'"{argument}"'.replace("%", "%%"))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _folder(variable: str, usual: str) -> Path:
    """XDG says: a relative path is to be passed over."""
    given = Path(os.environ.get(variable, ""))
    return given if given.is_absolute() else Path.home() / usual
