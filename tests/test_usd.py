"""USD takes: what OpenUSD itself reads in them, in time, with its checker, after a kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.recordings import open_recording, usd_file
from app.recordings import usd as usd_recording
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import FaceState
from engine.errors import RecordingError
from engine.geometry import matrix_from_quaternion
from models.heads.free import load_free_head
from tests.exported_head import face_quads
from tests.states import T0, face, random_face

pytestmark = pytest.mark.peer
pytest.importorskip("pxr", reason='OpenUSD is missing: pip install "mien[usd]"')
from pxr import Gf, Usd, UsdGeom, UsdSkel, UsdValidation  # noqa: E402

ROOT = Path(__file__).parents[1]
ENDINGS = (".usd", ".usda", ".usdc")


def recorded(path: Path, *states: FaceState) -> Usd.Stage:
    with open_recording(path) as recording:
        for state in states:
            recording.write(state)
        assert recording.rows == len(states)
    return Usd.Stage.Open(str(path))


def animation(stage: Usd.Stage) -> UsdSkel.Animation:
    skeleton = UsdSkel.BindingAPI(stage.GetPrimAtPath("/rig/skeleton"))
    return UsdSkel.Animation(skeleton.GetAnimationSource())


def seconds(stage: Usd.Stage) -> list[float]:
    codes = animation(stage).GetBlendShapeWeightsAttr().GetTimeSamples()
    return [code / stage.GetTimeCodesPerSecond() for code in codes]


def head_matrix(stage: Usd.Stage, code: float, joint: str = "head") -> np.ndarray:
    """World from joint, (4, 4), columns, as OpenUSD computes it from the animation."""
    cache = UsdSkel.Cache()
    query = cache.GetSkelQuery(UsdSkel.Skeleton(stage.GetPrimAtPath("/rig/skeleton")))
    matrices = query.ComputeJointSkelTransforms(code)
    return np.array(matrices[list(query.GetJointOrder()).index(joint)]).T


def skinned(stage: Usd.Stage, code: float) -> np.ndarray:
    """The face's points (V, 3) in the world, by OpenUSD's own skinning."""
    baked = Usd.Stage.CreateInMemory()
    baked.GetRootLayer().TransferContent(stage.GetRootLayer())
    assert UsdSkel.BakeSkinning(
        UsdSkel.Root(baked.GetPrimAtPath("/rig")), Gf.Interval(code - 0.5, code + 0.5)
    )
    mesh = UsdGeom.Mesh(baked.GetPrimAtPath("/rig/face"))
    return np.array(mesh.GetPointsAttr().Get(code))


@pytest.mark.parametrize("ending", ENDINGS)
def test_keys_have_the_states_own_times(ending: str, tmp_path: Path) -> None:
    times = (900.0, 900.0 + 1 / 60, 900.05, 901.5, 900.0 + 3600.0)
    stage = recorded(tmp_path / f"take{ending}", *(face(timestamp=t) for t in times))
    assert seconds(stage) == pytest.approx([0.0, 1 / 60, 0.05, 1.5, 3600.0], abs=1e-6)
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (0.0, 3600.0 * 60)
    assert [entry.name for entry in tmp_path.iterdir()] == [f"take{ending}"]


def test_a_state_is_a_key_though_the_clock_stands_still(tmp_path: Path) -> None:
    times = (5.0, 5.0, 5.5, 5.5, 5.2, np.nan, 6.0)
    keyed = seconds(recorded(tmp_path / "take.usda", *(face(timestamp=t) for t in times)))
    assert len(keyed) == len(times)
    assert keyed == pytest.approx([0.0, 0.0, 0.5, 0.5, 0.5, 0.5, 1.0], abs=1e-6)


def test_weights_are_read_back_under_their_names(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    states = [random_face(rng, timestamp=i / 30) for i in range(3)]
    stage = recorded(tmp_path / "take.usda", *states)
    found = animation(stage)
    assert list(found.GetBlendShapesAttr().Get()) == list(BLENDSHAPES)
    weights = found.GetBlendShapeWeightsAttr()
    for code, state in zip(weights.GetTimeSamples(), states, strict=True):
        assert np.array(weights.Get(code)) == pytest.approx(state.weights, abs=1e-6)


def test_the_head_is_where_the_state_says(tmp_path: Path) -> None:
    stage = recorded(tmp_path / "take.usda", face(rotation=T0, position=(0.1, 0.2, -0.6)))
    matrix = head_matrix(stage, 0.0)
    assert matrix[:3, :3] == pytest.approx(matrix_from_quaternion(T0), abs=1e-6)
    assert matrix[:3, 3] == pytest.approx((0.1, 0.2, -0.6), abs=1e-6)
    assert UsdGeom.GetStageUpAxis(stage) == "Y" and UsdGeom.GetStageMetersPerUnit(stage) == 1.0


def test_each_eye_looks_where_its_gaze_says(tmp_path: Path) -> None:
    stage = recorded(tmp_path / "take.usda", face(gaze=[[0.3, 0.0], [0.0, 0.2]]))
    for eye, expected in (
        ("eye_left", [np.sin(0.3), 0.0, np.cos(0.3)]),  # to the person's left
        ("eye_right", [0.0, -np.sin(0.2), np.cos(0.2)]),  # down
    ):
        matrix = head_matrix(stage, 0.0, f"head/{eye}")
        assert matrix[:3, :3] @ (0.0, 0.0, 1.0) == pytest.approx(expected, abs=1e-6)
        assert (matrix[0, 3] > 0.03) == (eye == "eye_left")


def test_openusd_bends_the_face_as_the_free_head_does(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    weights = rng.uniform(0.0, 0.5, len(BLENDSHAPES))
    stage = recorded(tmp_path / "take.usda", face(weights=weights, position=(0.1, 0.0, -0.5)))
    head = load_free_head()
    bent = head.positions + head.actions.blend(weights, len(head.positions)) + (0.1, 0.0, -0.5)
    face_vertices = np.unique(face_quads(head))
    assert skinned(stage, 0.0) == pytest.approx(bent[face_vertices], abs=3e-4)


def test_the_bust_stays_upright_and_meets_the_head_in_the_neck(tmp_path: Path) -> None:
    stage = recorded(tmp_path / "take.usda", face(rotation=T0, position=(0.1, 0.2, -0.6)))
    pivot = np.append(load_free_head().neck_pivot, 1.0)
    bust, head = (head_matrix(stage, 0.0, joint) for joint in ("bust", "head"))
    assert bust[:3, :3] == pytest.approx(np.eye(3), abs=1e-6)
    assert bust @ pivot == pytest.approx(head @ pivot, abs=1e-5)


def test_joints_lie_where_blender_can_take_them(tmp_path: Path) -> None:
    """Blender 4.5 crashes on a joint whose children's middle is 1e-15 m away from it, not 0."""
    stage = recorded(tmp_path / "take.usda", face())
    skeleton = UsdSkel.Skeleton(stage.GetPrimAtPath("/rig/skeleton"))
    numbers = np.abs(np.array(skeleton.GetBindTransformsAttr().Get()))
    assert numbers[(numbers > 0.0) & (numbers < 1e-6)].size == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e9, -1e9])
