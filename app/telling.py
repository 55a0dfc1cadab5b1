"""How an error reaches the person: a line in the terminal, or a dialog for those without one.

The dialog is the desktop's, not our window: that it cannot be opened is one of the errors.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

from app.folders import is_one_folder, log_folder
from app.log import FILE_NAME

TITLE = "mien"
_MB_ICONERROR, _MB_SETFOREGROUND = 0x10, 0x10000
_ALERT = ("on run {words}", 'display alert "mien" message words as critical', "end run")


def print_error(text: str) -> None:
    """On standard error, as terminals and scripts want it."""
    print(f"mien: {text}", file=sys.stderr)


def show_error(text: str) -> None:
    """Wait until the person has read it. Where no dialog is to be had, printing has to do."""
    if sys.stderr is not None:  # the session's journal has it, too
        print_error(text)
    text = f"{text}\n\nThe log tells more: {log_folder() / FILE_NAME}"
    if sys.platform == "win32":
        kind = _MB_ICONERROR | _MB_SETFOREGROUND
        ctypes.windll.user32.MessageBoxW(None, text, TITLE, kind)
        return
    for command in dialogs(text):
        if shutil.which(command[0]) is not None:
            subprocess.run(
                command,
                env=outside_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            return


def dialogs(text: str) -> Iterator[tuple[str, ...]]:
    """Programs that show it, those that look best first."""
    if sys.platform == "darwin":
        script = (argument for line in _ALERT for argument in ("-e", line))
        yield ("osascript", *script, text)
        return
    escaped = text.replace("\\", "\\\\")  # GNOME's reads \n and the like
    yield ("zenity", "--error", f"--title={TITLE}", "--no-markup", f"--text={escaped}")
    yield ("kdialog", "--title", TITLE, "--error", text)  # KDE
    yield ("xmessage", "-center", "-title", TITLE, text)
    yield ("notify-send", "--urgency=critical", TITLE, text)


def outside_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """For programs of the system: without the one folder's libraries (PyInstaller sets them)."""
    if not is_one_folder():
        return dict(ours)
    environment = {name: value for name, value in ours.items() if name != "LD_LIBRARY_PATH"}
    before = environment.pop("LD_LIBRARY_PATH_ORIG", None)
    return environment if before is None else environment | {"LD_LIBRARY_PATH": before}
