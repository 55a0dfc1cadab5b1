"""The Blender add-on's own reading and timing, without Blender."""

from __future__ import annotations

import ast
import struct
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from app.outputs.osc import OscEncoder, OscSettings
from app.plugins.blender.make_zip import main, make_zip
from app.plugins.blender.mien_face.channels import (
    BLENDSHAPES,
    HEAD,
    LEFT_EYE,
    NEUTRAL,
    RIGHT_EYE,
    blendshape_of,
    quaternion,
)
from app.plugins.blender.mien_face.parts import PARTS, named_as
from app.plugins.blender.mien_face.stream import LONGEST_TAKE, Stream
from app.plugins.blender.mien_face.take import Take
from app.plugins.blender.mien_face.take_error import TakeError
from app.plugins.blender.mien_face.take_files import read_take
from app.recordings.glb import Glb
from app.recordings.livelink_csv import LiveLinkCsv
from engine import blendshapes
from engine.blendshapes import INDEX, other_side, pascal_case
from engine.data import FaceState
from engine.geometry import quaternion_from_euler
from tests.states import random_face

ADD_ON = Path(__file__).parent.parent / "app" / "plugins" / "blender" / "mien_face"


def row_of(state: FaceState) -> np.ndarray:
    return np.concatenate([state.weights, state.head_rotation, state.gaze.ravel()])


def assert_same(row: object, state: FaceState) -> None:
    """Whichever of two equal quaternions is meant."""
    found, expected = np.array(row), row_of(state)
    head = slice(HEAD, HEAD + 4)
    if found[head] @ expected[head] < 0:
        found[head] *= -1
    np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.fixture
def encoder() -> OscEncoder:
    return OscEncoder(OscSettings())


def test_the_add_on_knows_miens_blendshapes_in_miens_order() -> None:
    assert BLENDSHAPES == blendshapes.BLENDSHAPES


def test_angles_become_the_quaternion_of_the_engine() -> None:
    np.testing.assert_allclose(quaternion(0.1, 0.2, 0.3), quaternion_from_euler(0.1, 0.2, 0.3))


@pytest.mark.parametrize("name", BLENDSHAPES)
def test_every_usual_spelling_of_a_shape_is_known(name: str) -> None:
    spellings = [name, pascal_case(name), f"Face_blendShape.{name}", f"head:{pascal_case(name)}"]
    if other_side(name) != name and not name.startswith(("jawL", "jawR", "mouthLeft", "mouthRi")):
        base = name.removesuffix("Left").removesuffix("Right")
        letter = "L" if name.endswith("Left") else "R"
        spellings += [base + "_" + letter, pascal_case(base) + "_" + letter, f"{base}.{letter}"]
    assert {blendshape_of(spelling) for spelling in spellings} == {INDEX[name]}


@pytest.mark.parametrize("name", ("Basis", "MouthL", "A", "Fcl_MTH_A", "eye", "", "."))
def test_other_shape_keys_are_left_alone(name: str) -> None:
    assert blendshape_of(name) is None


@pytest.mark.parametrize(
    "bones",
    (
        ("Head", "LeftEye", "RightEye"),
        ("mixamorig:Head", "mixamorig:LeftEye", "mixamorig:RightEye"),
        ("J_Bip_C_Head", "J_Adj_L_FaceEye", "J_Adj_R_FaceEye"),
        ("CC_Base_Head", "CC_Base_L_Eye", "CC_Base_R_Eye"),
        ("head", "eye.L", "eye.R"),
        ("DEF-head", "DEF-eye.L", "DEF-eye.R"),
        ("head", "eye_left", "eye_right"),
    ),
)
def test_bones_of_usual_rigs_are_found(bones: tuple[str, ...]) -> None:
    others = ("Hips", "HeadTop_End", "eyelid.L", "forehead", "mixamorig:HeadTop_End", "EyeTarget.R")
    assert tuple(named_as(part, [*others, *bones]) for part in PARTS) == bones


def test_every_number_of_a_datagram_arrives(
    encoder: OscEncoder, random: np.random.Generator
) -> None:
    stream, state = Stream(), random_face(random)
    for datagram in encoder.encode(state):
        stream.read(bytes(datagram), 1.0)
    received = stream.face()
    assert (received.number, received.tracked, received.rate) == (1, True, 1)
    assert_same(received.row, state)


