"""What `open_source` opens, refuses, and delivers from videos."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.sources import SourceSettings, open_source
from engine.data import Frame
from engine.errors import SourceError

DATA = Path(__file__).parent / "data" / "sources"


def frames_of(path: Path | str, **settings: object) -> list[Frame]:
    """Every picture of a recording, without waiting."""
    chosen = SourceSettings(str(path), pace="fast", **settings)  # type: ignore[arg-type]
    with open_source(chosen) as source:
        frames = []
        while (frame := source.read()) is not None:
            frames.append(frame)
        assert source.ended
        return frames


def number_of(frame: Frame) -> int:
    """Which picture of the test clip this is: its right half is grey 40 + 15 n of 16..235."""
    height, width = frame.image.shape[:2]
    grey = float(frame.image[height // 2, width * 3 // 4, 1])
    return round((grey * 219 / 255 + 16 - 40) / 15)


def refusal(spec: Path | str) -> str:
    """The one line with which a source is refused."""
    with pytest.raises(SourceError) as caught:
        open_source(SourceSettings(str(spec)))
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", ["steady.mp4", "steady.avi", "no_clock.h264"])
def test_a_video_gives_every_picture_at_its_time(name: str) -> None:
    frames = frames_of(DATA / name)
    assert [number_of(frame) for frame in frames] == list(range(12))
    assert [frame.index for frame in frames] == list(range(12))
    # A raw stream has no clock: OpenCV 4 states its rate as 30, OpenCV 5 as 25.
    step = frames[1].timestamp if name == "no_clock.h264" else 1 / 30
    assert 1 / 31 < step < 1 / 24
    assert [frame.timestamp for frame in frames] == pytest.approx([n * step for n in range(12)])


def test_a_variable_rate_video_keeps_its_own_times() -> None:
    frames = frames_of(DATA / "variable_rate.mkv")
    expected = [n / 30 if n < 6 else (6 + 3 * (n - 6)) / 30 for n in range(12)]
    assert [frame.timestamp for frame in frames] == pytest.approx(expected, abs=0.001)


def test_an_animated_gif_plays() -> None:
    assert [frame.timestamp for frame in frames_of(DATA / "animation.gif")] == pytest.approx(
        [0.0, 0.1, 0.2, 0.3]
    )


def test_a_portrait_video_stands_upright() -> None:
    """ffmpeg itself turns this file so that the clip's brighter right half is on top."""
    frame = frames_of(DATA / "portrait.mp4")[0]
    assert frame.image.shape == (64, 48, 3)
    assert int(frame.image[8, 24, 1]) > int(frame.image[-8, 24, 1]) + 10


def test_odd_sizes_are_kept() -> None:
    assert frames_of(DATA / "odd_size.mp4")[0].image.shape == (49, 65, 3)


def test_a_source_knows_its_name_and_length() -> None:
    with open_source(SourceSettings(str(DATA / "steady.mp4"))) as source:
        assert (source.name, source.live, source.frame_count) == ("steady.mp4", False, 12)
        assert not source.ended


def test_a_loop_goes_on_with_growing_timestamps_and_numbers() -> None:
    settings = SourceSettings(str(DATA / "steady.mp4"), pace="fast", loop=True)
    with open_source(settings) as source:
        assert source.frame_count is None
        frames = [source.read() for _ in range(30)]
    seen = [frame for frame in frames if frame is not None]
    assert [number_of(frame) for frame in seen] == [n % 12 for n in range(30)]
    assert [frame.timestamp for frame in seen] == pytest.approx([n / 30 for n in range(30)])
    assert [frame.index for frame in seen] == list(range(30))


def test_frames_arrive_stamped_with_the_performance_counter() -> None:
    frames = frames_of(DATA / "steady.mp4")
    arrivals = [frame.arrived for frame in frames]
    assert arrivals == sorted(arrivals) and arrivals[0] > 0.0


