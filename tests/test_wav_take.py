"""Sound of a take: in time with the pictures, whole at any moment."""

from __future__ import annotations

import subprocess
import sys
import threading
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.recordings import microphone as microphone_module
from app.recordings.microphone import DefaultMicrophone, Sound
from app.recordings.wav import Wav
from engine.data import Frame
from engine.errors import RecordingError

RATE = 1000  # Hz
PIECE = 100  # samples


class Played:
    """A microphone that hears what a test plays: sample k of the world has the value k."""

    rate = RATE

    def __init__(self) -> None:
        self._sounds: list[Sound] = []
        self._heard = threading.Event()
        self.closed = False

    def play(self, began: float, *, first: int | None = None, count: int = PIECE) -> None:
        at = round(began * RATE) if first is None else first
        self._sounds.append(Sound(np.arange(at, at + count, dtype=np.int16), began))
        self._heard.set()

    def read(self, timeout: float) -> Sound | None:
        if not self._sounds and timeout and not self._heard.wait(timeout):
            return None
        self._heard.clear()
        return self._sounds.pop(0) if self._sounds else None

    def close(self) -> None:
        self.closed = True


def frame(at: float) -> Frame:
    return Frame(np.zeros((4, 4, 3), np.uint8), at, at, 0)


def samples(path: Path) -> NDArray[np.int16]:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_sound_begins_with_the_first_picture(tmp_path: Path) -> None:
    played = Played()
    for i in range(5):
        played.play(i * 0.1)
    with Wav(tmp_path / "take.wav", played) as wav:
        wav.add(frame(0.25))  # it was taken while the third piece was heard
        wav.add(frame(0.28))
    assert samples(tmp_path / "take.wav").tolist() == list(range(250, 500))
    assert wav.rows == 2 and played.closed


def test_a_microphone_that_starts_late_is_preceded_by_silence(tmp_path: Path) -> None:
    played = Played()
    with Wav(tmp_path / "take.wav", played) as wav:
        wav.add(frame(0.1))
        played.play(0.3)
    assert samples(tmp_path / "take.wav").tolist() == [0] * 200 + list(range(300, 400))


def test_sound_that_is_lost_leaves_silence_and_the_rest_in_time(tmp_path: Path) -> None:
    played = Played()
    with Wav(tmp_path / "take.wav", played) as wav:
        wav.add(frame(0.0))
        played.play(0.0)
        played.play(0.5)
    expected = list(range(100)) + [0] * 400 + list(range(500, 600))
    assert samples(tmp_path / "take.wav").tolist() == expected


def test_a_clock_that_runs_fast_is_set_right_when_it_is_heard(tmp_path: Path) -> None:
    """A hundredth faster: a piece of 100 samples lasts 99 ms."""
    played = Played()
    with Wav(tmp_path / "take.wav", played) as wav:
        wav.add(frame(0.0))
        for i in range(200):
            played.play(i * 0.099, first=100 * i)
    length = len(samples(tmp_path / "take.wav")) / RATE
    assert length == pytest.approx(200 * 0.099, abs=0.07)


def test_a_small_unrest_of_times_cuts_nothing(tmp_path: Path) -> None:
    played = Played()
    with Wav(tmp_path / "take.wav", played) as wav:
        wav.add(frame(0.0))
        for i in range(50):
            played.play(i * 0.1 + (0.02 if i % 2 else 0.0), first=100 * i)
    assert samples(tmp_path / "take.wav").tolist() == list(range(5000))


def test_without_pictures_there_is_no_sound(tmp_path: Path) -> None:
    played = Played()
    played.play(0.0)
    Wav(tmp_path / "take.wav", played).close()
    assert (tmp_path / "take.wav").read_bytes() == b""


def test_the_header_is_right_after_each_piece(tmp_path: Path) -> None:
    """So a kill leaves a file that opens."""
    played, path = Played(), tmp_path / "take.wav"
    with Wav(path, played) as wav:
        wav.add(frame(0.0))
        for i in range(5):
            played.play(i * 0.1)
            while path.stat().st_size < 44 + 200 * (i + 1) or len(_whole(path)) < 100 * (i + 1):
                pass  # the recording's own thread writes it
            assert samples(path).tolist() == list(range(100 * (i + 1)))


def _whole(path: Path) -> NDArray[np.int16]:
    return samples(path) if path.stat().st_size > 44 else np.zeros(0, np.int16)


def test_a_file_that_cannot_be_lets_the_microphone_go(tmp_path: Path) -> None:
    (tmp_path / "take.wav").write_text("the best take ever")
    played = Played()
    with pytest.raises(RecordingError, match="exists already"):
        Wav(tmp_path / "take.wav", played)
    assert played.closed


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's device that is full")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "take.wav").symlink_to("/dev/full")
    played = Played()
    wav = Wav(tmp_path / "take.wav", played)
    wav.add(frame(0.0))
    played.play(0.0)
    with pytest.raises(RecordingError, match="No space left on device"):
        wav.close()


def test_without_portaudio_or_microphone_it_is_one_line() -> None:
    """A process of its own, in which the package cannot be found."""
    script = (
        "import sys; sys.modules['sounddevice'] = None\n"
        "from app.recordings import open_footage; from pathlib import Path\n"
        "from engine.errors import RecordingError\n"
        "try: open_footage(Path('never.wav'))\n"
        "except RecordingError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        timeout=30,
    )
    (line,) = done.stdout.splitlines()
    assert line.startswith("cannot record sound: ") and "pip install sounddevice" in line
    assert not Path("never.wav").exists()


def test_a_machine_without_a_microphone_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    sounddevice = pytest.importorskip("sounddevice", exc_type=OSError)

    def refuse(**_: object) -> None:
        raise sounddevice.PortAudioError("Error querying device -1")

    monkeypatch.setattr(sounddevice, "check_input_settings", refuse)
    monkeypatch.setattr(sounddevice, "query_devices", refuse)
    with pytest.raises(RecordingError, match="cannot record sound: Error querying device -1"):
        DefaultMicrophone()
    assert microphone_module.RATES[0] == 48000