@pytest.mark.parametrize(
    "settings",
    (
        OscSettings(bundled=False),
        OscSettings(compact=True),
        OscSettings(only_changed=True),
        OscSettings(prefix=""),
        OscSettings(prefix="/stage/anna"),
    ),
    ids=("single messages", "compact", "only changed", "no prefix", "long prefix"),
)
def test_all_settings_of_miens_osc_give_one_state_a_frame(
    settings: OscSettings, random: np.random.Generator
) -> None:
    stream, encoder = Stream(), OscEncoder(settings)
    for index in range(5):
        state = random_face(random, timestamp=index / 30)
        for part, datagram in enumerate(encoder.encode(state)):
            stream.read(bytes(datagram), index / 30 + part * 1e-5)
    assert stream.face().number == 5
    assert_same(stream.face().row, state)


def test_a_take_has_a_row_for_each_frame_at_its_arrival(
    encoder: OscEncoder, random: np.random.Generator
) -> None:
    stream, arrivals = Stream(), (10.0, 10.03, 10.08, 10.1)
    states = [random_face(random, timestamp=arrival) for arrival in arrivals]
    stream.begin_take(9.5)
    for state, arrival in zip(states, arrivals, strict=True):
        for part, datagram in enumerate(encoder.encode(state)):
            stream.read(bytes(datagram), arrival + part * 1e-4)
    take = stream.end_take(10.2)
    np.testing.assert_allclose(take.times, [0.0, 0.03, 0.08, 0.1, 0.2], atol=1e-9)
    for row, state in zip(take.rows(), states, strict=False):
        assert_same(row, state)


def test_states_that_arrive_at_once_are_as_many_and_late_changes_are_states_of_their_own() -> None:
    stream = Stream()
    jaw, tongue = (b"/face/jawOpen\0\0\0", b"/face/tongueOut\0")
    number = b",f\0\0\x3f\0\0\0"
    for _ in range(3):
        stream.read(jaw + number, 1.0)
    assert stream.face().number == 3
    stream.read(tongue + number, 1.001)  # the rest of the third
    assert stream.face().number == 3
    stream.read(tongue.replace(b"tongueOut", b"cheekPuff") + number, 1.03)  # only what changed
    assert stream.face().number == 4
    assert (stream.face().rate, stream.face().changes) == (4, 5)


def test_a_take_begins_when_it_was_asked_for_with_the_face_of_then(encoder: OscEncoder) -> None:
    stream = Stream()
    stream.read(b"/face/jawOpen\0\0\0,f\0\0\x3f\0\0\0", 1.0)
    stream.begin_take(2.0)
    stream.read(b"/face/jawOpen\0\0\0,f\0\0\x3f\x80\0\0", 2.5)
    take = stream.end_take(3.0)
    assert take.times == [0.0, 0.5, 1.0]
    assert [row[INDEX["jawOpen"]] for row in take.rows()] == [0.5, 1.0, 1.0]


def test_a_forgotten_take_stops_growing(encoder: OscEncoder) -> None:
    stream = Stream()
    stream.begin_take(0.0)
    for time in (1.0, LONGEST_TAKE + 2.0, LONGEST_TAKE + 3.0):
        stream.read(b"/face/jawOpen\0\0\0,f\0\0\x3f\0\0\0", time)
    assert len(stream.end_take(LONGEST_TAKE + 4.0)) == 2


def test_resampling_keeps_time_and_goes_straight_between_rows() -> None:
    take = Take()
    jaw = INDEX["jawOpen"]
    for time, value in ((5.0, 0.0), (5.1, 1.0), (5.3, 0.0)):
        row = list(NEUTRAL)
        row[jaw] = value
        take.append(time, row)
    even = take.resampled(20.0)
    np.testing.assert_allclose(even.times, np.arange(7) / 20)
    np.testing.assert_allclose(
        [row[jaw] for row in even.rows()], [0, 0.5, 1, 0.75, 0.5, 0.25, 0], atol=1e-6
    )


