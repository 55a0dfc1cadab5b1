"""The default microphone, by PortAudio. The only importer of `sounddevice`, when it is used."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.threads import Backlog
from engine.closing import Closing
from engine.errors import RecordingError

LIMIT = 4 << 20  # bytes of sound that wait for the disk: three quarters of a minute
RATES = (48000, 44100)  # Hz, the first that it takes; else its own


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """samples: (N,) int16, one channel. began: `perf_counter` seconds of the first of them."""

    samples: NDArray[np.int16]
    began: float


class Microphone(Protocol):
    """Sound as it comes.

    rate: samples a second.
    """

    @property
    def rate(self) -> int: ...

    def read(self, timeout: float) -> Sound | None:
        """The next piece, or None if none came within `timeout` seconds."""

    def close(self) -> None:
        """May be called twice."""


class DefaultMicrophone(Closing):
    """The system's default input. Sound that nobody reads in time is lost, never late."""

    def __init__(self) -> None:
        """Raises RecordingError if there is none, or no PortAudio."""
        try:
            import sounddevice
        except (ImportError, OSError) as error:  # the package, or the library it loads
            raise RecordingError(
                f"cannot record sound: {error}; expected sounddevice with PortAudio. Install it: "
                "pip install sounddevice, on Linux also the system's package libportaudio2."
            ) from error
        self._waiting: Backlog[Sound] = Backlog(LIMIT)
        try:
            self.rate = _rate(sounddevice)
            self._stream = sounddevice.RawInputStream(
                samplerate=self.rate, channels=1, dtype="int16", callback=self._heard
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise RecordingError(
                f"cannot record sound: {reason}; expected a microphone that no other program "
                "keeps to itself. Plug one in, or make it the system's default input."
            ) from error

    def _heard(self, data: Any, count: int, times: Any, status: Any) -> None:
        """Called by PortAudio, in its own thread."""
        age = max(0.0, times.currentTime - times.inputBufferAdcTime)
        samples = np.frombuffer(data, np.int16).copy()  # PortAudio uses its memory again
        self._waiting.offer(Sound(samples, time.perf_counter() - age), samples.nbytes)

    def read(self, timeout: float) -> Sound | None:
        return self._waiting.take(timeout)

    def close(self) -> None:
        self._stream.close(ignore_errors=True)


def _rate(sounddevice: Any) -> int:
    for rate in RATES:
        try:
            sounddevice.check_input_settings(channels=1, dtype="int16", samplerate=rate)
        except sounddevice.PortAudioError:
            continue
        return rate
    return int(sounddevice.query_devices(kind="input")["default_samplerate"])
