"""The token by which VTube Studio knows us again, in a file that only its owner can read."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from engine.whole_files import PRIVATE, replace_file

LONGEST = 64  # characters

log = logging.getLogger(__name__)


class TokenFile:
    """Keeps one token; one for each host."""

    def __init__(self, folder: Path, host: str) -> None:
        self._path = folder / "vtube_studio" / (re.sub(r"[^\w.-]", "_", host) + ".token")
        self._unwritten: str | None = None  # if the file cannot be written

    def read(self) -> str | None:
        """The token, or None if there is none."""
        try:
            text = self._path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return self._unwritten
        return text if 0 < len(text) <= LONGEST else None

    def write(self, token: str) -> None:
        """Keep it. If that cannot be done VTube Studio will ask again: one line says so."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._path, token.encode("ascii"), mode=PRIVATE)
        except (OSError, UnicodeEncodeError) as error:
            self._unwritten = token
            log.warning("cannot keep VTube Studio's permission: %s; it will ask again", error)

    def forget(self) -> None:
        """It is worth nothing any more."""
        self._unwritten = None
        self._path.unlink(missing_ok=True)
