"""NPZ takes: numpy.load reads them at any moment, and every number is in them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from app.recordings import open_recording
from app.recordings.npz import Npz
from app.recordings.takes import Takes, TakeSettings
from engine.data import BfmCoefficients, FaceState, Frame
from engine.errors import RecordingError
from tests.states import HAPPY, face, random_face, random_flame


def states(count: int) -> list[FaceState]:
    """No face, then faces with FLAME's coefficients, then none again."""
    rng = np.random.default_rng(1)
    faces = [
        replace(
            random_face(rng, timestamp=1.0 + i / 30),
            coefficients=random_flame(rng),
            image_from_crop=rng.normal(size=(2, 3)),
            emotion=HAPPY,
        )
        for i in range(count - 2)
    ]
    return [face(timestamp=0.5), *faces, face(timestamp=9.0, jawOpen=0.5)]


def test_every_number_of_every_state_is_there_under_its_name(tmp_path: Path) -> None:
    given = states(6)
    with open_recording(tmp_path / "take.npz") as recording:
        for state in given:
            recording.write(state)
        assert recording.rows == 6
    with zipfile.ZipFile(tmp_path / "take.npz") as archive:
        assert archive.testzip() is None
    with np.load(tmp_path / "take.npz", allow_pickle=False) as take:
        for name in ("timestamp", "tracked", "weights", "head_rotation", "gaze", "image_size"):
            expected = np.array([getattr(state, name) for state in given])
            np.testing.assert_allclose(take[name], expected, rtol=1e-6, atol=1e-7)
        for name in [field.name for field in fields(given[1].coefficients)]:
            expected = np.array([getattr(state.coefficients, name) for state in given[1:-1]])
            np.testing.assert_array_equal(take[name][1:-1], expected)
            assert np.isnan(take[name][[0, -1]]).all()
        np.testing.assert_array_equal(take["image_from_crop"][2], given[2].image_from_crop)
        np.testing.assert_allclose(take["landmarks"][1], given[1].landmarks, rtol=1e-6)
        assert take["valence"][1:-1].tolist() == [0.5] * 4


def test_a_take_without_coefficients_has_all_the_rest(tmp_path: Path) -> None:
    with open_recording(tmp_path / "take.npz") as recording:
        recording.write(random_face(np.random.default_rng(2)))
    with np.load(tmp_path / "take.npz") as take:
        assert "expression" not in take.files
        assert take["weights"].shape == (1, 52)


def test_a_regressor_that_is_changed_during_a_take_leaves_gaps_and_no_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    bfm = BfmCoefficients(*(rng.normal(size=size) for size in (99, 29, 3, 3)))
    with open_recording(tmp_path / "take.npz") as recording:
        recording.write(replace(random_face(rng), coefficients=random_flame(rng)))
        recording.write(replace(random_face(rng), coefficients=bfm))
    with np.load(tmp_path / "take.npz") as take:
        assert np.isnan(take["expression"]).all(axis=1).tolist() == [False, True]


_WRITER = """
import sys
from pathlib import Path
from app.recordings import open_recording
from tests.test_npz import states
recording = open_recording(Path(sys.argv[1]))
while True:
    for state in states(12):
        recording.write(state)
    print(recording.rows, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_after_kill_9_numpy_reads_every_row(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert writer.stdout is not None
    reported = 0
    while reported < 60:
        reported = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=10)
    take = np.load(path, allow_pickle=False)
    assert len(take["expression"]) >= reported
    np.testing.assert_array_equal(take["jaw"][:12], take["jaw"][12:24])


def test_no_room_for_the_zip_leaves_the_whole_take(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    recording = Npz(path)
    for state in states(5):
        recording.write(state)
    (tmp_path / "take.npz.part").mkdir()  # in the way of the new file
    with pytest.raises(RecordingError, match="cannot make a zip") as caught:
        recording.close()
    assert "\n" not in str(caught.value)
    assert np.load(path)["timestamp"].shape == (5,)


def test_a_zip_that_cannot_be_made_leaves_the_other_takes_whole(tmp_path: Path) -> None:
    paths = [tmp_path / "take.npz", tmp_path / "take.jsonl"]
    frame = Frame(np.zeros((4, 4, 3), np.uint8), 0.0, 0.0, 0)
    with Takes(paths, TakeSettings(), tmp_path) as takes:
        for state in states(5):
            takes.write(state, frame)
        (tmp_path / "take.npz.part").mkdir()
    assert takes.failed
    assert len(paths[1].read_text().splitlines()) == 5
