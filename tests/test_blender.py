"""The Blender add-on in real Blenders, installed from its zip.

Debian's `blender` (3.4) and PyPI's `bpy` (4.5) in a Python of its own, which MIEN_BPY names. What
is not installed is skipped.
"""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.outputs.osc import OscEncoder, OscSettings
from app.plugins.blender.make_zip import make_zip
from app.recordings.glb import Glb
from app.recordings.livelink_csv import LiveLinkCsv
from engine.blendshapes import BLENDSHAPES, INDEX, pascal_case
from engine.data import FaceState
from engine.geometry import matrix_from_quaternion, quaternion_from_euler
from tests.blender import BLENDERS, Blender, command_of
from tests.states import T0, face, random_face

pytestmark = pytest.mark.peer

# What every test may use inside Blender.
_PRELUDE = """
import bpy, math, sys, time
from mathutils import Matrix, Quaternion, Vector

ADDON = next(name for name in bpy.context.preferences.addons.keys() if name.endswith("mien_face"))
LIVE = sys.modules[ADDON + ".live"].LIVE

def empty():
    LIVE.stop()
    for kind in ("objects", "meshes", "armatures", "shape_keys", "actions"):
        collection = getattr(bpy.data, kind)
        for block in list(collection):
            if kind != "shape_keys":
                collection.remove(block)
    settings = bpy.context.scene.mien
    for name in settings.bl_rna.properties.keys():
        if name not in ("rna_type", "name"):
            settings.property_unset(name)
    bpy.context.scene.render.fps = 24
    bpy.context.scene.frame_set(1)
    return settings

def mesh(name, shapes, parent=None, armature=None):
    data = bpy.data.meshes.new(name)
    data.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    thing = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(thing)
    thing.parent = parent
    if armature is not None:
        thing.modifiers.new("Armature", "ARMATURE").object = armature
    for shape in ("Basis", *shapes) if shapes else ():
        thing.shape_key_add(name=shape)
    return thing

def armature(up=(0, 0, 1), left=(1, 0, 0), eyes=("eye.L", "eye.R"), roll=0.7):
    up, left = Vector(up), Vector(left)
    front = left.cross(up)
    thing = bpy.data.objects.new("rig", bpy.data.armatures.new("rig"))
    bpy.context.collection.objects.link(thing)
    bpy.context.view_layer.objects.active = thing
    bpy.ops.object.mode_set(mode="EDIT")
    def bone(name, head, tail, parent=None):
        made = thing.data.edit_bones.new(name)
        made.head, made.tail, made.roll, made.parent = head, tail, roll, parent
        return made
    root = bone("root", up * 0, up * 1)
    head = bone("head", up * 1.5, up * 1.7 + front * 0.03, root)
    for eye, side in zip(eyes, (1, -1)):
        at = up * 1.6 + left * (0.03 * side) + front * 0.08
        bone(eye, at, at + front * 0.02 + up * 0.003, head)
    bpy.ops.object.mode_set(mode="OBJECT")
    return thing

def turned(thing, bone, direction):
    # Where a direction of the armature goes that the bone takes along.
    bpy.context.view_layer.update()
    posed = thing.pose.bones[bone]
    turn = posed.matrix.to_3x3() @ posed.bone.matrix_local.to_3x3().inverted()
    return list(turn @ Vector(direction))

def arrived(changes):
    deadline = time.monotonic() + 5
    while LIVE._receiver.face().changes < changes:
        assert time.monotonic() < deadline, LIVE.status()
        time.sleep(0.001)

def curves(owner):
    animation = owner.animation_data
    action = animation.action
    slot = getattr(animation, "action_slot", None)
    found = action.fcurves if slot is None else action.layers[0].strips[0].channelbag(slot).fcurves
    return {f"{c.data_path}[{c.array_index}]": [list(k.co) for k in c.keyframe_points]
            for c in found}

def said(operator, **given):
    # The one line of an operator that fails.
    try:
        operator(**given)
    except RuntimeError as error:
        return str(error)
"""


