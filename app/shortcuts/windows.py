"""Windows: a .lnk file (Microsoft, MS-SHLLINK: Shell Link Binary File Format), in UTF-16.

Written here, byte by byte: Windows' own way for scripts (WScript.Shell, CreateShortcut) loses every
letter that the system's code page lacks, and PowerShell may be forbidden.
"""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path, PureWindowsPath
from uuid import UUID

from app.shortcuts.starter import Starter
from engine.errors import SettingsError

_CLASS = UUID("00021401-0000-0000-C000-000000000046").bytes_le
_HAS_LINK_INFO, _HAS_NAME, _HAS_FOLDER, _HAS_ARGUMENTS, _HAS_ICON = 0x02, 0x04, 0x10, 0x20, 0x40
_IS_UNICODE, _HAS_PATH = 0x80, 0x200
_ARCHIVE = 0x20  # what every ordinary file has
_SHOW_NORMAL = 1
_PATH_BLOCK = 0xA0000001  # "EnvironmentVariableDataBlock": a path, fixed in size
_PATH_LETTERS = 260


def link(starter: Starter, icon: Path) -> bytes:
    """The file's bytes.

    The target is in it twice, as Windows does it: with its drive, and as a mere path, which serves
    for network folders, too. Raises SettingsError for a path that is too long.
    """
    target, *arguments = starter.command
    letters = len(_utf16(target)) // 2
    if letters >= _PATH_LETTERS:
        raise SettingsError(
            f"cannot write the shortcut: {target} has {letters} letters; expected at most "
            f"{_PATH_LETTERS - 1}. Put mien into a folder with a shorter path."
        )
    on_a_drive = not target.startswith("\\\\")
    flags = _HAS_NAME | _HAS_FOLDER | _HAS_ARGUMENTS | _HAS_ICON | _IS_UNICODE | _HAS_PATH
    flags |= _HAS_LINK_INFO if on_a_drive else 0
    texts = (
        starter.title,
        str(PureWindowsPath(target).parent),
        subprocess.list2cmdline(arguments),
        str(icon),
    )
    return b"".join(
        (
            struct.pack("<I16sII", 76, _CLASS, flags, _ARCHIVE),
            bytes(24),  # no times
            struct.pack("<IiIH10x", 0, 0, _SHOW_NORMAL, 0),  # size, icon's number, hot key
            _link_info(target) if on_a_drive else b"",
            *map(_counted, texts),
            _path_block(target),
            bytes(4),  # no more blocks
        )
    )


def _link_info(target: str) -> bytes:
    """ "LinkInfo": the path, in ASCII for old readers and in UTF-16, on a drive without a name."""
    drive = struct.pack("<IIII", 17, 3, 0, 16) + b"\0"  # 3: a fixed disk; serial number, name
    ascii_path, path = _ascii(target) + b"\0", _utf16(target) + b"\0\0"
    header = 36
    at_ascii = header + len(drive)
    at_suffix = at_ascii + len(ascii_path)
    at_path = at_suffix + 1
    at_path_suffix = at_path + len(path)
    size = at_path_suffix + 2
    places = (header, at_ascii, 0, at_suffix, at_path, at_path_suffix)
    return (
        struct.pack("<9I", size, header, 1, *places) + drive + ascii_path + b"\0" + path + b"\0\0"
    )


def _path_block(target: str) -> bytes:
    ascii_path, path = _ascii(target), _utf16(target)
    return struct.pack("<II260s520s", 788, _PATH_BLOCK, ascii_path, path)


def _counted(text: str) -> bytes:
    content = _utf16(text)
    return struct.pack("<H", len(content) // 2) + content


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def _ascii(text: str) -> bytes:
    return text.encode("ascii", "replace")
