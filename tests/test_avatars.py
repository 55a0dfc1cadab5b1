"""What a face moves in an avatar's file, whatever it spells and however it lays out its axes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.recordings import open_recording
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.errors import ModelError
from engine.geometry import (
    IDENTITY_ROTATION,
    Array,
    matrix_from_quaternion,
    quaternion_from_euler,
    slerp,
)
from engine.mirror import mirrored
from models.avatars.avatar import Avatar, load_avatar
from models.avatars.bones import NECK_SHARE
from models.avatars.framing import skinned
from models.avatars.names import arkit_name, bone_name, preset_name
from models.heads.free import load_free_head
from tests.avatars import (
    FACE_CENTER,
    PLACES,
    Form,
    as_gltf,
    avatar_bytes,
    glb,
    offsets_of,
    parts,
    write_avatar,
)
from tests.states import face, random_face

FORMS: tuple[Form, ...] = ("glTF", "VRM 0.x", "VRM 1.0")
CALM = np.zeros(len(BLENDSHAPES))
AHEAD = np.zeros((2, 2))
EYES = np.array([0.0, 1.6, 0.07])  # of the small avatar, metres: in the origin of the world
EYE_DEPTH = np.array([0.0, 0.0, 0.012])
FACE_VERTICES = 108


def weights(**given: float) -> Array:
    values = CALM.copy()
    for name, weight in given.items():
        values[INDEX[name]] = weight
    return values


def vertices(
    avatar: Avatar,
    weights: Array = CALM,
    rotation: Array = IDENTITY_ROTATION,
    gaze: Array = AHEAD,
) -> Array:
    """(V, 3) world metres: what the shader computes, in numpy."""
    pose = avatar.posed(weights, rotation, gaze)
    moved = avatar.meshes.vertices.positions.astype(np.float64)
    moves = avatar.offsets
    strength = pose.targets[moves.targets, None]
    np.add.at(moved, moves.vertices, strength * moves.positions)
    morphed = type(avatar.meshes.vertices)(
        moved.astype(np.float32),
        avatar.meshes.vertices.normals,
        avatar.meshes.vertices.coordinates,
        avatar.meshes.vertices.colors,
        avatar.meshes.vertices.joints,
        avatar.meshes.vertices.weights,
    )
    return skinned(morphed, pose.joints.astype(np.float64))


def open_bytes(content: bytes, folder: Path, name: str = "a.glb") -> Avatar:
    path = folder / name
    path.write_bytes(content)
    return load_avatar(path)


@pytest.mark.parametrize(
    "spelled",
    [
        "eyeBlinkLeft",
        "EyeBlinkLeft",
        "eyeBlink_L",
        "eyeBlink.L",
        "EYE_BLINK_LEFT",
        "blendShape1.eyeBlink_L",
        "Face.eyeBlinkLeft",
    ],
)
def test_a_shape_is_known_in_any_of_the_usual_spellings(spelled: str) -> None:
    assert arkit_name(spelled) == "eyeBlinkLeft"
    assert arkit_name(spelled.replace("EFT", "IGHT").replace("eft", "ight").replace("L", "R")) in (
        "eyeBlinkRight",
        None if "LINK" in spelled else "eyeBlinkRight",
    )


def test_all_52_are_known_as_perfect_sync_and_with_sides_as_letters() -> None:
    for name in BLENDSHAPES:
        short = name.replace("Left", "_L").replace("Right", "_R")
        assert arkit_name(name[0].upper() + name[1:]) == arkit_name(short) == name
    assert arkit_name("Fcl_MTH_A") is None and arkit_name("Hat") is None
    assert preset_name("Fcl_MTH_A") == preset_name("A") == preset_name("viseme_aa") == "aa"


@pytest.mark.parametrize(
    ("spelled", "bone"),
    [
        ("Head", "head"),
        ("mixamorig:Head", "head"),
        ("J_Bip_C_Head", "head"),
        ("J_Adj_L_FaceEye", "leftEye"),
        ("LeftEye", "leftEye"),
        ("eye_left", "leftEye"),
        ("eye.R", "rightEye"),
        ("Eye_R", "rightEye"),
        ("J_Bip_R_UpperArm", "rightUpperArm"),
        ("LeftForeArm", "leftLowerArm"),
        ("HeadTop_End", None),
        ("forehead", None),
    ],
)
def test_a_bone_is_known_by_its_name(spelled: str, bone: str | None) -> None:
    assert bone_name(spelled) == bone


@pytest.mark.parametrize("form", FORMS)
def test_each_of_the_52_moves_what_its_target_moves(form: Form, tmp_path: Path) -> None:
    expressions = "none" if form == "glTF" else "arkit"
    avatar = load_avatar(write_avatar(tmp_path / "a.vrm", form, expressions=expressions))
    assert avatar.drives.arkit == BLENDSHAPES
    calm = vertices(avatar)
    for name in BLENDSHAPES:
        alone = {name: 0.6, "jawOpen": 0.6} if name == "mouthClose" else {name: 0.6}
        moved = vertices(avatar, weights(**alone)) - calm
        expected = 0.6 * sum(offsets_of(each) for each in alone)
        np.testing.assert_allclose(moved[:FACE_VERTICES], expected, atol=1e-6, err_msg=name)
        assert np.abs(moved[FACE_VERTICES:]).max() < 1e-6


@pytest.mark.parametrize("form", FORMS)
def test_the_eyes_are_in_the_origin_and_the_left_eye_is_the_persons_own(
    form: Form, tmp_path: Path
) -> None:
    avatar = load_avatar(write_avatar(tmp_path / "a.glb", form))
    center = vertices(avatar)[:FACE_VERTICES].mean(axis=0)
    np.testing.assert_allclose(center, FACE_CENTER - EYES + EYE_DEPTH, atol=2e-3)
    blink = vertices(avatar, weights(eyeBlinkLeft=1.0)) - vertices(avatar)
    assert vertices(avatar)[np.abs(blink).max(axis=1) > 1e-4, 0].min() > -0.02


def test_both_versions_of_vrm_stand_and_move_alike(tmp_path: Path) -> None:
    one, nil = (
        load_avatar(write_avatar(tmp_path / f"{i}.vrm", form, expressions="arkit", look_at="bone"))
        for i, form in enumerate(("VRM 1.0", "VRM 0.x"))
    )
    state = random_face(np.random.default_rng(5))
    given = (state.weights, state.head_rotation, state.gaze)
    np.testing.assert_allclose(vertices(one, *given), vertices(nil, *given), atol=1e-5)


def test_head_and_neck_share_the_turn(tmp_path: Path) -> None:
    avatar = load_avatar(write_avatar(tmp_path / "a.glb"))
    rotation = quaternion_from_euler(0.2, 0.6, -0.1)
    neck, head = (np.array(PLACES[name]) - EYES + EYE_DEPTH for name in ("neck", "head"))
    eye = np.array(PLACES["leftEye"]) - EYES + EYE_DEPTH
    by_neck = matrix_from_quaternion(slerp(IDENTITY_ROTATION, rotation, NECK_SHARE))
    turned_head = neck + by_neck @ (head - neck)
    expected = turned_head + matrix_from_quaternion(rotation) @ (eye - head)
    ball = slice(FACE_VERTICES, FACE_VERTICES + 40)
    found = vertices(avatar, rotation=rotation)[ball].mean(axis=0)
    resting = vertices(avatar)[ball].mean(axis=0)
    np.testing.assert_allclose(
        found - expected, matrix_from_quaternion(rotation) @ (resting - eye), atol=1e-6
    )


@pytest.mark.parametrize(
    ("yaw", "pitch", "left", "right"),
    [
        (45.0, 0.0, (6.0, 0.0), (4.0, 0.0)),  # the left eye looks outwards, the right one inwards
        (-45.0, 0.0, (-4.0, 0.0), (-6.0, 0.0)),
        (0.0, 45.0, (0.0, 5.0), (0.0, 5.0)),
        (0.0, -90.0, (0.0, -9.0), (0.0, -9.0)),
    ],
)
@pytest.mark.parametrize("form", ["VRM 0.x", "VRM 1.0"])
def test_eye_bones_turn_as_far_as_vrm_lets_them(
    form: Form,
    yaw: float,
    pitch: float,
    left: tuple[float, float],
    right: tuple[float, float],
    tmp_path: Path,
) -> None:
    avatar = load_avatar(write_avatar(tmp_path / "a.vrm", form, look_at="bone"))
    gaze = np.radians([[yaw, pitch], [yaw, pitch]])
    world = avatar.nodes.world(avatar.bones.posed(IDENTITY_ROTATION, gaze), avatar.world_from_file)
    resting = avatar.nodes.world(avatar.bones.rest, avatar.world_from_file)
    assert avatar.bones.eyes is not None
    for node, (turned, lowered) in zip(avatar.bones.eyes, (left, right), strict=True):
        turn = world[node, :3, :3] @ resting[node, :3, :3].T
        expected = quaternion_from_euler(np.radians(lowered), np.radians(turned), 0.0)
        np.testing.assert_allclose(turn, matrix_from_quaternion(expected), atol=1e-9)


def test_without_ranges_the_eyes_turn_as_the_gaze_says(tmp_path: Path) -> None:
    avatar = load_avatar(write_avatar(tmp_path / "a.glb"))
    assert avatar.bones.eyes is not None and avatar.bones.look_at is None
    local = avatar.bones.posed(IDENTITY_ROTATION, np.array([[0.3, 0.1], [0.3, 0.1]]))
    expected = matrix_from_quaternion(quaternion_from_euler(0.1, 0.3, 0.0))
    np.testing.assert_allclose(local[avatar.bones.eyes[0], :3, :3], expected, atol=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_stretched_arms_hang_down(form: Form, tmp_path: Path) -> None:
    avatar = load_avatar(write_avatar(tmp_path / "a.vrm", form))
    elbow = vertices(avatar)[-40:].mean(axis=0)
    shoulder = np.array(PLACES["leftUpperArm"]) - EYES + EYE_DEPTH
    np.testing.assert_allclose(
        elbow - shoulder,
        0.25 * np.array([np.cos(np.radians(70.0)), -np.sin(np.radians(70.0)), 0.0]),
        atol=1e-6,
    )


@pytest.mark.parametrize("form", FORMS)
def test_a_mirrored_state_moves_the_other_side(form: Form, tmp_path: Path) -> None:
    avatar = load_avatar(write_avatar(tmp_path / "a.vrm", form))
    state = face(eyeBlinkLeft=1.0, rotation=quaternion_from_euler(0.0, 0.5, 0.0))
    straight = vertices(avatar, state.weights, state.head_rotation)
    other = mirrored(state)
    flipped = vertices(avatar, other.weights, other.head_rotation) * (-1.0, 1.0, 1.0)
    points, images = (v[:FACE_VERTICES] for v in (straight, flipped))
    distance = np.linalg.norm(points[:, None] - images[None], axis=2).min(axis=1)
    assert distance.max() < 1e-5  # the ball is its own mirror image


@pytest.mark.parametrize("form", ["VRM 0.x", "VRM 1.0"])
def test_presets_stand_in_where_there_is_no_arkit_shape(form: Form, tmp_path: Path) -> None:
    unnamed = [f"shape {i}" for i in range(len(BLENDSHAPES))]
    avatar = load_avatar(
        write_avatar(tmp_path / "a.vrm", form, names=unnamed, expressions="presets")
    )
    assert avatar.drives.arkit == ()
    assert avatar.drives.presets == ("aa", "ou", "blinkLeft", "blinkRight", "happy")
    moved = vertices(avatar, weights(jawOpen=0.5)) - vertices(avatar)
    np.testing.assert_allclose(moved[:FACE_VERTICES], 0.5 * offsets_of("jawOpen"), atol=1e-6)
    moved = vertices(avatar, weights(eyeBlinkRight=1.0)) - vertices(avatar)
    np.testing.assert_allclose(moved[:FACE_VERTICES], offsets_of("eyeBlinkRight"), atol=1e-6)


def test_presets_leave_alone_what_arkit_shapes_move(tmp_path: Path) -> None:
    avatar = load_avatar(write_avatar(tmp_path / "a.vrm", "VRM 1.0", expressions="presets"))
    assert avatar.drives.arkit == BLENDSHAPES and avatar.drives.presets == ()
    moved = vertices(avatar, weights(eyeBlinkLeft=1.0)) - vertices(avatar)
    np.testing.assert_allclose(moved[:FACE_VERTICES], offsets_of("eyeBlinkLeft"), atol=1e-6)


@pytest.mark.parametrize(("overrides", "share"), [("", 1.0), ("none", 1.0), ("blend", 0.2)])
def test_a_smile_that_overrides_blinking_lets_it_fade(
    overrides: str, share: float, tmp_path: Path
) -> None:
    unnamed = [f"shape {i}" for i in range(len(BLENDSHAPES))]
    avatar = load_avatar(
        write_avatar(
            tmp_path / "a.vrm",
            "VRM 1.0",
            names=unnamed,
            expressions="presets",
            overrides=overrides,
        )
    )
    smile = {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8}
    blinked = vertices(avatar, weights(eyeBlinkLeft=1.0, **smile))
    moved = blinked - vertices(avatar, weights(**smile))
    np.testing.assert_allclose(moved[:FACE_VERTICES], share * offsets_of("eyeBlinkLeft"), atol=1e-6)


def test_a_giant_is_shown_in_a_heads_size(tmp_path: Path) -> None:
    small, large = (
        load_avatar(write_avatar(tmp_path / f"{scale}.glb", scale=scale)) for scale in (1.0, 100.0)
    )
    assert small.scale == pytest.approx(1.0)
    top = vertices(large)[:FACE_VERTICES, 1].max()
    assert 0.08 < top < 0.16


def test_a_gltf_with_its_buffer_beside_it_or_within(tmp_path: Path) -> None:
    content = avatar_bytes()
    within = open_bytes(as_gltf(content), tmp_path, "a.gltf")
    document, binary = parts(content)
    (tmp_path / "my buffer.bin").write_bytes(binary)
    document["buffers"][0]["uri"] = "my%20buffer.bin"
    beside = open_bytes(json.dumps(document).encode(), tmp_path, "b.gltf")
    expected = vertices(open_bytes(content, tmp_path))
    np.testing.assert_array_equal(vertices(within), expected)
    np.testing.assert_array_equal(vertices(beside), expected)


def test_our_own_recording_is_an_avatar_that_moves_as_the_head(tmp_path: Path) -> None:
    path = tmp_path / "take.glb"
    with open_recording(path) as recording:
        recording.write(face())
    avatar = load_avatar(path)
    assert avatar.moved == "Avatar take (glTF): 52 of 52 ARKit shapes, head, eyes"
    head = load_free_head().subdivided()
    skin = head.part_vertices("skin")
    given = weights(jawOpen=0.7, mouthSmileLeft=0.5, browInnerUp=0.4)
    expected = head.posed(given)[skin]
    shift = avatar.world_from_file[:3, 3]
    found = vertices(avatar, given)
    distance = np.linalg.norm(
        found[: len(skin) + 4000, None, :][::97] - (expected + shift)[None, :, :], axis=2
    ).min(axis=1)
    assert np.median(distance) < 2e-4


def test_what_moves_is_told_and_what_is_missing(tmp_path: Path) -> None:
    some = load_avatar(write_avatar(tmp_path / "some.glb", names=BLENDSHAPES[:50]))
    assert some.moved == (
        "Avatar some (glTF): 50 of 52 ARKit shapes, head, eyes; missing: noseSneerRight, tongueOut"
    )
    one = load_avatar(write_avatar(tmp_path / "one.vrm", "VRM 1.0", expressions="arkit"))
    assert one.moved == "Avatar Small (VRM 1.0): 52 of 52 ARKit shapes, head, eyes"


def test_parts_of_the_face_that_lack_are_told(tmp_path: Path) -> None:
    head = load_avatar(write_avatar(tmp_path / "head.glb", names=["Hat"]))
    assert head.moved == ("Avatar head (glTF): head, eyes; no face shapes: the face will not move")
    names = [name for name in BLENDSHAPES if name.startswith(("jaw", "eyeLook", "eyeBlink"))]
    content = avatar_bytes(names=[name if name in names else "Hat" for name in BLENDSHAPES])
    assert open_bytes(content, tmp_path, "some.glb").moved == (
        "Avatar some (glTF): 14 of 52 ARKit shapes, head, eyes; missing: mouth (24 of 28 shapes), "
        "lids (4 of 6 shapes), brows, cheeks and nose"
    )
    unnamed = [f"shape {i}" for i in range(len(BLENDSHAPES))]
    path = tmp_path / "a.vrm"
    vrm = load_avatar(write_avatar(path, "VRM 1.0", names=unnamed, expressions="presets"))
    assert vrm.moved == ("Avatar Small (VRM 1.0): 0 of 52 ARKit shapes, 5 VRM presets, head, eyes")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"nodes": [{"name": "head", "mesh": 99}]}, "it points to a piece that is not there"),
        (
            {"extensions": {"VRMC_vrm": {"humanoid": {"humanBones": "head"}}}},
            "a number, text or list where something else should be",
        ),
        ({"extensions": {"VRM": 3}}, "a number, text or list where something else should be"),
        ({"extensions": {"VRM": {}}}, "a piece is missing, or of an unknown kind"),
        ({"skins": [{"joints": [10**6]}]}, "a skin on nodes that are not there"),
    ],
)
def test_what_makes_no_sense_is_told_in_words(
    change: dict[str, object], words: str, tmp_path: Path
) -> None:
    document, binary = parts(avatar_bytes())
    message = refused(glb({**document, **change}, binary), tmp_path)
    assert f"a.glb: damaged or not glTF: {words};" in message and "Export it again" in message
    assert "Error" not in message and "object" not in message


def test_a_description_that_is_no_json_or_of_another_version_is_told(tmp_path: Path) -> None:
    assert "its description is not JSON;" in refused(b'{"asset":', tmp_path, "a.gltf")
    assert "its description is not text;" in refused(b'{"asset\xff":', tmp_path, "a.gltf")
    document, binary = parts(avatar_bytes())
    for version in ("1.0", "3.0", 7):
        other = {**document, "asset": {"version": version}}
        assert f"glTF {version}; expected glTF 2" in refused(glb(other, binary), tmp_path)
    assert open_bytes(glb({**document, "asset": {"version": "2.1"}}, binary), tmp_path).name == "a"


def refused(content: bytes, folder: Path, name: str = "a.glb") -> str:
    with pytest.raises(ModelError) as refusal:
        open_bytes(content, folder, name)
    message = str(refusal.value)
    assert "\n" not in message and str(folder / name) in message
    return message


def test_what_is_no_avatar_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    content = avatar_bytes()
    document, binary = parts(content)
    assert "not a glTF file" in refused(b"\x89PNG\r\n", tmp_path)
    assert "not a glTF file" in refused(b"", tmp_path)
    assert "cut off" in refused(content[: len(content) // 2], tmp_path)
    assert "glTF 1" in refused(b"glTF\x01\0\0\0" + content[8:], tmp_path)
    assert "there is no mesh" in refused(glb({**document, "meshes": []}, binary), tmp_path)
    for name in ("KHR_draco_mesh_compression", "EXT_meshopt_compression"):
        compressed = {**document, "extensionsRequired": [name]}
        assert f"compressed ({name})" in refused(glb(compressed, binary), tmp_path)
    strange = {**document, "extensionsRequired": ["ACME_skin"]}
    assert "requires the extension ACME_skin" in refused(glb(strange, binary), tmp_path)
    headless, _ = parts(avatar_bytes(names=["Hat", "Shoe"]))
    for node in headless["nodes"]:
        node["name"] = "node"
    message = refused(glb(headless, parts(avatar_bytes(names=["Hat", "Shoe"]))[1]), tmp_path)
    assert "no bone called head" in message and "(there are Hat, Shoe)" in message
    outside = {**document, "buffers": [{"byteLength": 4, "uri": "https://example.org/a.bin"}]}
    assert "refers to https://" in refused(glb(outside, binary), tmp_path)
    with pytest.raises(ModelError, match=r"cannot read none\.vrm: No such file"):
        load_avatar(tmp_path / "none.vrm")
    with pytest.raises(ModelError, match="cannot read"):
        load_avatar(tmp_path)


@pytest.mark.parametrize(
    ("accessor", "wrong"),
    [
        (0, {"count": 10**12}),
        (1, {"count": -1}),
        (1, {"count": 1.5}),
        (1, {"count": "many"}),
        (1, {"byteOffset": 10**9}),
        (1, {"byteOffset": -4}),
        (1, {"bufferView": 10**6}),
        (1, {"bufferView": -1}),
        (1, {"componentType": 7}),
        (1, {"type": "VEC5"}),
        (6, {"sparse": {"count": 10**9}}),
    ],
)
def test_absurd_bounds_are_refused(accessor: int, wrong: dict[str, object], tmp_path: Path) -> None:
    document, binary = parts(avatar_bytes())
    document["accessors"][accessor] |= wrong
    assert "damaged" in refused(glb(document, binary), tmp_path)


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ("nodes", [{"name": "head", "children": [0]}]),
        ("nodes", [{"name": "head", "mesh": 99}]),
        ("nodes", "none"),
        ("meshes", [{"primitives": [{"attributes": {}}]}]),
        ("skins", [{"joints": [10**6]}]),
        ("materials", [{"pbrMetallicRoughness": {"baseColorFactor": [1]}}]),
        ("extensions", {"VRM": 3}),
        ("extensions", {"VRMC_vrm": {"humanoid": {"humanBones": {"head": {"node": 10**9}}}}}),
    ],
)
def test_tables_that_make_no_sense_are_refused(table: str, wrong: object, tmp_path: Path) -> None:
    document, binary = parts(avatar_bytes())
    assert "damaged" in refused(glb({**document, table: wrong}, binary), tmp_path)


@pytest.mark.parametrize("form", FORMS)
def test_flipped_bytes_end_in_one_line_or_in_an_avatar(form: Form, tmp_path: Path) -> None:
    content = avatar_bytes(form, names=BLENDSHAPES[:8], look_at="bone" if form != "glTF" else "")
    rng = np.random.default_rng(7)
    ends = {"read": 0, "refused": 0}
    for _ in range(40):
        damaged = bytearray(content)
        for place in rng.integers(12, len(damaged), rng.integers(1, 6)):
            damaged[place] ^= 1 << int(rng.integers(8))
        try:
            avatar = open_bytes(bytes(damaged), tmp_path)
            avatar.posed(CALM, IDENTITY_ROTATION, AHEAD)
            ends["read"] += 1
        except ModelError as error:
            assert "\n" not in str(error)
            ends["refused"] += 1
    assert min(ends.values()) > 0


@pytest.mark.parametrize("form", ["VRM 0.x", "VRM 1.0"])
def test_hair_stays_behind_a_quick_turn_and_comes_after(form: Form, tmp_path: Path) -> None:
    avatar = load_avatar(write_avatar(tmp_path / "a.vrm", form, hair=True))
    swinging = avatar.swinging()
    assert swinging is not None
    turned = quaternion_from_euler(0.0, 0.8, 0.0)
    hair2 = next(
        row for row, n in enumerate(avatar.meshes.joints.nodes) if avatar.nodes.names[n] == "hair2"
    )

    def place(rotation: Array, timestamp: float) -> Array:
        given = {"swinging": swinging, "timestamp": timestamp}
        return avatar.posed(CALM, rotation, AHEAD, **given).joints[hair2, :3, 3]  # type: ignore[arg-type]

    before = place(IDENTITY_ROTATION, 5.0)
    at_once, later, much_later = (place(turned, 5.0 + t) for t in (0.02, 0.3, 0.9))
    rigid = avatar.posed(CALM, turned, AHEAD).joints[hair2, :3, 3]
    assert np.linalg.norm(at_once - rigid) > 0.3 * np.linalg.norm(before - rigid)
    assert np.linalg.norm(much_later - rigid) < np.linalg.norm(at_once - rigid)
    np.testing.assert_array_equal(place(turned, 5.9), place(turned, 5.9))  # no time, no motion
    assert np.linalg.norm(place(turned, 99.0) - rigid) < 1e-6  # after a gap it begins at rest
    assert np.isfinite(later).all()


def test_an_avatar_without_springs_has_nothing_to_swing(tmp_path: Path) -> None:
    for form in FORMS:
        assert load_avatar(write_avatar(tmp_path / "a.vrm", form)).swinging() is None