@pytest.fixture(scope="module", params=BLENDERS)
def program(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Blender]:
    """With the add-on installed from its zip: as an extension where there are such."""
    command = command_of(request.param)
    if command is None:
        pytest.skip(f"{request.param} is not installed")
    folder = tmp_path_factory.mktemp(request.param)
    make_zip(folder / "mien_face.zip")
    with Blender(command, folder) as blender:
        blender.run(
            """
import bpy
if bpy.app.version >= (4, 2):
    bpy.ops.extensions.package_install_files(
        filepath=archive, repo="user_default", enable_on_install=True)
else:
    bpy.ops.preferences.addon_install(filepath=archive)
    bpy.ops.preferences.addon_enable(module="mien_face")
""",
            archive=str(folder / "mien_face.zip"),
        )
        blender.run(_PRELUDE)
        yield blender


@pytest.fixture
def blender(program: Blender) -> Iterator[Blender]:
    """With an empty scene, not receiving."""
    program.run("settings = empty()")
    yield program
    assert "Traceback" not in program.log()


class Sender:
    """mien's OSC output at its simplest."""

    def __init__(self, port: int) -> None:
        self._encoder = OscEncoder(OscSettings())
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))

    def send(self, state: FaceState) -> int:
        """How many datagrams it took."""
        datagrams = self._encoder.encode(state)
        for datagram in datagrams:
            self._socket.send(datagram)
        return len(datagrams)

    def send_bytes(self, datagram: bytes) -> None:
        self._socket.send(datagram)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def sender(free_port: int) -> Iterator[Sender]:
    sender = Sender(free_port)
    yield sender
    sender.close()


def show(blender: Blender, sender: Sender, port: int, state: FaceState) -> None:
    """Receive a state and put it on the character."""
    blender.run(
        "settings.port = port\nif not LIVE.is_on: bpy.ops.mien.receive()\n"
        "before = LIVE._receiver.face().changes",
        port=port,
    )
    count = sender.send(state)
    blender.run("arrived(before + count)\nLIVE.tick()", count=count)


def in_blender(vector: Any) -> np.ndarray:
    """From head space to Blender's: left stays X, up becomes Z, the front −Y."""
    x, y, z = vector
    return np.array([x, -z, y])


def test_shape_keys_of_every_spelling_and_of_all_meshes_of_an_armature_move(
    blender: Blender, sender: Sender, free_port: int
) -> None:
    blender.run(
        """
rig = armature()
face = mesh("face", names[:20], parent=rig)
teeth = mesh("teeth", pascal, armature=rig)
mesh("lashes", short, parent=face)
mesh("shoe", ["heel"], parent=rig)
settings.character = rig
""",
        names=list(BLENDSHAPES),
        pascal=[pascal_case(name) for name in BLENDSHAPES],
        short=["eyeBlink_L", "eyeBlink_R", "mouthSmile_R", "jawLeft"],
    )
    weights = np.linspace(0.01, 0.99, 52)
    show(blender, sender, free_port, face(weights=weights))
    values = blender.run("""
result = {name: {block.name: block.value for block in bpy.data.objects[name].data.shape_keys
          .key_blocks} for name in ("face", "teeth", "lashes", "shoe")}""")
    for name, weight in zip(BLENDSHAPES[:20], weights, strict=False):
        assert values["face"][name] == pytest.approx(weight, abs=1e-6)
    for name, weight in zip(BLENDSHAPES, weights, strict=True):
        assert values["teeth"][pascal_case(name)] == pytest.approx(weight, abs=1e-6)
    assert values["lashes"] == pytest.approx(
        {
            "Basis": 0.0,
            "eyeBlink_L": weights[INDEX["eyeBlinkLeft"]],
            "eyeBlink_R": weights[INDEX["eyeBlinkRight"]],
            "mouthSmile_R": weights[INDEX["mouthSmileRight"]],
            "jawLeft": weights[INDEX["jawLeft"]],
        },
        abs=1e-6,
    )
    assert values["shoe"] == {"Basis": 0.0, "heel": 0.0}