def test_equal_rotations_of_opposite_sign_do_not_pass_through_the_middle() -> None:
    take = Take()
    turned = quaternion(0.3, 0.2, 0.1)
    for time, sign in ((0.0, 1.0), (1.0, -1.0)):
        take.append(time, [*NEUTRAL[:HEAD], *(sign * n for n in turned), 0, 0, 0, 0])
    np.testing.assert_allclose(take.at(0.5)[HEAD : HEAD + 4], turned, atol=1e-6)


def nested_bundles(count: int) -> bytes:
    inner = b"/face/jawOpen\0\0\0,f\0\0\x3f\0\0\0"
    for _ in range(count):
        inner = b"#bundle\0" + bytes(8) + struct.pack(">i", len(inner)) + inner
    return inner


HOSTILE = (
    nested_bundles(3000),
    b"",
    b"\0",
    b"#bundle\0",
    b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xff",
    b"#bundle\0" + bytes(8) + b"\0\0\0\0" * 100,
    b"#bundle\0" + bytes(8) + b"\x7f\xff\xff\xff" + b"/face/jawOpen\0\0\0,f\0\0\x3f\0\0\0",
    (b"#bundle\0" + bytes(8) + b"\0\0\x10\0") * 300,
    b"/face/jawOpen",
    b"/face/jawOpen\0\0\0,f\0\0\x3f\0",
    b"/face/jawOpen\0\0\0,ffffff\0" + struct.pack(">f", 0.5),
    b"/face/jawOpen\0\0\0,s\0\0half",
    b"/face/jawOpen\0\0\0,f\0\0" + struct.pack(">f", float("nan")),
    b"/face/jawOpen\0\0\0,f\0\0" + struct.pack(">f", float("-inf")),
    b"/face/jawOpen\0\0\0,d\0\0" + struct.pack(">d", float("inf")),
    b"/face/jawOpen\0\0\0,\xff\xfe\0\0\0\0\0\0",
    b"/face/head/quat\0,ffff\0\0\0" + bytes(16),
    b"/face/head/quat\0,dddd\0\0\0" + struct.pack(">4d", 1e308, 1e308, 1e308, 1e308),
    b"/face/\xff\xfe\0\0\0\0,f\0\0\x3f\0\0\0",
)


