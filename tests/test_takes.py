"""Takes that begin and end while it runs."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np
import pytest

from app.actions import Calibrate, Quit, Recentre, SetMirror, SetPaused, SetRecording, Wishes
from app.recordings import FOOTAGE, FORMATS
from app.recordings.json_lines import JsonLines
from app.recordings.takes import Takes, TakeSettings
from app.recordings.wav import Wav
from engine.data import Frame
from engine.errors import RecordingError
from tests.states import face

FRAME = Frame(np.zeros((48, 64, 3), np.uint8), 0.0, 0.0, 0)


def test_takes_are_numbered_and_none_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "anna_001.jsonl").write_text("precious")
    settings = TakeSettings(formats=("csv", "jsonl"), slate="anna")
    with Takes((), settings, tmp_path) as takes:
        for _ in range(2):
            takes.begin()
            assert takes.rolling
            takes.write(face(), FRAME)
            takes.end()
            takes.write(face(), FRAME)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "anna_001.jsonl",
        "anna_002.csv",
        "anna_002.jsonl",
        "anna_003.csv",
        "anna_003.jsonl",
    ]
    assert [recording.rows for recording in takes.recordings] == [1, 1, 1, 1]
    assert (tmp_path / "anna_001.jsonl").read_text() == "precious"


def test_files_named_at_the_start_take_in_the_whole_run(tmp_path: Path) -> None:
    with Takes([tmp_path / "all.csv"], TakeSettings(), tmp_path / "takes") as takes:
        takes.write(face(), FRAME)
        takes.begin()
        takes.write(face(), FRAME)
        takes.end()
        takes.write(face(), FRAME)
    assert [recording.rows for recording in takes.recordings] == [3, 1]


def test_a_take_that_still_rolls_at_the_end_is_whole(tmp_path: Path) -> None:
    with Takes((), TakeSettings(formats=("npz",)), tmp_path) as takes:
        takes.begin()
        takes.write(face(), FRAME)
    assert (tmp_path / "take_001.npz").read_bytes().startswith(b"PK")


def test_ending_a_take_does_not_wait_for_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making a zip of an hour takes a while, and the show goes on."""
    may_close, closed = threading.Event(), []

    class Slow(JsonLines):
        def close(self) -> None:
            if not closed:
                assert may_close.wait(10.0)
            closed.append(self.path)
            super().close()

    monkeypatch.setitem(FORMATS, ".jsonl", Slow)
    with Takes((), TakeSettings(formats=("jsonl",)), tmp_path) as takes:
        takes.begin()
        takes.write(face(), FRAME)
        takes.end()
        assert not takes.rolling and not closed
        may_close.set()
    assert closed and not takes.failed


def test_beginning_twice_is_one_take_and_ending_none_is_nothing(tmp_path: Path) -> None:
    with Takes((), TakeSettings(), tmp_path) as takes:
        takes.end()
        takes.begin()
        takes.begin()
    assert len(takes.recordings) == 1


def test_a_folder_that_cannot_be_is_one_line_and_the_run_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    settings = TakeSettings(folder=str(tmp_path / "file" / "takes"))
    with caplog.at_level(logging.WARNING), Takes((), settings, tmp_path) as takes:
        takes.begin()
        takes.write(face(), FRAME)
    assert takes.failed and not takes.rolling
    assert len(caplog.records) == 1 and "no take: cannot record to" in caplog.text


def test_a_take_without_a_microphone_goes_on_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_microphone(path: Path) -> Wav:
        raise RecordingError("cannot record sound: no default input device")

    monkeypatch.setitem(FOOTAGE, ".wav", no_microphone)
    settings = TakeSettings(formats=("csv", "wav", "mkv"))
    with caplog.at_level(logging.WARNING), Takes((), settings, tmp_path) as takes:
        takes.begin()
        assert takes.rolling and takes.failed
        takes.write(face(), FRAME)
    assert caplog.messages[0] == "not in the take: cannot record sound: no default input device"
    assert len(caplog.messages) == 2  # the other one names the files
    assert [recording.rows for recording in takes.recordings] == [1, 1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["take_001.csv", "take_001.mkv"]


def test_a_named_file_that_cannot_be_stops_all_before_they_begin(tmp_path: Path) -> None:
    (tmp_path / "b.mkv").write_text("precious")
    with pytest.raises(RecordingError, match="exists already"):
        Takes([tmp_path / "a.csv", tmp_path / "b.mkv"], TakeSettings(), tmp_path)
    assert (tmp_path / "b.mkv").read_text() == "precious"


@pytest.mark.parametrize(
    ("values", "fault"),
    [({"slate": "a/b"}, "slate is 'a/b'"), ({"formats": ("csv", "mp3")}, "formats has 'mp3'")],
)
def test_nonsense_is_refused(values: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        TakeSettings(**values)


def test_wishes_gather_what_was_asked() -> None:
    wishes = Wishes()
    for action in (SetMirror(True), Calibrate(), Recentre(), Calibrate(), SetPaused(True), Quit()):
        wishes = wishes.after(action)
    assert wishes == Wishes(mirror=True, paused=True, rests=2, centres=1)
    assert wishes.after(SetRecording(True)).recording