def test_the_mesh_that_blender_draws_moves(
    blender: Blender, sender: Sender, free_port: int
) -> None:
    blender.run("""
settings.character = thing = mesh("face", ["jawOpen", "eyeBlinkLeft"])
for number in (1, 2):
    thing.data.shape_keys.key_blocks[number].data[0].co = (0, 0, 10 ** number)
def drawn():
    graph = bpy.context.evaluated_depsgraph_get()
    return thing.evaluated_get(graph).data.vertices[0].co.z
drawn()
""")
    for jaw, blink in ((0.5, 0.25), (0.75, 0.25), (0.75, 0.5)):
        show(blender, sender, free_port, face(jawOpen=jaw, eyeBlinkLeft=blink))
        assert blender.run("result = drawn()") == pytest.approx(10 * jaw + 100 * blink, rel=1e-5)


def test_left_is_left_down_is_down_and_a_tilt_goes_to_the_right_shoulder(
    blender: Blender, sender: Sender, free_port: int
) -> None:
    blender.run("rig = armature()\nsettings.character = rig")
    look = "result = turned(rig, 'head', direction)"
    front, left_side = (0, -1, 0), (1, 0, 0)
    show(blender, sender, free_port, face(rotation=quaternion_from_euler(0, 0.5, 0)))
    assert blender.run(look, direction=front)[0] == pytest.approx(math.sin(0.5), abs=1e-5)
    show(blender, sender, free_port, face(rotation=quaternion_from_euler(0.5, 0, 0)))
    assert blender.run(look, direction=front)[2] == pytest.approx(-math.sin(0.5), abs=1e-5)
    show(blender, sender, free_port, face(rotation=quaternion_from_euler(0, 0, 0.5)))
    # Towards the right shoulder, the left ear rises.
    assert blender.run(look, direction=left_side)[2] == pytest.approx(math.sin(0.5), abs=1e-5)


@pytest.mark.parametrize("mode", ("QUATERNION", "XYZ", "ZXY", "AXIS_ANGLE"))
@pytest.mark.parametrize(
    "up, left",
    (((0, 0, 1), (1, 0, 0)), ((0, 1, 0), (1, 0, 0)), ((0, 0, 1), (-1, 0, 0))),
    ids=("as in Blender", "Y up", "turned round"),
)
def test_bones_turn_as_the_head_whatever_their_roll_axes_and_rotation_mode(
    blender: Blender, sender: Sender, free_port: int, up: Any, left: Any, mode: str
) -> None:
    blender.run(
        """
rig = armature(up, left)
for bone in rig.pose.bones: bone.rotation_mode = mode
settings.character = rig
""",
        up=up,
        left=left,
        mode=mode,
    )
    show(blender, sender, free_port, face(rotation=T0, gaze=((0.2, -0.1), (-0.3, 0.15))))
    axes = np.stack([left, up, np.cross(left, up)], axis=1).astype(float)
    head = matrix_from_quaternion(T0)
    for bone, (yaw, pitch) in (("head", (0, 0)), ("eye.L", (0.2, -0.1)), ("eye.R", (-0.3, 0.15))):
        eye = matrix_from_quaternion(quaternion_from_euler(pitch, yaw, 0))
        for direction in np.eye(3):
            found = blender.run(
                "result = turned(rig, bone, direction)",
                bone=bone,
                direction=(axes @ direction).tolist(),
            )
            np.testing.assert_allclose(found, axes @ head @ eye @ direction, atol=1e-5)


def test_an_objects_own_rotation_stays_and_the_head_turns_on_top(
    blender: Blender, sender: Sender, free_port: int
) -> None:
    blender.run("""
thing = mesh("Head", ["jawOpen"])
thing.rotation_euler = (0, 0, math.radians(90))
settings.character = settings.head_object = thing
""")
    show(blender, sender, free_port, face(rotation=T0))
    own, turned = blender.run("""
bpy.context.view_layer.update()
result = [list(thing.rotation_euler), [list(row) for row in thing.matrix_world.to_3x3()]]""")
    np.testing.assert_allclose(own, [0, 0, math.pi / 2], atol=1e-6)
    # It looks along +X; its left is +Y.
    quarter = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    for direction in np.eye(3):
        head = in_blender(matrix_from_quaternion(T0) @ direction)
        found = np.array(turned) @ in_blender(direction)
        np.testing.assert_allclose(found, quarter @ head, atol=1e-6)


