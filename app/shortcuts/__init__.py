"""Starters with our icon in a desktop's menu, on the desktop, or at login."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from app.folders import data_folder, desktop_folder, menu_folder
from app.shortcuts import freedesktop, macos, windows
from app.shortcuts.icon import icns, ico, icon_png
from app.shortcuts.starter import Starter
from engine.errors import SettingsError


def install(starter: Starter, *, autostart: bool) -> tuple[str, ...]:
    """Write the starter, in place of one that is there; gives where, for people.

    autostart: at login as well. Raises SettingsError.
    """
    try:
        if sys.platform == "win32":
            return _install_windows(starter, autostart=autostart)
        if sys.platform == "darwin":
            return _install_macos(starter, autostart=autostart)
        return _install_freedesktop(starter, autostart=autostart)
    except OSError as error:
        raise SettingsError(
            f"cannot write the shortcut: {error.filename}: {error.strerror}. Check the folder's "
            "rights and free space."
        ) from error


def remove(starter: Starter) -> bool:
    """Remove what `install` has written, at login as well; gives whether there was anything.

    The icon goes with the last starter; on Windows it stays in the data folder. Raises
    SettingsError.
    """
    try:
        return _remove(starter)
    except OSError as error:
        raise SettingsError(
            f"cannot remove the shortcut: {error.filename}: {error.strerror}. Check the folder's "
            "rights."
        ) from error


def _remove(starter: Starter) -> bool:
    paths = [path for path in _places(starter) if path.exists()]
    for path in paths:
        if path.is_dir():  # macOS' application
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if sys.platform not in ("win32", "darwin") and not any(
        freedesktop.entry_folder(autostart=False).glob("mien*.desktop")
    ):
        freedesktop.icon_path().unlink(missing_ok=True)
    return bool(paths)


def _places(starter: Starter) -> tuple[Path, ...]:
    """Where `install` writes starters on this system."""
    if sys.platform == "win32":
        return _links(starter, autostart=True)
    if sys.platform == "darwin":
        return macos.application_path(starter), macos.agent_path(starter)
    return tuple(_entry(starter, autostart=autostart) for autostart in (False, True))


def _install_freedesktop(starter: Starter, *, autostart: bool) -> tuple[str, ...]:
    icon = freedesktop.icon_path()
    _write(icon, icon_png())
    written = []
    for at_login in (False, True)[: 1 + autostart]:
        path = _entry(starter, autostart=at_login)
        _write(path, freedesktop.desktop_entry(starter, icon).encode())
        written.append(str(path))
    return tuple(written)


def _entry(starter: Starter, *, autostart: bool) -> Path:
    return freedesktop.entry_folder(autostart=autostart) / f"{starter.name}.desktop"


def _install_windows(starter: Starter, *, autostart: bool) -> tuple[str, ...]:
    icon = data_folder() / "mien.ico"
    _write(icon, ico(icon_png()))
    links = _links(starter, autostart=autostart)
    for link in links:
        _write(link, windows.link(starter, icon))
    return tuple(map(str, links))


def _links(starter: Starter, *, autostart: bool) -> tuple[Path, ...]:
    """Windows' shortcuts: in the start menu, on the desktop, in the menu's folder for the login."""
    folders = (menu_folder(), desktop_folder(), menu_folder() / "Startup")
    return tuple(folder / f"{starter.name}.lnk" for folder in folders[: 2 + autostart])


def _install_macos(starter: Starter, *, autostart: bool) -> tuple[str, ...]:
    folder = macos.application_path(starter)
    for name, content, is_program in macos.application_files(starter, icns(icon_png())):
        _write(folder / name, content, is_program=is_program)
    written = [str(folder)]
    if autostart:
        _write(macos.agent_path(starter), macos.agent(starter))
        written.append(str(macos.agent_path(starter)))
    return tuple(written)


def _write(path: Path, content: bytes, *, is_program: bool = False) -> None:
    """As a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as error:
        Path(part).unlink()
        raise OSError(error.errno, error.strerror, str(path)) from error  # it named no file
    Path(part).chmod(0o755 if is_program else 0o644)
    Path(part).replace(path)
