"""Other people's programs read our small avatars, and pose them as we do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from engine.blendshapes import BLENDSHAPES, pascal_case
from engine.geometry import IDENTITY_ROTATION, Array, quaternion_from_euler, slerp
from models.avatars.avatar import load_avatar
from models.avatars.bones import NECK_SHARE
from tests.avatars import Form, write_avatar
from tests.states import random_face
from tests.test_avatars import FACE_VERTICES, FORMS, vertices
from tests.test_glb import _NODE_MODULES, _VALIDATE

EYE_VERTICES = 40
WARNING = 1  # of the validator's severities; 0 is an error

pytestmark = [pytest.mark.peer]


def needs(package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        not shutil.which("node") or not (_NODE_MODULES / package).is_dir(),
        reason=f"npm's {package} is missing: set MIEN_NODE_MODULES to the folder that holds it",
    )


@needs("gltf-validator")
@pytest.mark.parametrize("form", FORMS)
def test_khronos_validator_finds_no_fault_in_our_small_avatars(form: Form, tmp_path: Path) -> None:
    path = write_avatar(tmp_path / "a.glb", form, expressions="arkit", look_at="bone")
    validator = subprocess.run(
        ["node", "-e", _VALIDATE, str(path)],
        env={**os.environ, "NODE_PATH": str(_NODE_MODULES.resolve())},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    messages = json.loads(validator.stdout)["issues"]["messages"]
    named = "INVALID_EXTENSION_NAME_FORMAT"  # "VRM" has no prefix
    faults = [m for m in messages if m["severity"] <= WARNING and m["code"] != named]
    assert faults == []


@needs("@pixiv/three-vrm")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", [1, 2])
def test_three_js_poses_every_vertex_as_we_do(form: Form, seed: int, tmp_path: Path) -> None:
    # as far up as down: three-vrm 3.5 takes the one range for the other
    path = write_avatar(tmp_path / "a.glb", form, expressions="arkit", look_at="bone", up=10.0)
    avatar = load_avatar(path)
    state = random_face(np.random.default_rng(seed))
    weights = state.weights
    weights[BLENDSHAPES.index("mouthClose")] = 0.0
    gaze = np.tile(state.gaze[0], (2, 1))
    found = vertices(avatar, weights, state.head_rotation, gaze)
    file_from_world = np.linalg.inv(avatar.world_from_file)
    ours = found @ file_from_world[:3, :3].T + file_from_world[:3, 3]

    def turn(rotation: Array) -> list[float]:
        """In the file's axes."""
        x, y, z, w = rotation.tolist()
        return [-x, y, -z, w] if form == "VRM 0.x" else [x, y, z, w]

    yaw, pitch = (float(angle) for angle in gaze[0])
    spelled = BLENDSHAPES if form == "glTF" else tuple(pascal_case(n) for n in BLENDSHAPES)
    asked = {
        "shapes": dict(zip(spelled, weights.tolist(), strict=True)),
        "neck": turn(slerp(IDENTITY_ROTATION, state.head_rotation, NECK_SHARE)),
        "head": turn(slerp(IDENTITY_ROTATION, state.head_rotation, 1.0 - NECK_SHARE)),
        "eyes": turn(quaternion_from_euler(pitch, yaw, 0.0)),
        "yaw": np.degrees(yaw),
        "pitch": np.degrees(pitch),
    }
    theirs = _posed_by_three(path, asked, tmp_path)
    expected = np.concatenate([theirs["face"], theirs["leftEye_ball"], theirs["rightEye_ball"]])
    assert len(expected) == FACE_VERTICES + 2 * EYE_VERTICES
    np.testing.assert_allclose(ours[: len(expected)], expected, atol=2e-6)


@needs("@pixiv/three-vrm")
@pytest.mark.parametrize("form", ["VRM 0.x", "VRM 1.0"])
@pytest.mark.parametrize(
    ("steps", "metres"),
    [(1, 5e-5), (12, 1e-3), (90, 5e-5)],  # in full swing three-vrm's second joint lags by a step
)
def test_hair_swings_as_in_three_vrm(form: Form, steps: int, metres: float, tmp_path: Path) -> None:
    path = write_avatar(tmp_path / "a.vrm", form, hair=True)
    avatar = load_avatar(path)
    swinging = avatar.swinging()
    assert swinging is not None
    rotation = quaternion_from_euler(-0.4, 0.7, 0.3)
    calm, ahead = np.zeros(len(BLENDSHAPES)), np.zeros((2, 2))
    avatar.posed(calm, IDENTITY_ROTATION, ahead, swinging=swinging)
    for step in range(steps):
        timestamp = (step + 1) / 60
        pose = avatar.posed(calm, rotation, ahead, swinging=swinging, timestamp=timestamp)
    rows = [j for j, n in enumerate(avatar.meshes.joints.nodes) if avatar.nodes.names[n] == "hair2"]
    ours = np.linalg.inv(avatar.world_from_file) @ pose.joints[rows[0]].astype(np.float64)

    def turn(share: float) -> list[float]:
        x, y, z, w = slerp(IDENTITY_ROTATION, rotation, share).tolist()
        return [-x, y, -z, w] if form == "VRM 0.x" else [x, y, z, w]

    asked = {"shapes": {}, "neck": turn(NECK_SHARE), "head": turn(1.0 - NECK_SHARE)}
    theirs = _posed_by_three(path, {**asked, "steps": steps}, tmp_path)["hair2"]
    ball = avatar.meshes.vertices.positions[-EYE_VERTICES:].astype(np.float64)
    np.testing.assert_allclose(ball @ ours[:3, :3].T + ours[:3, 3], theirs, atol=metres)
    resting = np.linalg.inv(avatar.world_from_file) @ avatar.posed(calm, rotation, ahead).joints[
        rows[0]
    ].astype(np.float64)
    assert np.abs(resting - ours).max() > 1e-3  # it did swing


def _posed_by_three(path: Path, asked: dict[str, object], folder: Path) -> dict[str, Array]:
    (folder / "node_modules").symlink_to(_NODE_MODULES.resolve(), target_is_directory=True)
    script = folder / "avatar.mjs"
    shutil.copy(Path(__file__).parent / "avatar.mjs", script)
    three = subprocess.run(
        ["node", str(script), str(path), json.dumps(asked)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert three.returncode == 0, three.stderr
    return {name: np.array(points) for name, points in json.loads(three.stdout).items()}
