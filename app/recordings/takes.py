"""All recordings of a run: one that fails stops alone, the others and the show go on.

Some were named at the start and take in the whole run. Others begin and end while it runs: takes,
numbered, with a slate name: `anna_001.csv`, `anna_001.glb`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from app.recordings import (
    FOOTAGE,
    FORMATS,
    Footage,
    Mesh,
    Recording,
    open_footage,
    open_recording,
)
from app.threads import Worker
from engine.closing import Closing
from engine.data import FaceState, Frame
from engine.errors import RecordingError

PATIENCE = 0.1  # s at a time that the end waits for files to be finished

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TakeSettings:
    """Where takes go that begin and end while it runs.

    folder:  empty: the folder of takes (`mien doctor` names it).
    formats: endings of the files that a take has; "mkv" is the camera's picture, "wav" the sound.
    slate:   what the files' names begin with.
    mesh:    of GLB files: the free head, or FLAME in the person's shape, as far as a regressor of
             it is in use.
    """

    folder: str = ""
    formats: tuple[str, ...] = ("csv",)
    slate: str = "take"
    mesh: Mesh = "head"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w][\w .-]{0,63}", self.slate):
            raise ValueError(
                f"slate is {self.slate!r}; expected letters, digits, spaces and . _ -, 64 at most"
            )
        for ending in self.formats:
            if f".{ending}" not in (*FORMATS, *FOOTAGE):
                known = ", ".join(name.removeprefix(".") for name in (*FORMATS, *FOOTAGE))
                raise ValueError(f"formats has {ending!r}; expected some of {known}")


class Takes(Closing):
    """Writes each state to every file that still can take it.

    recordings: every file, those that ended included.
    failed:     whether a file had to be ended early, or a take could not begin.
    fault:      why that was so in the newest take; empty: all is well.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        settings: TakeSettings,
        folder: Path,
        models: Path | None = None,
    ) -> None:
        """Open all files or none; raises RecordingError.

        folder: of takes that begin later. models: of face models, for `mesh`.
        """
        self.failed = False
        self.fault = ""
        self._settings, self._usual_folder, self._models = settings, folder, models
        self.recordings: list[Recording | Footage] = self._open(paths)
        self._running = list(self.recordings)
        self._take: list[Recording | Footage] = []
        self._begun = False  # a take, and it was not ended
        self._finishing: list[Worker] = []

    @property
    def rolling(self) -> bool:
        """Whether a take has begun and not ended."""
        return bool(self._take)

    @property
    def stopped(self) -> bool:
        """Whether there was to be a take, and there is no file left to write."""
        return self._begun and not any(recording in self._running for recording in self._take)

    @property
    def folder(self) -> Path:
        """Of takes."""
        given = self._settings.folder
        return Path(given).expanduser() if given else self._usual_folder

    def adopt(self, settings: TakeSettings) -> None:
        """Any thread: for takes that begin from now on."""
        self._settings = settings

    def begin(self) -> None:
        """Begin a take under the next free number.

        A file that cannot be, as sound without a microphone, is a line on the console.
        """
        if self._take:
            return
        self._begun, self.fault = True, ""
        try:
            paths = self._next_paths()
        except RecordingError as error:
            self._tell("no take: %s", error)
            return
        for path in paths:
            try:
                self._take += self._open([path])
            except RecordingError as error:
                self._tell("not in the take: %s", error)
        if self._take:
            self.recordings += self._take
            self._running += self._take
            log.warning("take %s", ", ".join(str(recording.path) for recording in self._take))

    def end(self) -> None:
        """End the take, if there is one. Its files are finished by a thread of their own."""
        take, self._take, self._begun = self._take, [], False
        if not take:
            return
        self._running = [recording for recording in self._running if recording not in take]

        def finish() -> bool:
            for recording in take:
                self._end(recording)
            return False

        finishing = Worker(finish)
        finishing.start()
        self._finishing.append(finishing)

    def _next_paths(self) -> list[Path]:
        settings, folder = self._settings, self.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordingError(
                f"cannot record to {folder}: {error.strerror}; expected a folder. Give "
                "another one, in the control panel or in the profile: `[takes]` `folder`."
            ) from error
        for number in count(1):
            stem = f"{settings.slate}_{number:03d}"
            paths = [folder / f"{stem}.{ending}" for ending in settings.formats]
            if not any(path.exists() for path in paths):
                break
        return paths

    def _open(self, paths: Sequence[Path]) -> list[Recording | Footage]:
        """All of them, or none."""
        recordings: list[Recording | Footage] = []
        flame = self._models if self._settings.mesh == "flame" else None
        try:
            for path in paths:
                if path.suffix.lower() in FOOTAGE:
                    recordings.append(open_footage(path))
                else:
                    recordings.append(open_recording(path, flame=flame))
        except RecordingError:
            for recording in recordings:
                recording.close()
            raise
        return recordings

    def write(self, state: FaceState, frame: Frame) -> None:
        """One row in each file. A full disk ends that file, with a line on the console.

        frame: the picture that the state was seen in.
        """
        for recording in tuple(self._running):
            try:
                if isinstance(recording, Footage):
                    recording.add(frame)
                else:
                    recording.write(state)
            except RecordingError as error:
                self._tell("%s", error)
                self._running.remove(recording)
                self._end(recording)

    def close(self) -> None:
        """End every file. May be called twice."""
        for finishing in self._finishing:
            while not finishing.wait(PATIENCE):
                pass
        for recording in self.recordings:
            self._end(recording)

    def _end(self, recording: Recording | Footage) -> None:
        try:
            recording.close()
        except RecordingError as error:
            self._tell("%s", error)

    def _tell(self, form: str, error: RecordingError) -> None:
        log.warning(form, error)
        self.failed, self.fault = True, str(error)