def test_a_cut_off_video_plays_what_is_there(tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes((DATA / "steady.mp4").read_bytes()[:-60])  # its index is at the start
    assert 0 < len(frames_of(cut)) < 12


def test_a_recording_that_ends_early_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes((DATA / "steady.mp4").read_bytes()[:-60])
    count = len(frames_of(cut))
    assert 0 < count < 10
    assert caplog.messages == [f"cut.mp4 ends early: {count} of 12 frames"]
    caplog.clear()
    with open_source(SourceSettings(str(cut), pace="fast", loop=True)) as source:
        assert all(source.read() is not None for _ in range(3 * count))
    assert caplog.messages == [f"cut.mp4 ends early: {count} of 12 frames"]


def test_a_whole_recording_does_not_end_early(caplog: pytest.LogCaptureFixture) -> None:
    """OpenCV reckons 22 pictures for the one of variable rate, which has 12."""
    for name in ("steady.mp4", "steady.avi", "variable_rate.mkv", "animation.gif", "no_clock.h264"):
        frames_of(DATA / name)
    with open_source(SourceSettings(str(DATA / "steady.mp4"), pace="fast")) as source:
        source.read()  # and then no more of it is wanted
    assert caplog.messages == []


def test_a_damaged_place_costs_only_the_pictures_it_hits(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.avi"
    whole = bytearray((DATA / "steady.avi").read_bytes())
    places = [place for place in range(len(whole)) if whole[place : place + 4] == b"00dc"]
    whole[places[5] + 8 : places[6]] = bytes(places[6] - places[5] - 8)
    damaged.write_bytes(whole)
    numbers = [number_of(frame) for frame in frames_of(damaged)]
    assert numbers == [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11]


def test_a_video_cut_off_before_its_first_picture_is_refused(tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    whole = (DATA / "steady.mp4").read_bytes()
    cut.write_bytes(whole[: whole.index(b"mdat") + 8])
    assert "cut.mp4" in refusal(cut)


def test_what_is_no_video_is_refused_with_its_name(tmp_path: Path) -> None:
    text, empty = tmp_path / "text.mp4", tmp_path / "empty.mp4"
    text.write_text("hello, I am a letter\n")
    empty.write_bytes(b"")
    assert "no video in it" in refusal(text)
    assert "empty" in refusal(empty)
    assert "no video in it" in refusal(DATA / "only_sound.mp4")


def test_a_missing_path_is_refused_with_the_systems_reason(tmp_path: Path) -> None:
    for spec in (tmp_path / "gone.mp4", "gone.mkv", "gone.jpg", tmp_path / "gone", "nul\0.mp4"):
        assert str(spec) in refusal(spec)
    assert "No such file" in refusal("gone.mp4")


def test_a_path_that_cannot_be_followed_is_refused_with_the_systems_reason(tmp_path: Path) -> None:
    ring = tmp_path / "ring.mp4"
    ring.symlink_to(ring)
    assert "symbolic link" in refusal(ring)
    assert "Not a directory" in refusal(DATA / "steady.mp4" / "inside.mp4")


def test_a_file_that_may_not_be_read_is_refused_with_the_systems_reason(tmp_path: Path) -> None:
    private = tmp_path / "private.mp4"
    private.write_bytes((DATA / "steady.mp4").read_bytes())
    private.chmod(0)
    user = os.geteuid()
    if user == 0:  # root may read everything, so it steps down for a moment
        os.seteuid(65534)
    try:
        assert "Permission denied" in refusal(private)
    finally:
        os.seteuid(user)


def test_a_socket_or_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    assert "not a file" in refusal(pipe)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "door"))
        assert "not a file" in refusal(tmp_path / "door")


def test_settings_out_of_range_are_named() -> None:
    with pytest.raises(ValueError, match="picture_rate is 0"):
        SourceSettings(picture_rate=0)
    with pytest.raises(ValueError, match="width is -1"):
        SourceSettings(width=-1)
    with pytest.raises(ValueError, match="spec is empty"):
        SourceSettings("")


def test_refused_and_damaged_sources_leave_stderr_to_us(tmp_path: Path) -> None:
    """OpenCV and FFmpeg explain themselves on stderr unless they are told not to."""
    (tmp_path / "text.mp4").write_text("hello")
    whole = (DATA / "steady.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[:-60])
    (tmp_path / "noise.mp4").write_bytes(whole[:-200] + bytes(range(200)))
    (tmp_path / "text.png").write_text("hello")
    script = """
import sys
from app.sources import SourceSettings, open_source
from engine.errors import SourceError
for spec in sys.argv[1:]:
    try:
        with open_source(SourceSettings(spec, pace="fast")) as source:
            while source.read() is not None:
                pass
    except SourceError as error:
        print(error)
"""
    specs = [str(path) for path in sorted(tmp_path.iterdir())]
    specs += [str(DATA / "only_sound.mp4"), "99", "rtsp://127.0.0.1:9/x", "http://127.0.0.1:9/x"]
    done = subprocess.run(
        [sys.executable, "-c", script, *specs],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert re.fullmatch(r"cut.mp4 ends early: \d+ of 12 frames\n", done.stderr)
    assert len(done.stdout.splitlines()) == 7
