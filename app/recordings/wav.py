"""Sound of a take: the default microphone, as WAV.

It begins with the take's first picture, as every other file of the take does: laid beside them on a
timeline at the same place, it fits. Silence stands where sound is missing, and where the sound
card's clock has gone a sixteenth of a second astray it is set right.

The sizes in the header are written anew after each piece: the file is whole at any moment.
"""

from __future__ import annotations

import struct
from collections import deque
from pathlib import Path

import numpy as np

from app.recordings.microphone import DefaultMicrophone, Microphone, Sound
from app.recordings.row_file import RowFile
from app.threads import Worker
from engine.closing import Closing
from engine.data import Frame
from engine.errors import RecordingError

ASTRAY = 1 / 16  # s that sound may be off before it is set right
KEPT = 100  # pieces kept before the take's first picture has been tracked: a second or more
PATIENCE = 0.1  # s
CLOSING = 1.0  # s
LARGEST = 0xFFFFFFFF - 36  # bytes of sound in a WAV file: twelve hours


class Wav(Closing):
    """Takes the pictures' times; the sound comes by itself.

    rows: pictures that were shown while it listened.
    """

    def __init__(self, path: Path, microphone: Microphone | None = None) -> None:
        """microphone: left out, the system's default. Raises RecordingError."""
        self.path = path
        self.rows = 0
        self._microphone = DefaultMicrophone() if microphone is None else microphone
        try:
            self._file = RowFile(path)
        except RecordingError:
            self._microphone.close()
            raise
        self._early: deque[Sound] = deque(maxlen=KEPT)
        self._start: float | None = None  # `perf_counter` seconds of the first sample
        self._samples = 0
        self._ending = False
        self._worker = Worker(self._listen)
        self._worker.start()

    def add(self, frame: Frame) -> None:
        """The take begins with the first. Raises RecordingError, also for a moment before."""
        self._worker.check()
        if self._start is None:
            self._start = frame.arrived
        self.rows += 1

    def _listen(self) -> bool:
        ending = self._ending  # asked before the last sound is taken
        sound = self._microphone.read(0.0 if ending else PATIENCE)
        if sound is not None:
            self._early.append(sound)
        if self._start is not None:
            while self._early:
                self._append(self._early.popleft(), self._start)
        return sound is not None or not ending

    def _append(self, sound: Sound, start: float) -> None:
        rate, samples = self._microphone.rate, sound.samples
        lacking = round((sound.began - start) * rate) - self._samples
        first = self._samples == 0
        if lacking > 0 and (first or lacking > ASTRAY * rate):
            samples = np.concatenate([np.zeros(lacking, np.int16), samples])
        elif lacking < 0 and (first or -lacking > ASTRAY * rate):
            samples = samples[-lacking:]
        room = LARGEST // 2 - self._samples
        samples = samples[: max(room, 0)]
        if not len(samples):
            return
        header = _header(rate, self._samples + len(samples))
        content = samples.astype("<i2").tobytes()
        if self._samples == 0:
            self._file.write(header + content)
        else:
            self._file.write(content)
            self._file.overwrite(0, header)
        self._samples += len(samples)

    def close(self) -> None:
        """May be called twice. Raises RecordingError."""
        if self._ending:
            return
        self._ending = True
        self._microphone.close()
        self._worker.wait(CLOSING)
        self._worker.close()
        self._file.close()
        self._worker.check()


def _header(rate: int, samples: int) -> bytes:
    size = 2 * samples
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + size, b"WAVE"),
        *(b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16),
        *(b"data", size),
    )
