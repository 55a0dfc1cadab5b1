"""A progress bar with the time left, on a terminal only: a log file wants no bars."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

_WIDTH = 30
_PERIOD = 0.1  # seconds between two drawings


class ProgressBar:
    """Counts up to `total`; None if the total is unknown. Draws nothing where nobody looks."""

    def __init__(self, title: str, total: int | None, *, stream: TextIO | None = None) -> None:
        self._title, self._total = title, total
        self._stream = sys.stderr if stream is None else stream
        self._visible = self._stream is not None and self._stream.isatty()
        self._done = 0
        self._started = time.perf_counter()
        self._drawn = -_PERIOD

    def advance(self, amount: int = 1) -> None:
        """Count `amount` more as done."""
        self._done += amount
        elapsed = time.perf_counter() - self._started
        if self._visible and elapsed - self._drawn >= _PERIOD:
            self._drawn = elapsed
            self._stream.write("\r" + progress_line(self._title, self._done, self._total, elapsed))
            self._stream.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._visible:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def progress_line(title: str, done: int, total: int | None, elapsed: float) -> str:
    """`title [#####.....]  50 % · 0:12 left`, padded so that it covers a longer line before it."""
    if not total:
        return f"{title}  {done} done".ljust(79)
    share = min(done / total, 1.0)
    filled = round(share * _WIDTH)
    left = elapsed * (1.0 - share) / share if share > 0.0 else 0.0
    bar = "#" * filled + "." * (_WIDTH - filled)
    return f"{title} [{bar}] {share:4.0%} · {clock(left)} left".ljust(79)


def clock(seconds: float) -> str:
    """`m:ss`, or `h:mm:ss` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
