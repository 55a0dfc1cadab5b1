"""Reference video: every picture at its own time, for other programs, after a kill."""

from __future__ import annotations

import logging
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.recordings import video as video_recording
from app.recordings.video import Video
from app.sources import SourceSettings, open_source
from engine.data import Frame
from engine.errors import RecordingError

ROOT = Path(__file__).parents[1]
UNEVEN = (0.0, 0.033, 0.040, 0.1, 0.5, 2.0, 2.016, 2.032, 2.7)  # s


def picture(brightness: int, width: int = 64) -> NDArray[np.uint8]:
    return np.full((48, width, 3), brightness, np.uint8)


def frames(times: tuple[float, ...], start: float = 900.0) -> list[Frame]:
    return [Frame(picture(20 * i), start + t, start + t, i) for i, t in enumerate(times)]


def recorded(path: Path, some: list[Frame]) -> Path:
    with Video(path) as video:
        for frame in some:
            video.add(frame)
    assert video.rows == len(some)
    return path


def read(path: Path) -> tuple[list[float], list[float]]:
    """Times in seconds and brightness of all pictures, by OpenCV's FFmpeg."""
    capture, times, brightness = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG), [], []
    while True:
        good, image = capture.read()
        if not good:
            break
        times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0)
        brightness.append(float(image.mean()))
    capture.release()
    return times, brightness


def test_a_picture_shows_at_its_own_time(tmp_path: Path) -> None:
    times, brightness = read(recorded(tmp_path / "take.mkv", frames(UNEVEN)))
    assert times == pytest.approx(UNEVEN, abs=0.0006)
    assert brightness == pytest.approx([20.0 * i for i in range(len(UNEVEN))], abs=2.0)


def test_mien_itself_plays_it_in_time(tmp_path: Path) -> None:
    path = recorded(tmp_path / "take.mkv", frames(UNEVEN))
    with open_source(SourceSettings(spec=str(path), pace="fast")) as source:
        timestamps = [frame.timestamp for frame in iter(source.read, None)]
    assert timestamps == pytest.approx(UNEVEN, abs=0.0006)


def test_it_can_be_sought_by_its_index(tmp_path: Path) -> None:
    path = recorded(tmp_path / "take.mkv", frames(tuple(i / 10 for i in range(12))))
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    capture.set(cv2.CAP_PROP_POS_MSEC, 700.0)
    good, image = capture.read()
    capture.release()
    assert good and float(image.mean()) == pytest.approx(140.0, abs=2.0)


def test_sizes_add_up_and_the_length_is_told(tmp_path: Path) -> None:
    content = recorded(tmp_path / "take.mkv", frames(UNEVEN)).read_bytes()
    segment = content.index(b"\x18\x53\x80\x67") + 4
    assert content[segment] == 1  # eight bytes of size
    assert segment + 8 + int.from_bytes(content[segment + 1 : segment + 8]) == len(content)
    duration = content.index(b"\x44\x89\x88") + 3
    assert struct.unpack_from(">d", content, duration) == (2700.0,)


def test_a_clock_that_stands_still_or_goes_back_loses_no_picture(tmp_path: Path) -> None:
    times, _ = read(recorded(tmp_path / "take.mkv", frames((0.0, 0.5, 0.5, 0.4, 1.0))))
    assert times == pytest.approx((0.0, 0.5, 0.501, 0.502, 1.0), abs=0.0006)


def test_a_picture_that_shows_on_is_written_once(tmp_path: Path) -> None:
    still = picture(100)
    with Video(tmp_path / "take.mkv") as video:
        for i in range(5):
            video.add(Frame(still, i / 10, i / 10, i))
    assert video.rows == 1


def test_a_camera_that_comes_back_larger_keeps_the_first_size(tmp_path: Path) -> None:
    some = [Frame(picture(40), 0.0, 0.0, 0), Frame(picture(80, width=128), 0.1, 0.1, 1)]
    _, brightness = read(recorded(tmp_path / "take.mkv", some))
    assert brightness == pytest.approx([40.0, 80.0], abs=2.0)


def test_pictures_beyond_the_memory_are_left_out_and_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(video_recording, "MEMORY", 1)
    path = tmp_path / "take.mkv"
    with caplog.at_level(logging.WARNING), Video(path) as video:
        for frame in frames(UNEVEN):
            video.add(frame)  # never waits
    assert caplog.messages == [
        f"{path} lacks 9 pictures, which came faster than they could be encoded"
    ]


def test_a_take_without_pictures_is_empty(tmp_path: Path) -> None:
    Video(tmp_path / "take.mkv").close()
    assert (tmp_path / "take.mkv").read_bytes() == b""


def test_a_take_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "take.mkv").write_text("the best take ever")
    with pytest.raises(RecordingError, match="exists already"):
        Video(tmp_path / "take.mkv")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's device that is full")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    path.symlink_to("/dev/full")
    video = Video(path)
    video.add(frames(UNEVEN)[0])
    with pytest.raises(RecordingError, match="No space left on device") as caught:
        video.close()
    assert "\n" not in str(caught.value)
    video.close()


_WRITER = """
from pathlib import Path
import numpy as np
from app.recordings.video import Video
from engine.data import Frame
video, i = Video(Path({path!r})), 0
while True:
    video.add(Frame(np.full((48, 64, 3), i % 250, np.uint8), i / 40, i / 40, i))
    i += 1
    print(video.rows, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("enough", [1, 200])
def test_what_a_kill_leaves_opens(enough: int, tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER.format(path=str(path))],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert writer.stdout is not None
    reported = 0
    while reported < enough:
        reported = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=10)
    times, brightness = read(path)
    assert len(times) >= reported
    assert times[:reported] == pytest.approx(np.arange(reported) / 40, abs=0.0006)
    assert brightness[:200] == pytest.approx(np.arange(len(brightness))[:200], abs=2.0)


def test_half_a_picture_at_the_end_is_no_harm(tmp_path: Path) -> None:
    content = recorded(tmp_path / "take.mkv", frames(UNEVEN)).read_bytes()
    last = content.rindex(b"\x1f\x43\xb6\x75")
    (tmp_path / "torn.mkv").write_bytes(content[: last + 300])
    times, _ = read(tmp_path / "torn.mkv")
    assert times[: len(UNEVEN) - 1] == pytest.approx(UNEVEN[:-1], abs=0.0006)
