"""Where our files lie. `MIEN_HOME` gathers them all in one folder, for a stick or a test."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

NAME = "mien"


def data_folder() -> Path:
    """Model files. The folder may not exist yet."""
    home = _home()
    return Path(platformdirs.user_data_dir(NAME, appauthor=False)) if home is None else home


def config_folder() -> Path:
    """Profiles. The folder may not exist yet."""
    home = _home()
    if home is not None:
        return home / "config"
    return Path(platformdirs.user_config_dir(NAME, appauthor=False))


def takes_folder() -> Path:
    """Takes that begin while it runs. The folder may not exist yet."""
    home = _home()
    return Path(platformdirs.user_videos_dir()) / NAME if home is None else home / "takes"


def menu_folder() -> Path:
    """What the person's menu is made of: on Windows the start menu's Programs."""
    return Path(platformdirs.user_applications_dir())


def desktop_folder() -> Path:
    """What lies on the person's desktop."""
    return Path(platformdirs.user_desktop_dir())


def log_folder() -> Path:
    """Log files. The folder may not exist yet."""
    home = _home()
    return Path(platformdirs.user_log_dir(NAME, appauthor=False)) if home is None else home / "log"


def is_one_folder() -> bool:
    """Whether this mien is a folder that needs no Python and takes no packages (docs/build.md)."""
    return bool(getattr(sys, "frozen", False))


def _home() -> Path | None:
    home = os.environ.get("MIEN_HOME")
    return Path(home).expanduser().absolute() if home else None
