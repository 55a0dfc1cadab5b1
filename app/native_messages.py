"""Keeps what C and C++ libraries write to standard error off the terminal.

MediaPipe, libjpeg and video drivers write there by themselves, past every setting ("Corrupt JPEG
data", "Feedback manager requires…"). Their words go to a file beside the log; `sys.stderr`, and
so every line of ours and every traceback, still reaches the terminal.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

FILE_NAME = "native.log"
LAST_FILE_NAME = "native.log.1"  # of the start before: the one that went wrong
_STDERR = 2


def divert_native_messages(folder: Path) -> None:
    """Point file descriptor 2 to a file in `folder`, anew with every start of the program.

    Where no such file can be made they go nowhere. Does nothing where there is no standard error
    (a program without a console). Call once, before libraries are loaded.
    """
    try:
        terminal = os.dup(_STDERR)
    except OSError:
        return
    file = _open_file(folder)
    sys.stderr = open(terminal, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    os.dup2(file, _STDERR)
    os.close(file)


def _open_file(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / FILE_NAME).exists():
            (folder / FILE_NAME).replace(folder / LAST_FILE_NAME)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        return os.open(folder / FILE_NAME, flags, 0o644)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