@pytest.mark.parametrize("program", ("bpy",), indirect=True)  # Debian broke its importer of glTF
def test_miens_own_glb_imported_by_blender_is_moved_head_eyes_and_all(
    blender: Blender, sender: Sender, free_port: int, tmp_path: Path
) -> None:
    with Glb(tmp_path / "head.glb") as recording:
        recording.write(face())
    blender.run(
        """
bpy.ops.import_scene.gltf(filepath=path)
for thing in bpy.data.objects: thing.animation_data_clear()
rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
settings.character = next(o for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys)
settings.character.data.shape_keys.animation_data_clear()
def forward(name):
    thing = bpy.data.objects.get(name)
    if thing is None: return turned(rig, name, (0, -1, 0))
    return list((thing.matrix_world.to_3x3() @ Vector((0, -1, 0))).normalized())
""",
        path=str(tmp_path / "head.glb"),
    )
    show(blender, sender, free_port, face(rotation=T0, gaze=((0.4, 0.1), (0.3, 0.2)), jawOpen=0.7))
    found = blender.run("""
bpy.context.view_layer.update()
result = [{n: forward(n) for n in ("head", "eye_left", "eye_right")},
    settings.character.data.shape_keys.key_blocks["jawOpen"].value]""")
    head = matrix_from_quaternion(T0)
    ahead = np.array([0.0, 0.0, 1.0])
    for name, (yaw, pitch) in (("eye_left", (0.4, 0.1)), ("eye_right", (0.3, 0.2))):
        eye = matrix_from_quaternion(quaternion_from_euler(pitch, yaw, 0))
        np.testing.assert_allclose(found[0][name], in_blender(head @ eye @ ahead), atol=1e-4)
    np.testing.assert_allclose(found[0]["head"], in_blender(head @ ahead), atol=1e-4)
    assert found[1] == pytest.approx(0.7)


def test_a_recorded_take_has_a_key_at_each_frame_with_the_value_of_its_time(
    blender: Blender, sender: Sender, free_port: int
) -> None:
    blender.run("""
rig = armature()
thing = mesh("face", ["jawOpen", "eyeBlinkLeft"], parent=rig)
settings.character = thing
bpy.context.scene.frame_set(10)
""")
    show(blender, sender, free_port, face(jawOpen=0.0))
    blender.run("bpy.ops.mien.record()")
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < 0.8:
        sender.send(face(jawOpen=elapsed, rotation=quaternion_from_euler(0, elapsed, 0)))
        time.sleep(0.01)
    blender.run("bpy.ops.mien.record()")
    found = blender.run("result = [curves(thing.data.shape_keys), curves(rig)]")
    jaw = np.array(found[0]['key_blocks["jawOpen"].value[0]'])
    np.testing.assert_array_equal(jaw[:, 0], 10 + np.arange(len(jaw)))
    assert 0.8 * 24 - 1 <= len(jaw) <= 0.8 * 24 + 8
    moving = jaw[2:18]
    slope = np.polyfit(moving[:, 0], moving[:, 1], 1)[0]
    assert slope == pytest.approx(1 / 24, rel=0.1)
    assert set(found[0]) == {f'key_blocks["{n}"].value[0]' for n in ("jawOpen", "eyeBlinkLeft")}
    head = np.stack(
        [np.array(found[1][f'pose.bones["head"].rotation_quaternion[{i}]'])[:, 1] for i in range(4)]
    )
    np.testing.assert_allclose(np.linalg.norm(head, axis=0), 1, atol=1e-5)
    # The head has turned by as many radians as the jaw has opened.
    np.testing.assert_allclose(2 * np.arccos(head[0].clip(-1, 1)), jaw[:, 1], atol=0.02)


TIMES = (0.0, 0.0333, 0.0667, 0.2, 0.2167, 1.0)


