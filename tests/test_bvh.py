"""BVH takes: the head in time at a constant rate, whole after each state."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from app.recordings import open_recording
from engine.data import FaceState
from tests.states import T0, face, random_face


@dataclass(frozen=True)
class Motion:
    """values (frames, 6): x, y, z, then degrees of yaw, pitch, roll."""

    frame_time: float
    values: np.ndarray


def read(path: Path) -> Motion:
    """As a program reads it that believes the number of frames."""
    text = path.read_text()
    channels = re.search(r"CHANNELS 6 (.*)", text)
    assert channels is not None
    assert channels[1] == "Xposition Yposition Zposition Yrotation Xrotation Zrotation"
    assert text.count("{") == text.count("}") == 2
    found = re.search(r"\nMOTION\nFrames: +(\d+)\nFrame Time: (\S+)\n", text)
    assert found is not None
    rows = text[found.end() :].splitlines()[: int(found[1])]
    assert len(rows) == int(found[1])
    return Motion(float(found[2]), np.array([[float(n) for n in row.split()] for row in rows]))


def recorded(path: Path, *states: FaceState) -> Motion:
    with open_recording(path) as recording:
        for state in states:
            recording.write(state)
        assert recording.rows == len(states)
    return read(path)


def test_head_turns_by_degrees_and_moves_by_metres(tmp_path: Path) -> None:
    motion = recorded(tmp_path / "take.bvh", face(rotation=T0, position=(0.1, 0.2, -0.6)))
    assert motion.values.tolist() == [pytest.approx([0.1, 0.2, -0.6, 20.0, 10.0, 5.0], abs=1e-5)]


@pytest.mark.parametrize("rate", [24.0, 30.0, 60.0, 120.0])
def test_a_second_stays_a_second_at_any_rate(rate: float, tmp_path: Path) -> None:
    states = [
        face(timestamp=900.0 + i / rate, position=(i / rate, 0.0, 0.0))
        for i in range(int(2 * rate) + 1)
    ]
    motion = recorded(tmp_path / "take.bvh", *states)
    assert motion.frame_time == pytest.approx(1 / 60, rel=1e-8)
    assert len(motion.values) == 121
    assert motion.values[:, 0] == pytest.approx(np.arange(121) / 60, abs=1e-4)


def test_uneven_times_come_out_in_time(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    times = np.concatenate([[0.0], np.cumsum(rng.uniform(0.004, 0.15, 60))])
    states = [face(timestamp=t, position=(t, 0.0, 0.0)) for t in times]
    motion = recorded(tmp_path / "take.bvh", *states)
    frames = np.arange(len(motion.values))
    assert motion.values[:, 0] == pytest.approx(frames / 60, abs=1e-5)
    assert times[-1] - 1 / 60 < frames[-1] / 60 <= times[-1] + 1e-5


def test_head_turns_the_short_way_between_states(tmp_path: Path) -> None:
    states = [face(timestamp=0.0, rotation=T0), face(timestamp=0.5, rotation=-T0)]
    motion = recorded(tmp_path / "take.bvh", *states)
    assert motion.values[:, 3:] == pytest.approx(np.tile([20.0, 10.0, 5.0], (31, 1)), abs=1e-4)


def test_importers_never_meet_a_number_that_is_not_finite(tmp_path: Path) -> None:
    bad = face(timestamp=0.1, rotation=np.full(4, np.nan), position=np.full(3, np.inf))
    motion = recorded(tmp_path / "take.bvh", face(), bad, face(timestamp=np.nan), face())
    assert len(motion.values) == 7
    assert np.isfinite(motion.values).all()


def test_the_file_is_whole_after_each_state(tmp_path: Path) -> None:
    path = tmp_path / "take.bvh"
    rng = np.random.default_rng(6)
    with open_recording(path) as recording:
        for i in range(5):
            recording.write(random_face(rng, timestamp=i / 30))
            assert len(read(path).values) == 1 + 2 * i


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_every_frame_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "take.bvh"
    script = (
        "from pathlib import Path\n"
        "from app.recordings import open_recording\n"
        "from tests.states import face\n"
        f"recording = open_recording(Path({str(path)!r}))\n"
        "while True:\n"
        "    recording.write(face(timestamp=recording.rows / 60))\n"
        "    print(recording.rows, flush=True)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert writer.stdout is not None
    reported = 0
    while reported < 500:
        reported = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=10)
    assert path.read_bytes().endswith(b"\n")
    assert len(read(path).values) >= reported
