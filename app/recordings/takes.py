"""All recordings of a run: one that fails stops alone, the others and the show go on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from app.recordings import Recording, open_recording
from engine.data import FaceState
from engine.errors import RecordingError

log = logging.getLogger(__name__)


class Takes:
    """Writes each state to every file that still can take it.

    recordings: every file, those that failed included.
    failed:     whether a file had to be ended early.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        """Open all files or none; raises RecordingError."""
        self.failed = False
        self.recordings: list[Recording] = []
        try:
            for path in paths:
                self.recordings.append(open_recording(path))
        except RecordingError:
            self.close()
            raise
        self._running = list(self.recordings)

    def write(self, state: FaceState) -> None:
        """One row in each file. A full disk ends that file, with a line on the console."""
        for recording in tuple(self._running):
            try:
                recording.write(state)
            except RecordingError as error:
                log.warning("%s", error)
                self.failed = True
                self._running.remove(recording)
                self._end(recording)

    def close(self) -> None:
        """End every file. May be called twice."""
        for recording in self.recordings:
            self._end(recording)

    def _end(self, recording: Recording) -> None:
        try:
            recording.close()
        except RecordingError as error:
            log.warning("%s", error)
            self.failed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
