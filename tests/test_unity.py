"""The Unity package, compiled by Mono and run without Unity.

tests/unity has the engine's types with Unity's mathematics, and the program that drives the
package. Without mcs and mono (Debian: mono-mcs, mono-runtime) these tests are skipped.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from app.outputs.osc import OscEncoder, OscSettings
from app.plugins.blender.mien_face.channels import blendshape_of
from engine.blendshapes import BLENDSHAPES, INDEX, pascal_case
from engine.data import FaceState
from engine.geometry import matrix_from_quaternion, quaternion_from_euler
from tests.states import T0, face, random_face
from tests.test_blender_takes import HOSTILE

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "app" / "plugins" / "unity"

T0_IN_UNITY = (0.093296, -0.169079, -0.027673, 0.980787)
"""From the table of edge conversions in our reference of protocols."""

peer = pytest.mark.peer


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, as strictly as Unity 2019.4 compiles it (C# 7), warnings being errors."""
    if shutil.which("mcs") is None or shutil.which("mono") is None:
        pytest.skip("mono-mcs or mono-runtime is not installed")
    built = tmp_path_factory.mktemp("unity") / "driver.exe"
    sources = [
        *sorted((PACKAGE / "Runtime").glob("*.cs")),
        *sorted((ROOT / "tests/unity").glob("*.cs")),
    ]
    command = ["mcs", "-langversion:7", "-warn:4", "-warnaserror", f"-out:{built}"]
    done = subprocess.run([*command, *map(str, sources)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    return built


def run(program: Path, command: str, *lines: str) -> list[str]:
    """What it prints when it is told these lines."""
    done = subprocess.run(
        ["mono", str(program), command],
        input="".join(line + "\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def decoded(program: Path, *datagrams: bytes) -> list[np.ndarray]:
    """After each datagram: changes, tracked, weights, head, eyes."""
    lines = run(program, "decode", *(datagram.hex() for datagram in datagrams))
    return [np.array(line.split(), float) for line in lines]


def encoded(state: FaceState, settings: OscSettings = OscSettings()) -> list[bytes]:
    return [bytes(datagram) for datagram in OscEncoder(settings).encode(state)]


@peer
def test_the_package_knows_miens_blendshapes_in_miens_order(program: Path) -> None:
    assert tuple(run(program, "names")) == BLENDSHAPES


@peer
def test_shapes_are_found_in_the_same_spellings_as_in_blender(program: Path) -> None:
    spellings = [*BLENDSHAPES, *map(pascal_case, BLENDSHAPES)]
    spellings += [f"Face.blendShape1.{name}" for name in BLENDSHAPES]
    spellings += [re.sub("(Left|Right)$", lambda m: f"_{m[1][0]}", name) for name in BLENDSHAPES]
    spellings += ["Basis", "MouthL", "jaw_L", "heel", "A", ".", "", "mouthSmile.L", "x:eye_blink_r"]
    found = [int(line) for line in run(program, "spell", *spellings)]
    assert found == [-1 if (n := blendshape_of(s)) is None else n for s in spellings]
    assert found[: len(BLENDSHAPES)] == list(range(len(BLENDSHAPES)))


@peer
@pytest.mark.parametrize(
    "settings",
    (
        OscSettings(),
        OscSettings(bundled=False),
        OscSettings(compact=True),
        OscSettings(prefix=""),
        OscSettings(prefix="/stage/anna"),
    ),
    ids=("default", "single messages", "compact", "no prefix", "long prefix"),
)
def test_every_number_of_miens_datagrams_arrives(
    settings: OscSettings, program: Path, random: np.random.Generator
) -> None:
    state = random_face(random)
    last = decoded(program, *encoded(state, settings))[-1]
    expected = [1, *state.weights, *state.head_rotation, *state.gaze.ravel()]
    np.testing.assert_allclose(last[1:], expected, atol=2e-6)


@peer
def test_hostile_datagrams_change_nothing(program: Path) -> None:
    for values in decoded(program, *HOSTILE):
        assert values.tolist() == [0] * 54 + [0, 0, 0, 1, 0, 0, 0, 0]


@peer
def test_damaged_datagrams_end_nothing_and_give_only_numbers_in_range(
    program: Path, random: np.random.Generator
) -> None:
    originals = encoded(random_face(random))
    damaged = []
    for index in range(1500):
        datagram = bytearray(originals[index % len(originals)])
        for place in random.integers(0, len(datagram), 3):
            datagram[place] = random.integers(0, 256)
        damaged.append(bytes(datagram[: random.integers(0, len(datagram) + 1)]))
    found = np.array(decoded(program, *damaged))
    assert len(found) == len(damaged)
    assert np.isfinite(found).all()
    weights, head, eyes = found[:, 2:54], found[:, 54:58], found[:, 58:]
    assert ((weights >= 0) & (weights <= 1)).all()
    np.testing.assert_allclose(np.linalg.norm(head, axis=1), 1, atol=1e-5)
    assert (np.abs(eyes) <= np.pi + 1e-6).all()


class Character:
    """tests/unity's character, which receives."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._sent = 0
        self.log = self._read()

    def shown(self, state: FaceState) -> np.ndarray:
        """What the engine holds after this state: weights of three meshes, three rotations."""
        for datagram in encoded(state):
            self._socket.send(datagram)
            self._sent += 1
        return self.told(str(self._sent))

    def told(self, line: str) -> np.ndarray:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return np.array(self._read().split(), float)

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._socket.close()
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(timeout=10) == 0


@contextmanager
def character(program: Path, port: int) -> Iterator[Character]:
    with subprocess.Popen(
        ["mono", str(program), "show", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        receiving = Character(process, port)
        try:
            yield receiving
            receiving.close()
        finally:
            process.kill()


WEIGHTS, SECOND, HEAD, LEFT_EYE, RIGHT_EYE = (
    slice(0, 52),
    slice(52, 56),
    slice(57, 61),
    slice(61, 65),
    slice(65, 69),
)
ROOT_ROTATION = matrix_from_quaternion(np.array([0.0, 0.6, 0.0, 0.8]))


def as_unity_shows(rotation: np.ndarray) -> np.ndarray:
    """A rotation matrix of head space in Unity's axes: left is −X there, the front +Z."""
    flip = np.diag([-1.0, 1.0, 1.0])
    turned: np.ndarray = flip @ rotation @ flip
    return turned


@peer
def test_the_face_arrives_on_every_mesh_in_its_own_range(program: Path, free_port: int) -> None:
    weights = np.linspace(0.01, 0.99, 52)
    with character(program, free_port) as receiving:
        assert receiving.log == ""
        values = receiving.shown(face(weights=weights))
    np.testing.assert_allclose(values[WEIGHTS], 100 * weights, rtol=1e-5)
    jaw, left, right = (weights[INDEX[n]] for n in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight"))
    np.testing.assert_allclose(values[SECOND], [jaw, left, 0.0, right], rtol=1e-5)


@peer
def test_head_and_eyes_turn_the_persons_way_however_crooked_the_bones_lie(
    program: Path, free_port: int
) -> None:
    gaze = ((0.3, -0.1), (-0.2, 0.15))
    with character(program, free_port) as receiving:
        rest = receiving.told("rest")
        values = receiving.shown(face(rotation=T0, gaze=gaze))
    head = as_unity_shows(matrix_from_quaternion(T0))
    np.testing.assert_allclose(head, matrix_from_quaternion(np.array(T0_IN_UNITY)), atol=1e-5)
    eyes = [
        head @ as_unity_shows(matrix_from_quaternion(quaternion_from_euler(pitch, yaw, 0)))
        for yaw, pitch in gaze
    ]
    for part, turn in ((HEAD, head), (LEFT_EYE, eyes[0]), (RIGHT_EYE, eyes[1])):
        moved = matrix_from_quaternion(values[part]) @ matrix_from_quaternion(rest[part]).T
        np.testing.assert_allclose(moved, ROOT_ROTATION @ turn @ ROOT_ROTATION.T, atol=1e-5)


@peer
def test_turning_to_the_left_looks_to_the_characters_left(program: Path, free_port: int) -> None:
    with character(program, free_port) as receiving:
        rest = receiving.told("rest")
        values = receiving.shown(face(rotation=quaternion_from_euler(0, 0.5, 0)))
    turn = matrix_from_quaternion(values[HEAD]) @ matrix_from_quaternion(rest[HEAD]).T
    ahead, right = ROOT_ROTATION[:, 2], ROOT_ROTATION[:, 0]
    assert (turn @ ahead) @ right == pytest.approx(-np.sin(0.5), abs=1e-5)


@peer
def test_switched_off_the_bones_rest_and_a_destroyed_mesh_disturbs_nothing(
    program: Path, free_port: int
) -> None:
    with character(program, free_port) as receiving:
        rest = receiving.told("rest")
        receiving.told("destroy")
        values = receiving.shown(face(rotation=T0, jawOpen=0.5))
        assert values[WEIGHTS][INDEX["jawOpen"]] == 50
        assert values[-1] == 1  # receiving
        np.testing.assert_allclose(receiving.told("end")[HEAD], rest[HEAD], atol=1e-6)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind(("127.0.0.1", free_port))


@peer
def test_a_port_that_is_taken_is_told_in_one_line(program: Path, free_port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", free_port))
        process = subprocess.Popen(
            ["mono", str(program), "show", str(free_port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        told = process.communicate("")[0].splitlines()
    assert len(told) == 1
    assert f"cannot listen at port {free_port}" in told[0]


@peer
def test_reading_and_showing_faces_allocates_nothing(
    program: Path, random: np.random.Generator
) -> None:
    # 200000 frames: one object in each would be collected several times.
    (datagram,) = encoded(random_face(random), OscSettings(compact=True))
    collections, highest = run(program, "collections", datagram.hex())
    assert int(collections) == 0
    assert float(highest) > 50


@peer
def test_a_face_is_never_read_half_written(program: Path) -> None:
    datagram = b"/face/blendshapes\0\0\0," + b"f" * 52 + b"\0\0\0" + struct.pack(">52f", *[0] * 52)
    read, torn = run(program, "tearing", datagram.hex())[0].split()
    assert int(read) > 0
    assert int(torn) == 0


def test_every_asset_has_a_meta_file_with_an_id_of_its_own() -> None:
    # Without them Unity passes over what comes from git or an archive.
    assets = [path for path in PACKAGE.rglob("*") if path.suffix != ".meta"]
    ids = [
        re.search(r"^guid: ([0-9a-f]{32})$", path.with_name(path.name + ".meta").read_text(), re.M)
        for path in assets
    ]
    assert all(ids)
    assert len({found[1] for found in ids if found}) == len(assets)
    metas = {path for path in PACKAGE.rglob("*.meta")}
    assert metas == {path.with_name(path.name + ".meta") for path in assets}


def test_the_packages_description_is_what_unity_expects() -> None:
    package = json.loads((PACKAGE / "package.json").read_text("utf-8"))
    assert re.fullmatch(r"com\.[a-z0-9.-]+", package["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
    assert re.fullmatch(r"20\d\d\.\d", package["unity"])
    assembly = json.loads((PACKAGE / "Runtime" / "Mien.Face.asmdef").read_text("utf-8"))
    assert assembly["name"] == "Mien.Face"
    assert (PACKAGE / "LICENSE.md").read_bytes() == (ROOT / "LICENSE").read_bytes()
