"""Takes: what is in them, and that they survive a kill and a full disk."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.recordings import FORMATS, open_recording
from app.recordings.fixed_point import LARGEST, WIDTH, HundredthsTable
from app.recordings.livelink_csv import timecode
from engine.blendshapes import BLENDSHAPES, pascal_case
from engine.data import FaceState
from engine.errors import RecordingError
from tests.states import HAPPY, T0, face, random_face, random_flame

OF_TEXT = (".csv", ".jsonl")  # a row a line

# The first line of files from Epic's app (protocols.md §9.1, order B of §1.1).
HEADER = (
    "Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft,"
    "EyeLookUpLeft,EyeSquintLeft,EyeWideLeft,EyeBlinkRight,EyeLookDownRight,EyeLookInRight,"
    "EyeLookOutRight,EyeLookUpRight,EyeSquintRight,EyeWideRight,JawForward,JawRight,JawLeft,"
    "JawOpen,MouthClose,MouthFunnel,MouthPucker,MouthRight,MouthLeft,MouthSmileLeft,"
    "MouthSmileRight,MouthFrownLeft,MouthFrownRight,MouthDimpleLeft,MouthDimpleRight,"
    "MouthStretchLeft,MouthStretchRight,MouthRollLower,MouthRollUpper,MouthShrugLower,"
    "MouthShrugUpper,MouthPressLeft,MouthPressRight,MouthLowerDownLeft,MouthLowerDownRight,"
    "MouthUpperUpLeft,MouthUpperUpRight,BrowDownLeft,BrowDownRight,BrowInnerUp,BrowOuterUpLeft,"
    "BrowOuterUpRight,CheekPuff,CheekSquintLeft,CheekSquintRight,NoseSneerLeft,NoseSneerRight,"
    "TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,RightEyeYaw,"
    "RightEyePitch,RightEyeRoll"
)


def recorded(path: Path, *states: FaceState) -> list[dict[str, object]]:
    """The rows that another reader finds after these states."""
    with open_recording(path) as recording:
        for state in states:
            recording.write(state)
        assert recording.rows == len(states)
    with path.open(newline="") as file:
        if path.suffix == ".jsonl":
            return [json.loads(line, parse_constant=_refuse) for line in file]
        return list(csv.DictReader(file))


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def test_csv_header_is_that_of_the_app(tmp_path: Path) -> None:
    recorded(tmp_path / "take.csv", face())
    assert (tmp_path / "take.csv").read_bytes().startswith(HEADER.encode() + b"\n00:00:")


@pytest.mark.parametrize("suffix", FORMATS)
def test_take_without_rows_is_empty_and_its_name_free(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"take{suffix}"
    open_recording(path).close()
    assert path.read_bytes() == b""
    with open_recording(path) as recording:
        recording.write(face())
    assert path.stat().st_size > 0


def test_csv_rows_have_61_values_of_ten_decimals_under_their_names(tmp_path: Path) -> None:
    state = random_face(np.random.default_rng(1))
    (row,) = recorded(tmp_path / "take.csv", state)
    assert row["BlendShapeCount"] == "61"
    for name, weight in zip(BLENDSHAPES, state.weights, strict=True):
        assert row[pascal_case(name)] == f"{weight:.10f}"
    assert None not in row and None not in row.values()


def test_csv_angles_are_radians_with_the_apps_signs(tmp_path: Path) -> None:
    gaze = [[0.3, 0.1], [-0.2, -0.05]]
    (row,) = recorded(tmp_path / "take.csv", face(rotation=T0, gaze=gaze))
    expected = {  # protocols.md §0, pitch 10°, yaw 20°, roll 5°
        **{"HeadYaw": 0.349066, "HeadPitch": -0.174533, "HeadRoll": 0.087266},
        **{"LeftEyeYaw": -0.3, "LeftEyePitch": 0.1, "LeftEyeRoll": 0.0},
        **{"RightEyeYaw": 0.2, "RightEyePitch": -0.05, "RightEyeRoll": 0.0},
    }
    assert {name: float(row[name]) for name in expected} == pytest.approx(expected, abs=1e-6)


def test_csv_time_starts_at_zero_and_keeps_uneven_intervals(tmp_path: Path) -> None:
    times = (900.0, 900.0 + 1 / 60, 900.05, 901.5, 900.0 + 3600.0)
    rows = recorded(tmp_path / "take.csv", *(face(timestamp=t) for t in times))
    assert [row["Timecode"] for row in rows] == [
        "00:00:00:00.000",
        "00:00:00:01.000",
        "00:00:00:03.000",
        "00:00:01:30.000",
        "01:00:00:00.000",
    ]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "00:00:00:00.000"),
        (31.652 / 60, "00:00:00:31.652"),
        (59.9999 / 60, "00:00:01:00.000"),
        (59.99, "00:00:59:59.400"),
        (86399.0, "23:59:59:00.000"),
        (86400.5, "00:00:00:30.000"),
        (-0.1, "00:00:00:00.000"),
    ],
)
def test_timecode_counts_sixtieths_and_their_thousandths(seconds: float, expected: str) -> None:
    assert timecode(seconds) == expected


def test_json_line_has_every_field_of_the_state(tmp_path: Path) -> None:
    state = random_face(np.random.default_rng(2), timestamp=12.3456789)
    (line,) = recorded(tmp_path / "take.jsonl", state)
    assert list(line) == list(FaceState.__dataclass_fields__)
    assert line["timestamp"] == pytest.approx(12.345679, abs=1e-9)
    assert line["tracked"] is True
    assert line["confidence"] == 1.0
    assert list(line["weights"]) == list(BLENDSHAPES)
    assert list(line["weights"].values()) == pytest.approx(state.weights, abs=1e-5)
    assert line["head_rotation"] == pytest.approx(state.head_rotation, abs=1e-6)
    assert line["head_position"] == pytest.approx(state.head_position, abs=1e-6)
    assert np.array(line["gaze"]) == pytest.approx(state.gaze, abs=1e-6)
    assert np.array(line["landmarks"]) == pytest.approx(state.landmarks, abs=0.0051)
    assert line["image_size"] == [1280, 720]
    assert [line[name] for name in ("coefficients", "image_from_crop", "emotion")] == [None] * 3


def test_json_line_has_coefficients_and_emotion(tmp_path: Path) -> None:
    flame = random_flame(np.random.default_rng(3))
    crop = np.array([[0.5, 0.0, 10.0], [0.0, 0.5, 20.0]])
    state = replace(face(), coefficients=flame, image_from_crop=crop, emotion=HAPPY)
    (line,) = recorded(tmp_path / "take.jsonl", state)
    assert list(line["coefficients"]) == list(type(flame).__dataclass_fields__)
    for name, values in line["coefficients"].items():
        assert values == pytest.approx(getattr(flame, name), abs=1e-6)
    assert line["image_from_crop"] == crop.tolist()
    assert line["emotion"] == {
        "scores": {"neutral": 0.25, "happy": 0.625, "sad": 0.125},
        "valence": 0.5,
        "arousal": -0.25,
    }


@pytest.mark.parametrize("suffix", OF_TEXT)
def test_states_without_a_face_are_rows_too(suffix: str, tmp_path: Path) -> None:
    states = [face(timestamp=i / 30, tracked=i < 2, jawOpen=0.5 - i / 10) for i in range(5)]
    rows = recorded(tmp_path / f"take{suffix}", *states)
    if suffix == ".jsonl":
        assert [row["tracked"] for row in rows] == [True, True, False, False, False]
        assert [row["landmarks"] for row in rows] == [None] * 5
        weights = [row["weights"]["jawOpen"] for row in rows]
    else:
        weights = [float(row["JawOpen"]) for row in rows]
    assert weights == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1])


@pytest.mark.parametrize("suffix", OF_TEXT)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_readers_never_meet_a_number_that_is_not_finite(
    suffix: str, bad: float, tmp_path: Path
) -> None:
    state = face(
        weights=np.full(52, bad),
        position=np.full(3, bad),
        gaze=np.full((2, 2), bad),
        landmarks=np.full((478, 3), bad),
    )
    (row,) = recorded(tmp_path / f"take{suffix}", state)
    assert not any(word in str(row).lower() for word in ("nan", "inf"))


@pytest.mark.parametrize("suffix", OF_TEXT)
def test_weights_are_clamped(suffix: str, tmp_path: Path) -> None:
    (row,) = recorded(tmp_path / f"take{suffix}", face(jawOpen=1.5, tongueOut=-0.5))
    weights = row.get("weights", row)
    jaw, tongue = ("jawOpen", "tongueOut") if suffix == ".jsonl" else ("JawOpen", "TongueOut")
    assert (float(weights[jaw]), float(weights[tongue])) == (1.0, 0.0)


def test_looked_up_numbers_equal_pythons_formatting() -> None:
    rng = np.random.default_rng(3)
    table = HundredthsTable()
    for scale in (0.02, 1.0, 9.0, 100.0, LARGEST):
        hundredths = np.rint(rng.uniform(-scale, scale, 500) * 100.0)
        expected = [f"{n / 100.0 + 0.0:{WIDTH}.2f}" for n in hundredths]
        assert [bytes(row).decode() for row in table.text(hundredths / 100.0)] == expected


def test_numbers_of_any_size_fit_their_column() -> None:
    text = HundredthsTable().text(np.array([1e300, -1e300, 0.0, -0.004, 0.005, -12.345]))
    words = [bytes(row).decode().strip() for row in text]
    assert words[:4] == ["9999.99", "-9999.99", "0.00", "0.00"]
    assert [float(word) for word in words[4:]] == pytest.approx([0.005, -12.345], abs=0.0051)


def test_unknown_ending_names_the_known_ones(tmp_path: Path) -> None:
    for name in ("take.txt", "take", ".csv"):
        with pytest.raises(RecordingError, match=r"expected \.csv or \.jsonl or \.glb or \.usd or"):
            open_recording(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_ending_may_be_in_capitals(tmp_path: Path) -> None:
    with open_recording(tmp_path / "TAKE.CSV") as recording:
        assert recording.path == tmp_path / "TAKE.CSV"


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_take_is_never_overwritten(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"take{suffix}"
    path.write_text("the best take ever\n")
    with pytest.raises(RecordingError, match="exists already") as caught:
        open_recording(path)
    assert "\n" not in str(caught.value)
    assert path.read_text() == "the best take ever\n"


@pytest.mark.parametrize(
    "place", ["missing/take.csv", "folder.csv", "missing/take.glb", "folder.glb"]
)
def test_a_place_that_cannot_be_written_is_refused_in_one_line(place: str, tmp_path: Path) -> None:
    (tmp_path / Path(place).name).mkdir()
    with pytest.raises(RecordingError, match="cannot record to") as caught:
        open_recording(tmp_path / place)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", FORMATS)
def test_closing_twice_is_once(suffix: str, tmp_path: Path) -> None:
    recording = open_recording(tmp_path / f"take{suffix}")
    recording.close()
    recording.close()


_WRITER = """
from pathlib import Path
import numpy as np
from app.recordings import open_recording
from engine.errors import RecordingError
from tests.states import random_face
rng = np.random.default_rng(7)
states = [random_face(rng, timestamp=i / 60) for i in range(20)]
recording = open_recording(Path({path!r}))
{then}
"""


def _start_writer(path: Path, then: str) -> subprocess.Popen[str]:
    script = _WRITER.format(path=str(path), then=then)
    return subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("suffix", OF_TEXT)
def test_every_row_survives_kill_9(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"take{suffix}"
    writer = _start_writer(
        path,
        "while True:\n    for state in states: recording.write(state)\n"
        "    print(recording.rows, flush=True)",
    )
    assert writer.stdout is not None
    reported = 0
    while reported < 100:
        reported = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=10)
    text = path.read_text()
    assert text.endswith("\n")
    lines = text.splitlines()
    if suffix == ".csv":
        assert lines.pop(0) == HEADER
        assert {line.count(",") for line in lines} == {62}
    else:
        assert all(len(json.loads(line)["landmarks"]) == 478 for line in lines)
    assert len(lines) >= reported


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
@pytest.mark.parametrize("suffix", OF_TEXT)
def test_full_disk_is_one_line_and_leaves_whole_rows(suffix: str, tmp_path: Path) -> None:
    """A limit on the file's size behaves as a full disk: part of a row fits, then an error."""
    path = tmp_path / f"take{suffix}"
    limit = 100_001
    writer = _start_writer(
        path,
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "try:\n    while True:\n        for state in states: recording.write(state)\n"
        "except RecordingError as error:\n    print(recording.rows); print(error)",
    )
    output, _ = writer.communicate(timeout=20)
    rows, message = output.splitlines()
    assert message.startswith(f"cannot go on recording to {path}: File too large")
    text = path.read_text()
    assert text.endswith("\n")
    assert len(text) > limit - 16_000
    assert len(text.splitlines()) == int(rows) + (suffix == ".csv")
    if suffix == ".jsonl":
        assert all(json.loads(line) for line in text.splitlines())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's device that is full")
def test_a_device_without_space_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "take.jsonl"
    path.symlink_to("/dev/full")
    with open_recording(path) as recording:
        with pytest.raises(RecordingError, match="No space left on device"):
            recording.write(face())
        assert recording.rows == 0