@pytest.mark.parametrize("datagram", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_datagrams_change_nothing(datagram: bytes) -> None:
    stream = Stream()
    stream.read(datagram, 1.0)
    assert stream.face().row == NEUTRAL


def test_damaged_datagrams_never_raise_and_give_only_numbers_in_range(
    encoder: OscEncoder, random: np.random.Generator
) -> None:
    stream = Stream()
    originals = [bytes(datagram) for datagram in encoder.encode(random_face(random))]
    for index in range(3000):
        damaged = bytearray(originals[index % len(originals)])
        for place in random.integers(0, len(damaged), 3):
            damaged[place] = random.integers(0, 256)
        stream.read(bytes(damaged[: random.integers(0, len(damaged) + 1)]), index / 1000)
    row = np.array(stream.face().row)
    assert np.isfinite(row).all()
    assert (0 <= row[:HEAD]).all()
    assert (row[:HEAD] <= 1).all()
    assert abs(np.linalg.norm(row[HEAD:LEFT_EYE]) - 1) < 1e-6
    assert (np.abs(row[LEFT_EYE:]) <= np.pi).all()


TIMES = (0.0, 0.0333, 0.0667, 0.2, 0.2167, 1.0)


def recorded(path: Path, random: np.random.Generator) -> list[FaceState]:
    states = []
    with (LiveLinkCsv if path.suffix == ".csv" else Glb)(path) as recording:
        for time in TIMES:
            states.append(random_face(random, timestamp=100.0 + time))
            recording.write(states[-1])
    return states


@pytest.mark.parametrize("suffix", (".csv", ".glb"))
def test_miens_takes_are_read_with_every_number_at_its_time(
    suffix: str, tmp_path: Path, random: np.random.Generator
) -> None:
    states = recorded(tmp_path / f"take{suffix}", random)
    take = read_take(tmp_path / f"take{suffix}")
    np.testing.assert_allclose(take.times, TIMES, atol=1e-5)
    for row, state in zip(take.rows(), states, strict=True):
        assert_same(row, state)


def test_the_apps_csv_goes_on_after_midnight_and_knows_columns_by_name(tmp_path: Path) -> None:
    path = tmp_path / "app.csv"
    path.write_text(
        "Timecode,BlendShapeCount,JawRight,JawLeft,HeadPitch,LeftEyeYaw\n"
        "23:59:59:59.000,61,0.25,0.5,0.1,0.2\n"
        "00:00:00:29.000,61,0.25,0.75,0.1,0.2\n"
        "00:00:00:59.5"
    )
    take = read_take(path)
    np.testing.assert_allclose(take.times, [0.0, 0.5])
    row = take.row(1)
    assert (row[INDEX["jawRight"]], row[INDEX["jawLeft"]]) == (0.25, 0.75)
    np.testing.assert_allclose(row[LEFT_EYE], -0.2, atol=1e-6)  # to the person's right
    assert row[HEAD] < 0  # up
    assert row[RIGHT_EYE] == 0.0


@pytest.mark.parametrize(
    "name, content, said",
    (
        ("x.csv", b"a,b\n1,2\n", "no columns Timecode"),
        ("x.csv", b"", "no columns Timecode"),
        ("x.csv", b"Timecode,JawOpen\n", "no rows"),
        ("x.csv", b"Timecode,JawOpen\n00:00:00:00.000,open\n", "line 2 is no row"),
        ("x.csv", b"Timecode,JawOpen\n00:00:00:00.000,nan\n", "line 2 is no row"),
        ("x.csv", b"Timecode,JawOpen\nsoon,0.5\n", "line 2 is no row"),
        ("x.csv", b"\xff\xfe\x00", "no columns Timecode"),
        ("x.glb", b"", "no whole GLB"),
        ("x.glb", b"glTF" + struct.pack("<II", 2, 12), "no whole GLB"),
        ("x.fbx", b"", "expected a .csv or .glb"),
        ("x.csv", None, "No such file"),
    ),
)
def test_what_is_no_take_is_said_in_one_line(
    name: str, content: bytes | None, said: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(TakeError, match=said) as error:
        read_take(tmp_path / name)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_a_damaged_glb_is_a_take_or_one_line(tmp_path: Path, random: np.random.Generator) -> None:
    recorded(tmp_path / "take.glb", random)
    content = (tmp_path / "take.glb").read_bytes()
    start = content.index(b'"animations"')
    for _ in range(30):
        damaged = bytearray(content)
        for place in (*random.integers(0, 2000, 2), *random.integers(start, start + 2000, 2)):
            damaged[place] = random.integers(0, 256)
        (tmp_path / "damaged.glb").write_bytes(damaged)
        try:
            take = read_take(tmp_path / "damaged.glb")
        except TakeError as error:
            assert "\n" not in str(error)
        else:
            assert all(a < b for a, b in pairwise(take.times))


def test_the_zip_is_the_same_from_the_same_files(tmp_path: Path) -> None:
    for name in ("first.zip", "second.zip"):
        make_zip(tmp_path / name)
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "first.zip") as archive:
        names = archive.namelist()
    assert {"mien_face/__init__.py", "mien_face/blender_manifest.toml", "mien_face/LICENSE"} <= set(
        names
    )
    assert all(name.startswith("mien_face/") and "__pycache__" not in name for name in names)


def test_the_zips_program_says_what_went_wrong_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "missing" / "x.zip")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert main([str(tmp_path / "x.zip")]) == 0


@pytest.mark.parametrize("path", sorted(ADD_ON.glob("*.py")), ids=lambda path: path.name)
def test_the_add_on_is_python_3_10_and_needs_nothing_that_blender_lacks(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 10))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            imported.add(str(node.module).partition(".")[0])
    standard = {"array", "bisect", "collections", "csv", "dataclasses", "functools", "io", "json"}
    standard |= {"math", "pathlib", "re", "socket", "struct", "sys", "threading", "time", "typing"}
    blenders = {"bpy", "bpy_extras", "mathutils"}
    assert imported <= standard | blenders | {"__future__"}
