"""The avatar file that was chosen in the window; a thread reads it, for that takes seconds."""

from __future__ import annotations

from pathlib import Path

from app.threads import Errands
from engine.errors import ModelError
from models.avatars.avatar import Avatar, load_avatar

SUFFIXES = (".vrm", ".glb", ".gltf")
PATIENCE = 2.0  # s at the end, for a file that is still being read


class ChosenAvatar:
    """path: what is to be shown; empty: the free head. ready: that file, if it is read already.

    fault: why it cannot be shown, in a line; empty: it can.
    """

    def __init__(self, path: str, ready: Avatar | None) -> None:
        self._wanted, self._read = path, path if ready is not None else ""
        self._reading = ""
        self._errands: Errands[Avatar] | None = None
        self.avatar = ready
        self.fault = ""

    @property
    def reading(self) -> bool:
        """Whether it is on its way."""
        return bool(self._reading)

    def choose(self, path: str) -> None:
        """Read this file; empty: none."""
        self._wanted = path

    def turn(self) -> bool:
        """Once a draw. Whether `avatar` or `fault` is another one now. Never waits."""
        if self._errands is not None and self._reading and not self._errands.busy:
            self._read, self._reading = self._reading, ""
            self.avatar, self.fault = None, ""
            try:
                self.avatar = self._errands.result()
            except ModelError as error:
                self.fault = str(error)
            return True
        if self._reading or self._wanted == self._read:
            return False
        if not self._wanted:
            self._read, self.avatar, self.fault = "", None, ""
            return True
        if self._errands is None:
            self._errands = Errands("avatar")
        self._reading = self._wanted
        path = Path(self._wanted).expanduser()
        self._errands.start(lambda: load_avatar(path))
        return False

    def close(self) -> None:
        if self._errands is not None:
            self._errands.stop(lambda: None, PATIENCE)


def is_avatar(path: str) -> bool:
    """By its ending."""
    return path.lower().endswith(SUFFIXES)
