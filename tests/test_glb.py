"""GLB takes: what is in them, in time, in the Khronos validator, after a kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.recordings import glb_file, open_recording
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import FaceState
from engine.errors import RecordingError
from engine.geometry import matrix_from_quaternion
from models.heads.free import load_free_head
from tests.exported_head import face_quads
from tests.gltf import Gltf
from tests.states import T0, face, random_face

ROOT = Path(__file__).parents[1]


def recorded(path: Path, *states: FaceState) -> Gltf:
    with open_recording(path) as recording:
        for state in states:
            recording.write(state)
        assert recording.rows == len(states)
    return Gltf(path)


def test_keys_have_the_states_own_times(tmp_path: Path) -> None:
    times = (900.0, 900.0 + 1 / 60, 900.05, 901.5, 900.0 + 3600.0)
    glb = recorded(tmp_path / "take.glb", *(face(timestamp=t) for t in times))
    keyed, _ = glb.keys("face", "weights")
    assert keyed.tolist() == pytest.approx([0.0, 1 / 60, 0.05, 1.5, 3600.0], abs=1e-6)


def test_times_grow_though_the_clock_stands_still_or_goes_back(tmp_path: Path) -> None:
    times = (5.0, 5.5, 5.5, 5.2, np.nan, 6.0)
    glb = recorded(tmp_path / "take.glb", *(face(timestamp=t) for t in times))
    keyed, _ = glb.keys("head", "rotation")
    assert (np.diff(keyed) > 0).all()
    assert keyed.tolist() == pytest.approx([0.0, 0.5, 0.5, 0.5, 0.5, 1.0], abs=1e-6)


def test_every_value_of_a_state_is_in_its_key(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    states = [random_face(rng, timestamp=i / 30) for i in range(3)]
    glb = recorded(tmp_path / "take.glb", *states)
    weights, positions = (
        glb.keys(*channel)[1] for channel in (("face", "weights"), ("head", "translation"))
    )
    _, rotations = glb.keys("head", "rotation")
    for state, key in zip(states, weights, strict=True):
        assert key == pytest.approx(state.weights, abs=1e-6)
    for state, key in zip(states, positions, strict=True):
        assert key == pytest.approx(state.head_position, abs=1e-6)
    for state, key in zip(states, rotations, strict=True):
        assert abs(float(key @ state.head_rotation)) == pytest.approx(1.0, abs=1e-6)


def test_head_turns_as_the_reference_vector(tmp_path: Path) -> None:
    glb = recorded(tmp_path / "take.glb", face(rotation=T0))
    # protocols.md §0: pitch 10°, yaw 20°, roll 5°
    expected = (0.093296, 0.169079, 0.027673, 0.980787)
    assert glb.keys("head", "rotation")[1][0] == pytest.approx(expected, abs=1e-6)


def test_each_eye_looks_where_its_gaze_says(tmp_path: Path) -> None:
    glb = recorded(tmp_path / "take.glb", face(gaze=[[0.3, 0.0], [0.0, 0.2]]))
    ahead = np.array([0.0, 0.0, 1.0])
    for name, expected in (
        ("eye_left", [np.sin(0.3), 0.0, np.cos(0.3)]),  # to the person's left
        ("eye_right", [0.0, -np.sin(0.2), np.cos(0.2)]),  # down
    ):
        turn = matrix_from_quaternion(glb.keys(name, "rotation")[1][0].astype(float))
        assert turn @ ahead == pytest.approx(expected, abs=1e-6)
    left, right = (
        next(node for node in glb.document["nodes"] if node["name"] == name)["translation"]
        for name in ("eye_left", "eye_right")
    )
    assert left[0] > 0.03 and right[0] < -0.03


def test_states_without_a_face_have_keys_too(tmp_path: Path) -> None:
    states = [face(timestamp=i / 30, tracked=i < 2, jawOpen=0.5 - i / 10) for i in range(5)]
    _, weights = recorded(tmp_path / "take.glb", *states).keys("face", "weights")
    assert weights[:, INDEX["jawOpen"]] == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1])


def test_rotations_keep_to_the_near_side(tmp_path: Path) -> None:
    states = [face(timestamp=0.0, rotation=T0), face(timestamp=0.1, rotation=-T0)]
    _, rotations = recorded(tmp_path / "take.glb", *states).keys("head", "rotation")
    assert rotations[0] == pytest.approx(rotations[1])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 7.0, -7.0])
def test_importers_never_meet_impossible_numbers(bad: float, tmp_path: Path) -> None:
    state = face(
        weights=np.full(52, bad),
        rotation=np.full(4, bad),
        position=np.full(3, bad),
        gaze=np.full((2, 2), bad),
    )
    glb = recorded(tmp_path / "take.glb", state)
    weights, rotation, position = (
        glb.keys(*channel)[1]
        for channel in (("face", "weights"), ("head", "rotation"), ("head", "translation"))
    )
    assert weights.min() >= 0.0 and weights.max() <= 1.0
    assert np.linalg.norm(rotation) == pytest.approx(1.0)
    assert np.isfinite(position).all()


def test_morph_targets_are_the_52_actions_of_the_smooth_head(tmp_path: Path) -> None:
    glb = recorded(tmp_path / "take.glb", face())
    mesh = glb.mesh("face")
    assert mesh["extras"]["targetNames"] == list(BLENDSHAPES)
    head = load_free_head().subdivided()
    face_vertices = np.unique(face_quads(head))
    for primitive in mesh["primitives"]:
        assert len(primitive["targets"]) == 52
    targets = mesh["primitives"][0]["targets"]
    positions = glb.accessor(mesh["primitives"][0]["attributes"]["POSITION"])
    assert positions.tolist() == head.positions[face_vertices].tolist()
    for action, target in enumerate(targets):
        expected = head.actions.blend(np.eye(52)[action], len(head.positions))[face_vertices]
        assert glb.accessor(target["POSITION"]) == pytest.approx(expected, abs=3e-5)


def test_all_quads_but_eyes_and_ends_of_lashes_are_drawn_once(tmp_path: Path) -> None:
    glb = recorded(tmp_path / "take.glb", face())
    head = load_free_head().subdivided()
    primitives = glb.mesh("face")["primitives"]
    triangles = [glb.accessor(primitive["indices"]).reshape(-1, 3) for primitive in primitives]
    assert sum(map(len, triangles)) == 2 * len(face_quads(head))
    materials = [glb.document["materials"][p["material"]]["name"] for p in primitives]
    assert materials == ["skin", "lips", "teeth", "gums", "tongue", "lashes", "shirt"]


def test_lashes_are_a_dark_line_and_teeth_are_warm_and_dull(tmp_path: Path) -> None:
    """A half transparent strip was a grey rim round the eyes, shining teeth mirrored grey."""
    glb = recorded(tmp_path / "take.glb", face())
    looks = {one["name"]: one["pbrMetallicRoughness"] for one in glb.document["materials"]}
    assert looks["lashes"]["baseColorFactor"][3] > 0.8
    red, _, blue, _ = looks["teeth"]["baseColorFactor"]
    assert red > 1.4 * blue and looks["teeth"]["roughnessFactor"] >= 0.5
    lashes = glb.mesh("face")["primitives"][5]
    positions = glb.accessor(lashes["attributes"]["POSITION"])
    drawn = positions[np.unique(glb.accessor(lashes["indices"]))]
    head = load_free_head().subdivided()
    for center in head.eye_centers:
        near = drawn[np.abs(drawn[:, 0] - center[0]) < 0.03]
        reach = np.linalg.norm(near - center, axis=1) - head.eye_radius
        assert reach.max() < 0.007


def test_eyeballs_are_closed_and_face_outwards(tmp_path: Path) -> None:
    glb = recorded(tmp_path / "take.glb", face())
    primitives = glb.mesh("eye_left")["primitives"]
    positions = glb.accessor(primitives[0]["attributes"]["POSITION"]).astype(float)
    triangles = np.concatenate([glb.accessor(p["indices"]).reshape(-1, 3) for p in primitives])
    a, b, c = (positions[triangles[:, i]] for i in range(3))
    volume = float((a * np.cross(b, c)).sum() / 6)
    ball = 4 / 3 * np.pi * load_free_head().eye_radius ** 3
    assert 0.95 * ball < volume < ball
    sides = {(int(t[i]), int(t[i - 2])) for t in triangles for i in range(3)}
    assert all((second, first) in sides for first, second in sides)


def test_the_file_says_that_the_head_is_free(tmp_path: Path) -> None:
    assert "CC0" in recorded(tmp_path / "take.glb", face()).document["asset"]["copyright"]


def test_bust_stays_upright_and_meets_the_head_in_the_neck(tmp_path: Path) -> None:
    glb = recorded(tmp_path / "take.glb", face(rotation=T0, position=(0.1, 0.2, -0.6)))
    pivot = load_free_head().neck_pivot
    in_head = matrix_from_quaternion(T0) @ pivot + (0.1, 0.2, -0.6)
    assert glb.keys("bust", "translation")[1][0] + pivot == pytest.approx(in_head, abs=1e-6)


def test_the_file_is_whole_after_each_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glb_file, "FIRST_ROOM", 2)
    path = tmp_path / "take.glb"
    rng = np.random.default_rng(2)
    states = [random_face(rng, timestamp=i / 30) for i in range(7)]
    with open_recording(path) as recording:
        for count, state in enumerate(states, start=1):
            recording.write(state)
            times, weights = Gltf(path).keys("face", "weights")
            assert times == pytest.approx(np.arange(count) / 30)
            assert weights == pytest.approx(np.stack([s.weights for s in states[:count]]))
    assert [entry.name for entry in tmp_path.iterdir()] == ["take.glb"]


def test_bytes_do_not_depend_on_how_the_file_grew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    states = [random_face(rng, timestamp=i / 30) for i in range(9)]
    recorded(tmp_path / "once.glb", *states)
    monkeypatch.setattr(glb_file, "FIRST_ROOM", 1)
    recorded(tmp_path / "often.glb", *states)
    assert (tmp_path / "once.glb").read_bytes() == (tmp_path / "often.glb").read_bytes()


_WRITER = """
import sys
from pathlib import Path
import numpy as np
from app.recordings import glb_file, open_recording
from engine.errors import RecordingError
from tests.states import face
glb_file.FIRST_ROOM = 8
recording = open_recording(Path({path!r}))
def write():
    row = recording.rows
    recording.write(face(timestamp=row / 64, weights=np.full(52, row % 64 / 64)))
{then}
"""


def _start_writer(path: Path, then: str) -> subprocess.Popen[str]:
    script = _WRITER.format(path=str(path), then=then)
    return subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("enough", [1, 50, 1000, 1500])
def test_every_key_survives_kill_9(enough: int, tmp_path: Path) -> None:
    path = tmp_path / "take.glb"
    writer = _start_writer(path, "while True: write(); print(recording.rows, flush=True)")
    assert writer.stdout is not None
    reported = 0
    while reported < enough:
        reported = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest, _ = writer.communicate(timeout=10)
    whole = [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    times, weights = Gltf(path).keys("face", "weights")
    assert len(times) >= max([reported, *whole])
    assert times.tolist() == (np.arange(len(times)) / 64).tolist()
    assert weights[:, 51].tolist() == (np.arange(len(times)) % 64 / 64).tolist()


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_full_disk_is_one_line_and_leaves_whole_keys(tmp_path: Path) -> None:
    """A limit on the file's size behaves as a full disk."""
    path = tmp_path / "take.glb"
    writer = _start_writer(
        path,
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "for i in range(8): write()\n"
        f"limit = Path({str(path)!r}).stat().st_size + 2000\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
        "try:\n    while True: write()\n"
        "except RecordingError as error: print(recording.rows); print(error)\n"
        "recording.close()",
    )
    output, _ = writer.communicate(timeout=20)
    rows, message = output.splitlines()
    assert message.startswith(f"cannot go on recording to {path}: File too large")
    assert 8 <= int(rows) == len(Gltf(path).keys("head", "rotation")[0])
    assert [entry.name for entry in tmp_path.iterdir()] == ["take.glb"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device of Linux")
def test_a_device_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "take.glb"
    path.symlink_to("/dev/full")
    with pytest.raises(RecordingError, match="it is no file"):
        open_recording(path)
    assert path.is_char_device()


_NODE_MODULES = Path(os.environ.get("MIEN_NODE_MODULES", "node_modules"))

_VALIDATE = """
const fs = require("fs");
const bytes = new Uint8Array(fs.readFileSync(process.argv[1]));
require("gltf-validator").validateBytes(bytes)
    .then(report => console.log(JSON.stringify(report)));
"""


@pytest.mark.peer
@pytest.mark.skipif(
    not shutil.which("node") or not (_NODE_MODULES / "gltf-validator").is_dir(),
    reason="npm's gltf-validator is missing: set MIEN_NODE_MODULES to the folder that holds it",
)
@pytest.mark.parametrize("closed", [True, False])
def test_khronos_validator_finds_nothing_to_say(closed: bool, tmp_path: Path) -> None:
    path = tmp_path / "take.glb"
    rng = np.random.default_rng(4)
    with open_recording(path) as recording:
        for i in range(20):
            recording.write(random_face(rng, timestamp=i / 30))
        seen = tmp_path / "seen.glb"
        shutil.copy(path, seen)  # as a kill would have left it
    validator = subprocess.run(
        ["node", "-e", _VALIDATE, str(path if closed else seen)],
        env={**os.environ, "NODE_PATH": str(_NODE_MODULES.resolve())},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    report = json.loads(validator.stdout)
    assert report["issues"]["messages"] == []
    assert report["info"]["animationCount"] == 1
    assert report["info"]["hasMorphTargets"] and report["info"]["hasSkins"]
