"""Keeps a demo booth going: another mien starts the real one again when it fails, dies or hangs.

The watched one says on its standard output that it is alive; whatever else it says is passed on.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.folders import is_one_folder
from app.threads import Latest, Worker

PULSE = "mien is alive"
PULSE_PERIOD = 1.0  # s
LOOK = 0.2  # s between two looks for one
ONE_HEAP = {"MALLOC_ARENA_MAX": "1"}  # glibc keeps one for each thread: memory grew by the hour
GIVE_UP = (0, 2, 130)  # exit codes of an end that was wanted, and of wrong usage

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. start: until the first sign of life; silence: between two later ones; pause:
    before it is started again; most: to which the first two grow; ending: for closing everything
    when it is to end."""

    start: float = 90.0
    silence: float = 15.0
    pause: float = 3.0
    most: float = 240.0
    ending: float = 10.0

    def doubled(self) -> Patience:
        """What hung may have been slow: a busy computer must not start it again for ever."""
        start, silence = (min(2.0 * s, max(s, self.most)) for s in (self.start, self.silence))
        return replace(self, start=start, silence=silence)


class Pulse:
    """The watched one's part: call it as often as you like."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self) -> None:
        now = time.perf_counter()
        if now >= self._next and sys.stdout is not None:
            self._next = now + PULSE_PERIOD
            print(PULSE, flush=True)


def watch(command: Sequence[str], patience: Patience = Patience()) -> int:
    """Run the command until it ends as it was meant to; gives its exit code."""
    while True:
        code = _run_once(command, patience)
        if code in GIVE_UP:
            return code
        if code is None:
            patience = patience.doubled()
            continue
        log.warning("mien ended with code %d; starting it again in %g s", code, patience.pause)
        time.sleep(patience.pause)


def mien_command(arguments: Sequence[str]) -> tuple[str, ...]:
    """Another mien with these arguments."""
    if is_one_folder():
        return (sys.executable, *arguments)
    return (sys.executable, "-m", "app", *arguments)


def _run_once(command: Sequence[str], patience: Patience) -> int | None:
    """Its exit code; None: it was silent and had to be ended."""
    beats: Latest[int] = Latest()
    silent = 0.0  # s, counted by our own looks: while the computer sleeps, nobody can speak
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        env=ONE_HEAP | os.environ,
    )
    assert child.stdout is not None
    said = child.stdout

    def listen() -> bool:
        line = said.readline()
        if line.rstrip() == PULSE:
            beats.put(1)
        elif line:
            print(line, end="", flush=True)
        return bool(line)

    with child:
        try:
            with Worker(listen) as listening:
                while not listening.wait(LOOK):
                    silent = 0.0 if beats.take(0.0) is not None else silent + LOOK
                    limit = patience.start if beats.peek() is None else patience.silence
                    if silent > limit:
                        log.warning("mien has been silent for %g s; starting it again", limit)
                        child.kill()
                        return None
                return child.wait()
        except KeyboardInterrupt:
            _end(child, patience.ending)
            raise


def _end(child: subprocess.Popen[str], patience: float) -> None:
    """In order if it can; but end it must, for nobody would do it after us."""
    child.terminate()
    try:
        child.wait(patience)
    except subprocess.TimeoutExpired:
        log.warning("mien did not end within %g s of being asked; it was killed", patience)
        child.kill()
