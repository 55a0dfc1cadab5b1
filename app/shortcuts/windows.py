"""Windows: a .lnk file, which only Windows itself writes: PowerShell asks its COM object to.

Microsoft, "WshShell.CreateShortcut". The script travels as base64 of UTF-16 (-EncodedCommand), so
that no quotes of paths get lost on the way.
"""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path, PureWindowsPath

from app.shortcuts.starter import Starter
from engine.errors import SettingsError


def link_script(starter: Starter, icon: Path, *, places: tuple[str, ...]) -> str:
    """PowerShell that writes the links. places: names of `Environment.GetFolderPath`."""
    program, *arguments = starter.command
    lines = ["$ErrorActionPreference = 'Stop'", "$shell = New-Object -ComObject WScript.Shell"]
    for place in places:
        lines += [
            f"$folder = [Environment]::GetFolderPath('{place}')",
            f"$link = $shell.CreateShortcut((Join-Path $folder {literal(starter.name + '.lnk')}))",
            f"$link.TargetPath = {literal(program)}",
            f"$link.Arguments = {literal(subprocess.list2cmdline(arguments))}",
            f"$link.WorkingDirectory = {literal(str(PureWindowsPath(program).parent))}",
            f"$link.IconLocation = {literal(f'{icon},0')}",
            f"$link.Description = {literal(starter.title)}",
            "$link.Save()",
        ]
    return "\n".join(lines) + "\n"


def remove_script(starter: Starter, *, places: tuple[str, ...]) -> str:
    """PowerShell that removes them again."""
    name = literal(starter.name + ".lnk")
    lines = [
        f"Remove-Item -ErrorAction Ignore (Join-Path ([Environment]::GetFolderPath('{place}')) "
        f"{name})"
        for place in places
    ]
    return "\n".join(lines) + "\n"


def run_script(script: str) -> None:
    """Raises SettingsError in one line if PowerShell is not there or does not manage."""
    encoded = base64.b64encode(script.encode("utf-16-le")).decode("ascii")
    command = ("powershell.exe", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded)
    try:
        result = subprocess.run(command, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise SettingsError(
            f"cannot write the shortcut: PowerShell does not start: {error.strerror}. Make one by "
            "hand: right click on the desktop, New, Shortcut, mien."
        ) from error
    if result.returncode:
        reason = " ".join(result.stderr.split())[:200]
        raise SettingsError(f"cannot write the shortcut: {reason}. Check the folder's rights.")


def literal(text: str) -> str:
    """A PowerShell string in which nothing is expanded."""
    return "'" + text.replace("'", "''") + "'"
