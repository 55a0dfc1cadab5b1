"""GLB takes with FLAME's mesh: whose shape, which joints, and no state lost meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.recordings import open_recording
from app.recordings.glb_flame import LONGEST_WAIT
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import FaceState, FlameCoefficients
from engine.errors import RecordingError
from engine.geometry import matrix_from_quaternion
from engine.retarget import Retarget
from models.heads.correspondence import flame_correspondence
from models.heads.flame import FlameHead
from models.heads.free import load_free_head
from models.heads.mesh import triangles_of
from tests.gltf import Gltf
from tests.states import T0, face, random_face
from tests.test_glb import _NODE_MODULES, _VALIDATE

VERTICES = 5023
EYES = (slice(3900, 4400), slice(4400, 4900))  # made up, as the joints are
SHAPE = np.zeros(300)
SHAPE[0] = 2.0


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of FLAME's schema, as many vertices, at FLAME's places on the free head."""
    random = np.random.default_rng(8)
    free = load_free_head().subdivided()
    places = flame_correspondence().places
    template = places.on(free.positions.astype(np.float64), triangles_of(free.quads))
    template += np.array([0.0, -0.03, 0.02]) + random.normal(0, 1e-4, template.shape)
    skin = np.zeros((VERTICES, 5))
    skin[:, 1], skin[:, 2], skin[:300, 0] = 0.6, 0.4, 1.0
    regressor = np.zeros((5, VERTICES))
    regressor[:3, :300] = 1 / 300
    for i, eye in enumerate(EYES):
        skin[eye] = np.eye(5)[3 + i]
        regressor[3 + i, eye] = 1 / 500
    skin /= skin.sum(axis=1, keepdims=True)
    corners = np.arange(VERTICES - 2)
    folder = tmp_path_factory.mktemp("models")
    np.savez(
        folder / "flame.npz",
        template=template,
        faces=np.stack([corners, corners + 1, corners + 2], axis=1).astype(np.int32),
        shape_basis=random.normal(0, 1e-3, (VERTICES, 3, 300)).astype(np.float32),
        expression_basis=np.zeros((VERTICES, 3, 100), np.float32),
        pose_basis=np.zeros((VERTICES, 3, 36), np.float32),
        joint_regressor=regressor,
        parents=np.array([-1, 0, 1, 1, 1]),
        skin_weights=skin,
    )
    return folder


def flame(shape: NDArray[np.float64]) -> FlameCoefficients:
    still = np.zeros(3)
    return FlameCoefficients(shape, np.zeros(100), still, still, still, np.zeros(2), still)


def known(state: FaceState, shape: NDArray[np.float64] = SHAPE) -> FaceState:
    return replace(state, coefficients=flame(shape))


def recorded(path: Path, models: Path, *states: FaceState) -> Gltf:
    with open_recording(path, flame=models) as recording:
        for count, state in enumerate(states, start=1):
            recording.write(state)
            assert recording.rows == count
    return Gltf(path)


def positions(glb: Gltf) -> NDArray[np.float64]:
    return glb.accessor(glb.mesh("face")["primitives"][0]["attributes"]["POSITION"])


def test_the_mesh_is_the_persons_about_the_middle_of_their_eyes(
    models: Path, tmp_path: Path
) -> None:
    states = [known(face(timestamp=i / 30)) for i in range(3)]
    glb = recorded(tmp_path / "take.glb", models, *states)
    head = FlameHead.load(models)
    vertices, joints = head.vertices(flame(SHAPE)), head.joints(flame(SHAPE))
    assert np.abs(positions(glb) - (vertices - joints[3:].mean(axis=0))).max() < 1e-6
    centers = [
        next(node for node in glb.document["nodes"] if node["name"] == name)["translation"]
        for name in ("eye_left", "eye_right")
    ]
    assert np.sum(centers, axis=0) == pytest.approx(np.zeros(3), abs=1e-6)


def test_targets_are_what_the_weights_were_read_by_but_for_the_eyeballs(
    models: Path, tmp_path: Path
) -> None:
    glb = recorded(tmp_path / "take.glb", models, known(face()), known(face(timestamp=0.1)))
    assert glb.mesh("face")["extras"]["targetNames"] == list(BLENDSHAPES)
    expected = Retarget(FlameHead.load(models)).actions.copy()
    assert np.abs(expected[:, EYES[0]]).max() > 1e-4
    for eye in EYES:
        expected[:, eye] = 0.0
    for primitive in glb.mesh("face")["primitives"]:
        found = np.array([glb.accessor(t["POSITION"]) for t in primitive["targets"]])
        assert np.abs(found - expected).max() < 2.5e-5
    assert np.abs(expected[INDEX["jawOpen"]]).max() > 0.005


