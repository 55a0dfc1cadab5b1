"""A page of text that is drawn over itself on a terminal."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TextIO

_PAGE_TOP = "\x1b[H"
_CLEAR_LINE = "\x1b[K"
_CLEAR_BELOW = "\x1b[J"
_OWN_PAGE, _FORMER_PAGE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


class Screen:
    """Takes the terminal while it is open, and gives it back as it was."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def width(self) -> int:
        """Characters of a line."""
        return shutil.get_terminal_size().columns

    def draw(self, lines: Sequence[str]) -> None:
        """Show these; what does not fit is cut off, and said so."""
        columns, rows = shutil.get_terminal_size()
        self._stream.write(_PAGE_TOP + page_text(lines, columns, rows))
        self._stream.flush()

    def __enter__(self) -> Self:
        if os.name == "nt":
            os.system("")  # Windows' terminals understand the codes from then on
        self._stream.write(_OWN_PAGE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.write(_FORMER_PAGE)
        self._stream.flush()


def page_text(lines: Sequence[str], columns: int, rows: int) -> str:
    """Lines cut to a terminal of this size, each covering what was there before."""
    if len(lines) > rows:
        left = len(lines) - rows + 1
        lines = [*lines[: rows - 1], f"... {left} lines more: make the window larger"]
    return "\n".join(line[:columns] + _CLEAR_LINE for line in lines) + _CLEAR_BELOW