@pytest.mark.parametrize("suffix", (".csv", ".glb"))
def test_an_imported_take_keeps_its_keys_and_their_times(
    suffix: str, blender: Blender, tmp_path: Path, random: np.random.Generator
) -> None:
    path = tmp_path / f"take{suffix}"
    states = [random_face(random, timestamp=7.0 + time) for time in TIMES]
    with (LiveLinkCsv if suffix == ".csv" else Glb)(path) as recording:
        for state in states:
            recording.write(state)
    found = blender.run(
        """
rig = armature()
thing = mesh("face", ["JawLeft", "mouthSmile_R"], parent=rig)
settings.character = thing
bpy.ops.mien.import_take(filepath=path, first_frame=5, whole_frames=False)
ahead = []
for key in curves(rig)['pose.bones["head"].rotation_quaternion[0]']:
    bpy.context.scene.frame_set(int(key[0]), subframe=key[0] % 1)
    ahead.append([turned(rig, bone, (0, -1, 0)) for bone in ("head", "eye.L", "eye.R")])
result = [curves(thing.data.shape_keys), ahead]
""",
        path=str(path),
    )
    for name, shape in (("jawLeft", "JawLeft"), ("mouthSmileRight", "mouthSmile_R")):
        keys = np.array(found[0][f'key_blocks["{shape}"].value[0]'])
        np.testing.assert_allclose(keys[:, 0], 5 + 24 * np.array(TIMES), atol=1e-3)
        expected = [state.weights[INDEX[name]] for state in states]
        np.testing.assert_allclose(keys[:, 1], expected, atol=1e-6)
    for state, (head, left_eye, right_eye) in zip(states, found[1], strict=True):
        turn = matrix_from_quaternion(state.head_rotation)
        np.testing.assert_allclose(head, in_blender(turn[:, 2]), atol=2e-3)
        for found_eye, (yaw, pitch) in zip((left_eye, right_eye), state.gaze, strict=True):
            eye = matrix_from_quaternion(quaternion_from_euler(pitch, yaw, 0))
            np.testing.assert_allclose(found_eye, in_blender((turn @ eye)[:, 2]), atol=2e-3)


def test_an_import_on_whole_frames_goes_straight_between_keys_at_the_scenes_rate(
    blender: Blender, tmp_path: Path
) -> None:
    with LiveLinkCsv(tmp_path / "take.csv") as recording:
        recording.write(face(timestamp=0.0, jawOpen=0.0))
        recording.write(face(timestamp=0.5, jawOpen=1.0))
    keys = blender.run(
        """
bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 24, 2
thing = mesh("face", ["jawOpen"])
settings.character = thing
bpy.ops.mien.import_take(filepath=path, first_frame=100)
bpy.context.scene.render.fps_base = 1
result = curves(thing.data.shape_keys)['key_blocks["jawOpen"].value[0]']
""",
        path=str(tmp_path / "take.csv"),
    )
    np.testing.assert_allclose(keys, [(100 + i, i / 6) for i in range(7)], atol=1e-6)


def test_a_second_take_keeps_the_first_and_what_moved_the_body_goes_on(
    blender: Blender, tmp_path: Path
) -> None:
    with LiveLinkCsv(tmp_path / "take.csv") as recording:
        recording.write(face(timestamp=0.0))
        recording.write(face(timestamp=1.0, rotation=quaternion_from_euler(0, 0.4, 0)))
    found = blender.run(
        """
rig = armature()
settings.character = rig
root = rig.pose.bones["root"]
root.rotation_mode = "XYZ"
for frame, angle in ((1, 0.0), (25, 0.6)):
    root.rotation_euler.y = angle
    root.keyframe_insert("rotation_euler", index=1, frame=frame)
for _ in range(2): bpy.ops.mien.import_take(filepath=path, first_frame=1)
bpy.context.scene.frame_set(25)
bpy.context.view_layer.update()
result = [turned(rig, "head", (0, -1, 0)), turned(rig, "root", (0, -1, 0)),
    len(bpy.data.actions), [action.users > 0 for action in bpy.data.actions]]
""",
        path=str(tmp_path / "take.csv"),
    )
    # Seen from above, the body turns by .6 to its left, the head by .4 more.
    np.testing.assert_allclose(found[0], [math.sin(1.0), -math.cos(1.0), 0], atol=1e-3)
    np.testing.assert_allclose(found[1], [math.sin(0.6), -math.cos(0.6), 0], atol=1e-3)
    assert found[2:] == [3, [True] * 3]