def test_the_keys_are_those_of_the_states(models: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(9)
    states = [known(random_face(random, timestamp=5.0 + i / 30)) for i in range(4)]
    glb = recorded(tmp_path / "take.glb", models, *states)
    times, weights = glb.keys("face", "weights")
    assert times == pytest.approx(np.arange(4) / 30, abs=1e-6)
    assert weights == pytest.approx(np.array([state.weights for state in states]), abs=1e-6)
    _, turns = glb.keys("head", "rotation")
    for state, turn in zip(states, turns, strict=True):
        assert abs(float(turn @ state.head_rotation)) == pytest.approx(1.0, abs=1e-6)


def test_the_neck_meets_the_upright_bust(models: Path, tmp_path: Path) -> None:
    state = known(face(rotation=T0, position=(0.1, 0.2, -0.6)))
    glb = recorded(tmp_path / "take.glb", models, state, known(face(timestamp=1.0)))
    joints = FlameHead.load(models).joints(flame(SHAPE))
    pivot = joints[1] - joints[3:].mean(axis=0)
    in_head = matrix_from_quaternion(T0) @ pivot + (0.1, 0.2, -0.6)
    assert glb.keys("bust", "translation")[1][0] + pivot == pytest.approx(in_head, abs=1e-6)


def test_each_vertex_hangs_on_joints_as_in_flame_and_shares_add_up(
    models: Path, tmp_path: Path
) -> None:
    glb = recorded(tmp_path / "take.glb", models, known(face()), known(face(timestamp=0.1)))
    attributes = glb.mesh("face")["primitives"][0]["attributes"]
    shares, joints = glb.accessor(attributes["WEIGHTS_0"]), glb.accessor(attributes["JOINTS_0"])
    assert np.unique(shares.astype(np.int64).sum(axis=1)).tolist() == [255]
    for vertex, joint in ((1000, 1), (EYES[0].start, 2), (EYES[1].start, 3)):
        assert joints[vertex][shares[vertex].argmax()] == joint
        assert shares[vertex].max() == 255


def test_states_before_the_shape_is_known_are_kept(models: Path, tmp_path: Path) -> None:
    changing = [SHAPE * (i + 1) / 3 for i in range(3)]
    states = [face(timestamp=0.0, tracked=False)]
    states += [known(face(timestamp=(i + 1) / 10), shape) for i, shape in enumerate(changing)]
    states += [known(face(timestamp=0.4, jawOpen=0.5), changing[-1])]
    glb = recorded(tmp_path / "take.glb", models, *states)
    assert glb.keys("face", "weights")[0] == pytest.approx(np.arange(5) / 10)
    head = FlameHead.load(models)
    origin = head.joints(flame(SHAPE))[3:].mean(axis=0)
    assert np.abs(positions(glb) - (head.vertices(flame(SHAPE)) - origin)).max() < 1e-6


def test_without_coefficients_it_is_the_average_person(models: Path, tmp_path: Path) -> None:
    """As with the regressor `mediapipe`; the states wait no longer than that."""
    states = [face(timestamp=i * LONGEST_WAIT / 4) for i in range(8)]
    glb = recorded(tmp_path / "take.glb", models, *states)
    assert len(glb.keys("face", "weights")[0]) == 8
    head = FlameHead.load(models)
    origin = head.joints(flame(np.zeros(300)))[3:].mean(axis=0)
    assert np.abs(positions(glb) - (head.template - origin)).max() < 1e-6


def test_without_the_model_it_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="mien models add flame") as caught:
        open_recording(tmp_path / "take.glb", flame=tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_take_without_states_is_empty(models: Path, tmp_path: Path) -> None:
    open_recording(tmp_path / "take.glb", flame=models).close()
    assert (tmp_path / "take.glb").read_bytes() == b""


@pytest.mark.peer
@pytest.mark.skipif(
    not shutil.which("node") or not (_NODE_MODULES / "gltf-validator").is_dir(),
    reason="npm's gltf-validator is missing: set MIEN_NODE_MODULES to the folder that holds it",
)
def test_khronos_validator_finds_nothing_to_say(models: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    path = tmp_path / "take.glb"
    recorded(path, models, *(known(random_face(random, timestamp=i / 30)) for i in range(20)))
    validator = subprocess.run(
        ["node", "-e", _VALIDATE, str(path)],
        env={**os.environ, "NODE_PATH": str(_NODE_MODULES.resolve())},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(validator.stdout)["issues"]["messages"] == []
