"""What is put into the folder once PyInstaller is through: add-ons and everybody's terms."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from app.one_folder.contents import ROOT
from app.one_folder.licences import write_licences


def finish(folder: Path, binaries: Iterable[tuple[str, str, str]]) -> None:
    """binaries: PyInstaller's list: name in the folder, file on this machine, kind."""
    for name in ("LICENSE", "NOTICE"):
        shutil.copyfile(ROOT / name, folder / name)
    write_licences(folder, binaries)
    plugins = folder / "plugins"
    plugins.mkdir()
    make_zip = ROOT / "app" / "plugins" / "blender" / "make_zip.py"
    subprocess.run([sys.executable, make_zip, plugins / "mien_face.zip"], check=True)
    shutil.copytree(ROOT / "app" / "plugins" / "unity", plugins / "unity")