def test_errors_are_one_line(blender: Blender, tmp_path: Path, free_port: int) -> None:
    (tmp_path / "bad.csv").write_text("nothing\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", free_port))
        found = blender.run(
            """
settings.port = port
result = [said(bpy.ops.mien.receive), said(bpy.ops.mien.neutral),
    said(bpy.ops.mien.import_take, filepath=path)]
settings.character = mesh("face", ["jawOpen"])
result.append(said(bpy.ops.mien.import_take, filepath=path))
result.append(LIVE.is_on)
""",
            port=free_port,
            path=str(tmp_path / "bad.csv"),
        )
    assert found[4] is False
    for line, told in zip(
        found, ("Cannot listen at port", "No character", "No character", "bad.csv"), strict=False
    ):
        assert told in line
        assert line.strip().count("\n") == 0


def test_hostile_datagrams_move_nothing_and_the_next_face_comes_through(
    blender: Blender, sender: Sender, free_port: int, random: np.random.Generator
) -> None:
    blender.run("settings.character = thing = mesh('face', ['jawOpen'])")
    show(blender, sender, free_port, face(jawOpen=0.25))
    for size in (0, 1, 7, 16, 1400, 9000):
        sender.send_bytes(random.bytes(size))
        sender.send_bytes(b"#bundle\0" + random.bytes(size))
        sender.send_bytes(b"/face/jawOpen\0\0\0,f\0\0\x7f\xc0\0\0"[: size + 4])  # not a number
    read = "result = thing.data.shape_keys.key_blocks['jawOpen'].value"
    assert blender.run("LIVE.tick()\n" + read) == 0.25
    show(blender, sender, free_port, face(jawOpen=0.75))
    assert blender.run(read) == 0.75


def test_the_state_is_told(blender: Blender, sender: Sender, free_port: int) -> None:
    status = "result = LIVE.status()"
    assert blender.run(status) == "Not receiving"
    blender.run("settings.port = port\nbpy.ops.mien.receive()", port=free_port)
    assert blender.run(status) == f"Nothing has arrived at port {free_port}"
    show(blender, sender, free_port, face())
    assert blender.run(status) == "Receiving, 1 a second"
    show(blender, sender, free_port, face(tracked=False))
    assert blender.run(status) == "mien sees no face"


def test_undo_deletion_and_another_file_do_not_disturb_receiving(
    blender: Blender, sender: Sender, free_port: int
) -> None:
    blender.run("settings.character = thing = mesh('face', ['jawOpen'])")
    show(blender, sender, free_port, face(jawOpen=0.25))
    blender.run("bpy.data.objects.remove(thing)")
    show(blender, sender, free_port, face(jawOpen=0.5))
    blender.run("bpy.ops.wm.read_homefile(use_empty=True)\nsettings = bpy.context.scene.mien")
    show(blender, sender, free_port, face(jawOpen=0.75))
    blender.run("settings.character = thing = mesh('other', ['jawOpen'])")
    show(blender, sender, free_port, face(jawOpen=1.0))
    assert blender.run("result = thing.data.shape_keys.key_blocks['jawOpen'].value") == 1.0


def test_disabling_leaves_nothing_behind(blender: Blender, sender: Sender, free_port: int) -> None:
    blender.run("settings.character = thing = mesh('face', ['jawOpen'])")
    show(blender, sender, free_port, face(jawOpen=0.25))
    found = blender.run("""
import threading
every = [getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers)]
handlers = lambda: sum(len(h) for h in every if isinstance(h, list))
tick, before = LIVE._timer, handlers()
was = bpy.app.timers.is_registered(tick)
bpy.ops.preferences.addon_disable(module=ADDON)
result = [was, bpy.app.timers.is_registered(tick), [t.name for t in threading.enumerate()],
    hasattr(bpy.types.Scene, "mien"), "mien" in bpy.context.scene.keys(),
    [n for n in dir(bpy.types) if n.lower().startswith("mien")], hasattr(bpy.types, "MIEN_PT_take"),
    handlers() - before, [name for name in sys.modules if "mien_face." in name]]
""")
    assert found == [True, False, ["MainThread"], False, False, [], False, 0, []]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(("127.0.0.1", free_port))
    blender.run("bpy.ops.preferences.addon_enable(module=ADDON)")
    blender.run(_PRELUDE)