def test_importers_never_meet_impossible_numbers(bad: float, tmp_path: Path) -> None:
    state = face(
        weights=np.full(52, bad),
        rotation=np.full(4, bad),
        position=np.full(3, bad),
        gaze=np.full((2, 2), bad),
    )
    stage = recorded(tmp_path / "take.usda", state)
    weights = np.array(animation(stage).GetBlendShapeWeightsAttr().Get(0.0))
    assert weights.min() >= 0.0 and weights.max() <= 1.0
    assert np.isfinite(head_matrix(stage, 0.0, "head/eye_left")).all()


@pytest.mark.parametrize("ending", [".usda", ".usdc"])
def test_openusds_own_checker_finds_nothing_to_say(ending: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    path = tmp_path / f"take{ending}"
    stage = recorded(path, *(random_face(rng, timestamp=i / 30) for i in range(5)))
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    assert len(validators) > 10
    context = UsdValidation.ValidationContext(validators)
    assert [error.GetMessage() for error in context.Validate(stage)] == []
    stage.GetPrimAtPath("/rig/face").RemoveAppliedSchema("SkelBindingAPI")
    assert context.Validate(stage) != []  # it would have said it


def test_the_file_is_whole_after_each_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usd_file, "FIRST_ROOM", 2)
    path, seen = tmp_path / "take.usda", tmp_path / "seen"
    seen.mkdir()
    rng = np.random.default_rng(4)
    states = [random_face(rng, timestamp=i / 30) for i in range(7)]
    with open_recording(path) as recording:
        for count, state in enumerate(states, start=1):
            recording.write(state)
            copy = seen / f"{count}.usda"
            shutil.copy(path, copy)
            stage = Usd.Stage.Open(str(copy))
            assert seconds(stage) == pytest.approx(np.arange(count) / 30, abs=1e-6)
            assert stage.GetEndTimeCode() == pytest.approx(2 * (count - 1), abs=1e-5)
    shutil.rmtree(seen)
    assert [entry.name for entry in tmp_path.iterdir()] == ["take.usda"]


