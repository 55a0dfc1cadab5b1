"""What Python's own readers raise over files that are damaged, cut off or locked."""

from __future__ import annotations

import lzma
import struct
import tarfile
import zipfile
import zlib

ARCHIVE_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OverflowError,
    KeyError,
    RuntimeError,  # a password; with NotImplementedError, an unknown compression
    ValueError,  # a place before the file's start, a name that is no text
)


def brief(error: Exception) -> str:
    """The error in a few words of one line."""
    return " ".join(f"{error or type(error).__name__}".split())[:100]