def test_each_key_has_lines_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "take.usd"
    with open_recording(path) as recording:
        for i in range(3):
            recording.write(face(timestamp=900.0 + i))
    lines = path.read_text(encoding="utf-8").splitlines()
    for second in range(3):
        keys = [line for line in lines if line.startswith(f" {60 * second:14.6f}: ")]
        assert len(keys) == len(usd_recording.ATTRIBUTES)
        assert all(key.rstrip().endswith("],") for key in keys)


def test_bytes_do_not_depend_on_how_the_file_grew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(5)
    states = [random_face(rng, timestamp=i / 30) for i in range(9)]
    recorded(tmp_path / "once.usda", *states)
    monkeypatch.setattr(usd_file, "FIRST_ROOM", 1)
    recorded(tmp_path / "often.usda", *states)
    assert (tmp_path / "once.usda").read_bytes() == (tmp_path / "often.usda").read_bytes()


_WRITER = """
from pathlib import Path
import numpy as np
from app.recordings import open_recording, usd_file
from engine.errors import RecordingError
from tests.states import face
usd_file.FIRST_ROOM = 8
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
@pytest.mark.parametrize(
    ("name", "left", "enough"),
    [
        ("take.usda", "take.usda", 1),
        ("take.usd", "take.usd", 900),
        ("take.usdc", "take.part.usda", 100),
    ],
)
def test_every_key_survives_kill_9(name: str, left: str, enough: int, tmp_path: Path) -> None:
    writer = _start_writer(
        tmp_path / name, "while True: write(); print(recording.rows, flush=True)"
    )
    assert writer.stdout is not None
    reported = 0
    while reported < enough:
        reported = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest, _ = writer.communicate(timeout=10)
    whole = [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    stage = Usd.Stage.Open(str(tmp_path / left))
    times = seconds(stage)
    assert len(times) >= max([reported, *whole])
    assert times == pytest.approx(np.arange(len(times)) / 64, abs=1e-6)
    weights = animation(stage).GetBlendShapeWeightsAttr()
    last = weights.Get(weights.GetTimeSamples()[-1])
    assert last[INDEX["jawOpen"]] == (len(times) - 1) % 64 / 64


def test_half_a_key_is_a_comment(tmp_path: Path) -> None:
    """What a kill leaves that hits within a write."""
    path = tmp_path / "take.usda"
    recording = open_recording(path)
    for i in range(3):
        recording.write(face(timestamp=i / 30, jawOpen=i / 4))
    text = path.read_bytes()
    torn, count = bytearray(text), 0
    for attribute in usd_recording.ATTRIBUTES:
        start = text.index(attribute.declaration.encode() + b".timeSamples = {\n")
        start = text.index(b"\n", start) + 1 + 3 * attribute.line_size
        half = b"#" + text[start - attribute.line_size : start][1:60]
        torn[start : start + len(half)] = half
        count += 1
    recording.close()
    assert count == 3
    (tmp_path / "torn.usda").write_bytes(torn)
    assert len(seconds(Usd.Stage.Open(str(tmp_path / "torn.usda")))) == 3


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_full_disk_is_one_line_and_leaves_whole_keys(tmp_path: Path) -> None:
    """A limit on the file's size behaves as a full disk."""
    path = tmp_path / "take.usda"
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
    assert 8 <= int(rows) == len(seconds(Usd.Stage.Open(str(path))))
    assert [entry.name for entry in tmp_path.iterdir()] == ["take.usda"]


def test_a_take_that_was_killed_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "take.part.usda").write_text("what a kill left")
    with pytest.raises(RecordingError, match=r"take\.part\.usda is a whole take") as caught:
        open_recording(tmp_path / "take.usdc")
    assert "\n" not in str(caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["take.part.usda"]


def test_the_binary_form_without_openusd_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usd_recording, "find_spec", lambda name: None)
    with pytest.raises(RecordingError, match=r'pip install "mien\[usd\]"') as caught:
        open_recording(tmp_path / "take.usdc")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
